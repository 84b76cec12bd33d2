"""One connection to Redis as a protocol of asyncio: no pool, no lock, no task for each command."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis

from podium_core.errors import OverloadedError

Argument = str | int | float | bytes | memoryview
Command = tuple[Argument, ...]

# Its stub knows commands of one word only.
pack: Callable[[Command], bytes] = cast(Any, hiredis.pack_command)
_NOTHING = object()
# How often the oldest command is looked at, within the time that its reply may take.
_LOOKS = 4
_RETRY_AFTER_MS = 100


class NotSentError(Exception):
    """The connection is gone, and these commands never left: surely nothing was written."""


class NoReplyError(Exception):
    """The connection is gone, or given up, after the commands had left: they may have taken effect."""


class _Expected:
    """Replies that somebody waits for: one, or a list of ``left`` more."""

    __slots__ = ("future", "left", "replies", "sent_at", "size")

    def __init__(self, future: asyncio.Future[Any], size: int, count: int) -> None:
        self.future = future
        self.size = size
        self.left = count
        self.replies: list[Any] | None = None if count == 1 else []
        self.sent_at = 0.0


class Pipe(asyncio.Protocol):
    """Sends commands as they come, all of one turn of the loop in one write.

    A command whose caller is cancelled stays sent; its reply is dropped. A connection whose oldest reply is overdue is
    given up: what it would still bring belongs to nobody.
    """

    def __init__(self, *, reply_timeout: float, max_bytes_in_flight: int) -> None:
        """Not connected yet: ``connection_made`` is called by the transport, or by ``take_over``.

        Args:
            reply_timeout: In seconds, from the moment when a command leaves.
            max_bytes_in_flight: Of commands without a reply; more are refused.
        """
        self._loop = asyncio.get_running_loop()
        self._reply_timeout = reply_timeout
        self._max_bytes = max_bytes_in_flight
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._expected: deque[_Expected] = deque()
        self._unsent: list[_Expected] = []
        self._packed: list[bytes] = []
        self._bytes = 0
        self._watch: asyncio.TimerHandle | None = None
        self._lost: Exception | None = None
        self._closed = self._loop.create_future()

        # Whatever would close the transport when it is collected.
        self.owner: object = None

    @property
    def usable(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None and self._lost is None

    # commands

    def send(self, command: Command) -> asyncio.Future[Any]:
        """Send a command; its reply comes as hiredis reads it, an error as a ``hiredis.ReplyError`` object.

        Raises:
            NotSentError: The connection is gone.
            OverloadedError: So many bytes wait for replies already.
        """
        return self._send(pack(command), 1)

    def send_all(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """Send commands that leave together, and get their replies as a list. Raises as ``send``."""
        packed = b"".join(map(pack, commands))
        return self._send(packed, len(commands), listed=True)

    def _send(self, packed: bytes, count: int, *, listed: bool = False) -> asyncio.Future[Any]:
        if self._transport is None or self._lost is not None:
            raise NotSentError(str(self._lost or "not connected"))
        size = len(packed)
        if self._bytes and self._bytes + size > self._max_bytes:
            raise OverloadedError(
                f"{self._bytes} bytes of commands wait for Redis", retry_after_ms=_RETRY_AFTER_MS
            )
        expected = _Expected(self._loop.create_future(), size, count)
        if listed:
            expected.replies = []
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(expected)
        self._packed.append(packed)
        self._bytes += size
        return expected.future

    def _flush(self) -> None:
        if self._transport is None or self._lost is not None or not self._unsent:
            return
        now = self._loop.time()
        for expected in self._unsent:
            expected.sent_at = now
        self._expected.extend(self._unsent)
        self._unsent.clear()
        packed, self._packed = self._packed, []
        self._transport.write(packed[0] if len(packed) == 1 else b"".join(packed))
        if self._watch is None:
            self._watch_later()

    # replies

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NOTHING:
                self._receive(reply)
        except (hiredis.ProtocolError, IndexError) as error:
            self.give_up(NoReplyError(f"what came isn't a reply of Redis: {error}"))

    def _receive(self, reply: Any) -> None:
        expected = self._expected[0]
        if expected.replies is not None:
            expected.replies.append(reply)
            expected.left -= 1
            if expected.left:
                return
            reply = expected.replies
        self._expected.popleft()
        self._bytes -= expected.size
        if not expected.future.done():
            expected.future.set_result(reply)

    def _watch_later(self) -> None:
        self._watch = self._loop.call_later(self._reply_timeout / _LOOKS, self._look)

    def _look(self) -> None:
        self._watch = None
        if not self._expected:
            return
        if self._loop.time() - self._expected[0].sent_at > self._reply_timeout:
            self.give_up(NoReplyError(f"Redis didn't answer in {self._reply_timeout:g} s"))
        else:
            self._watch_later()

    # the connection

    def take_over(self, stream: asyncio.StreamWriter) -> None:
        """Go on with a connection that somebody else has made, and on which nothing is under way."""
        self.owner = stream
        transport = cast(asyncio.Transport, stream.transport)
        transport.set_protocol(self)
        self.connection_made(transport)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(NoReplyError(f"the connection to Redis broke off: {exc or 'closed by Redis'}"))
        if not self._closed.done():
            self._closed.set_result(None)

    def give_up(self, error: Exception) -> None:
        """Cut the connection: whoever waits for a reply gets the error."""
        self._lose(error)
        if self._transport is not None:
            self._transport.abort()

    def _lose(self, error: Exception) -> None:
        if self._lost is not None:
            return
        self._lost = error
        if self._watch is not None:
            self._watch.cancel()
        for expected in self._expected:
            if not expected.future.done():
                expected.future.set_exception(error)
        for expected in self._unsent:
            if not expected.future.done():
                expected.future.set_exception(NotSentError(str(error)))
        self._expected.clear()
        self._unsent.clear()
        self._packed.clear()
        self._bytes = 0

    async def close(self) -> None:
        """Cut the connection, and wait until it is gone."""
        self.give_up(NoReplyError("the store is closed"))
        if self._transport is not None:
            await self._closed
