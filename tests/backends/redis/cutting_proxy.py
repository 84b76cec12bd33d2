"""A proxy before a real Redis, which cuts a connection after so many bytes in one direction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class _Direction:
    """Bytes one way: how many have passed, and after how many the connection is cut (None: never)."""

    def __init__(self) -> None:
        self.passed = 0
        self.limit: int | None = None

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.passed >= self.limit

    def take(self, data: bytes) -> bytes:
        """As much as passes."""
        part = data if self.limit is None else data[: self.limit - self.passed]
        self.passed += len(part)
        return part

    def cut_after(self, count: int | None) -> None:
        """Count from here."""
        self.passed, self.limit = 0, count


class CuttingProxy:
    """Passes bytes on until a cut is due; the connections after that are whole again.

    Attributes:
        url: Where to connect.
        requests: What goes to Redis.
        replies: What comes from it.
    """

    def __init__(self, host: str, port: int) -> None:
        self._redis = (host, port)
        self.url = ""
        self.requests = _Direction()
        self.replies = _Direction()

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        replies, redis = await asyncio.open_connection(*self._redis)
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pass(self.requests, client, redis))
                directions.create_task(self._pass(self.replies, replies, back))
        except* _CutError:
            pass
        finally:
            # What Redis got of a request it may carry out; the client sees a reset.
            redis.close()
            back.transport.abort()

    async def _pass(
        self,
        direction: _Direction,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(65_536):
            part = direction.take(data)
            writer.write(part)
            await writer.drain()
            if direction.is_over:
                direction.limit = None
                break
        raise _CutError


class _CutError(Exception):
    """The connection ends here."""


@asynccontextmanager
async def cutting_proxy(redis_url: str) -> AsyncIterator[CuttingProxy]:
    address = urlsplit(redis_url)
    proxy = CuttingProxy(address.hostname or "127.0.0.1", address.port or 6379)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    try:
        yield proxy
    finally:
        server.close()
