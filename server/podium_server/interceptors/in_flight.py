"""Counts the calls and the bytes in flight, of the process and of each connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from podium_core.errors import OverloadedError

MAX_WAITING_CALLS = 20_000


class ReadCount:
    """What reads have brought from a connection: messages, and their bytes."""

    __slots__ = ("bytes", "messages")

    def __init__(self) -> None:
        self.bytes = 0
        self.messages = 0

    def add(self, message: object) -> None:
        """Count what a read has brought; the end of a stream is no message."""
        if isinstance(message, bytes):
            self.bytes += len(message)
            self.messages += 1


class Connection:
    """One client connection that has calls.

    Attributes:
        peer: Its address as gRPC writes it, ``ipv4:127.0.0.1:41234``.
        open: All of its calls.
        calls: Those that work; the others wait for their client, or for a message.
        bytes: Bytes of its requests and answers that the server holds.
        reads: Requests that are being read, and aren't slow.
        read_count: What its reads have brought; None while it has no open stream.
        slow_bytes: Of its bytes, those of requests that take long.
        queue: Calls that wait until they may be read; None until one does.
    """

    __slots__ = ("bytes", "calls", "open", "peer", "queue", "read_count", "reads", "slow_bytes")

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.open = 0
        self.calls = 0
        self.bytes = 0
        self.reads = 0
        self.read_count: ReadCount | None = None
        self.slow_bytes = 0
        self.queue: deque[asyncio.Future[None]] | None = None


class InFlight:
    """Counts the calls in flight; those that wait cost nothing, and are counted apart.

    Attributes:
        calls: Those that work.
        waiting: Those that wait for a message, and streams that wait for their client.
        bytes: Bytes of requests and answers that the server holds.
        peak_bytes: The most of them since this was set to 0.
        connections: By peer, those that have calls or bytes.
    """

    __slots__ = ("_idle", "bytes", "calls", "connections", "peak_bytes", "waiting")

    def __init__(self) -> None:
        self.calls = 0
        self.waiting = 0
        self.bytes = 0
        self.peak_bytes = 0
        self.connections: dict[str, Connection] = {}
        self._idle: asyncio.Event | None = None

    def enter(self, peer: str) -> Connection:
        """A call begins; it doesn't work yet."""
        connection = self.connections.get(peer)
        if connection is None:
            connection = self.connections[peer] = Connection(peer)
        connection.open += 1
        return connection

    def leave(self, connection: Connection) -> None:
        """A call that doesn't work any more ends."""
        connection.open -= 1
        if not connection.open:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        if connection.bytes:
            return
        self.connections.pop(connection.peer, None)
        if self._idle is not None and not self.connections:
            self._idle.set()

    def hold(self, connection: Connection, size: int) -> None:
        """Count bytes that the server holds for a connection."""
        self.bytes += size
        connection.bytes += size
        self.peak_bytes = max(self.peak_bytes, self.bytes)

    def release(self, connection: Connection, size: int) -> None:
        """Bytes that were held are free."""
        self.bytes -= size
        connection.bytes -= size
        if not connection.open:
            self._forget(connection)

    @contextmanager
    def apart(self, connection: Connection | None = None) -> Iterator[None]:
        """While a call waits. Otherwise idle consumers would shut out the push that they wait for.

        Raises:
            OverloadedError: Too many wait already.
        """
        if self.waiting >= MAX_WAITING_CALLS:
            raise OverloadedError(f"{MAX_WAITING_CALLS} calls wait", retry_after_ms=1_000)
        self.calls -= 1
        self.waiting += 1
        if connection is not None:
            connection.calls -= 1
        try:
            yield
        finally:
            self.waiting -= 1
            self.calls += 1
            if connection is not None:
                connection.calls += 1

    async def wait_until_idle(self) -> None:
        """Wait until every call has ended, and every large answer has left."""
        while self.connections:
            self._idle = asyncio.Event()
            await self._idle.wait()
