"""A proxy before a real Cassandra, which cuts the connection around a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from tests.services.cassandra_server import ContactPoint
from tests.services.ports import LOOPBACK

_BATCH = 0x0D
_HEAD = 9


class Cut(Enum):
    """When a connection ends, of the next batch."""

    BEFORE_IT_ARRIVES = auto()
    BEFORE_ITS_ANSWER = auto()


class CuttingProxy:
    """Passes frames on.

    Attributes:
        point: Where to connect.
        cut: What is armed; None: nothing, or it was carried out.
    """

    def __init__(self, cassandra: ContactPoint) -> None:
        self._cassandra = cassandra
        self.point = cassandra
        self.cut: Cut | None = None

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        answers, cassandra = await asyncio.open_connection(*self._cassandra)
        wanted: asyncio.Queue[bytes] = asyncio.Queue()
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._requests(client, cassandra, wanted))
                directions.create_task(self._answers(answers, back, wanted))
        except* (_CutError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            cassandra.close()
            back.transport.abort()

    async def _requests(
        self,
        client: asyncio.StreamReader,
        cassandra: asyncio.StreamWriter,
        wanted: asyncio.Queue[bytes],
    ) -> None:
        while True:
            head, body = await _frame(client)
            if head[4] == _BATCH and self.cut is Cut.BEFORE_IT_ARRIVES:
                self.cut = None
                raise _CutError
            if head[4] == _BATCH and self.cut is Cut.BEFORE_ITS_ANSWER:
                self.cut = None
                wanted.put_nowait(_stream(head))
            cassandra.write(head + body)
            await cassandra.drain()

    async def _answers(
        self,
        answers: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        wanted: asyncio.Queue[bytes],
    ) -> None:
        lost: bytes | None = None
        while True:
            head, body = await _frame(answers)
            if not wanted.empty():
                lost = wanted.get_nowait()
            if _stream(head) == lost:
                # Cassandra has carried the batch out, and nobody hears of it.
                raise _CutError
            back.write(head + body)
            await back.drain()


class _CutError(Exception):
    """The connection ends here."""


async def _frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(_HEAD)
    return head, await reader.readexactly(int.from_bytes(head[5:9], "big"))


def _stream(head: bytes) -> bytes:
    return head[2:4]


@asynccontextmanager
async def cutting_proxy(cassandra: ContactPoint) -> AsyncIterator[CuttingProxy]:
    """Such a proxy, listening."""
    proxy = CuttingProxy(cassandra)
    connections: set[asyncio.Task[None]] = set()

    async def serve(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        await proxy.serve(client, back)

    listener = await asyncio.start_server(serve, LOOPBACK, 0)
    proxy.point = ContactPoint(LOOPBACK, listener.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        listener.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
