"""A connection that listens: Redis's side of SUBSCRIBE as a protocol of asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis

from podium_backends.redis.connection.pipe import NoReplyError, pack

_NOTHING = object()
_PING = pack(("PING",))


class Ear(asyncio.Protocol):
    """Subscribes to channels, and says what is heard on them."""

    def __init__(self, heard: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        """Not connected yet.

        Args:
            heard: Called with a channel for each message on it.
            lost: Called when the connection is gone.
        """
        self._loop = asyncio.get_running_loop()
        self._heard = heard
        self._lost_callback = lost
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._expected: deque[asyncio.Future[None]] = deque()
        self._pinged_at = 0.0
        self._is_lost = False
        self._closed: asyncio.Future[None] = self._loop.create_future()
        # Whatever would close the transport when it is collected.
        self.owner: object = None

    def take_over(self, stream: asyncio.StreamWriter) -> None:
        """Go on with a connection on which nothing is under way."""
        self.owner = stream
        self._transport = cast(asyncio.Transport, stream.transport)
        self._transport.set_protocol(self)

    # commands

    def subscribe(self, channel: str) -> asyncio.Future[None]:
        """Done once Redis has confirmed it: from then on every message is heard.

        Fails with NoReplyError where the connection is lost, and with hiredis.ReplyError where Redis refuses.
        """
        confirmed: asyncio.Future[None] = self._loop.create_future()
        if self._is_lost or self._transport is None:
            confirmed.set_exception(NoReplyError("the connection to Redis is gone"))
            return confirmed
        self._expected.append(confirmed)
        self._transport.write(pack(("SUBSCRIBE", channel)))
        return confirmed

    def unsubscribe(self, channel: str) -> None:
        """Hear nothing more of a channel."""
        if self._transport is not None and not self._is_lost:
            self._transport.write(pack(("UNSUBSCRIBE", channel)))

    def check(self, timeout: float) -> None:
        """Ask whether Redis is there; a connection that hasn't answered for so many seconds is given up."""
        if self._transport is None or self._is_lost:
            return
        now = self._loop.time()
        if not self._pinged_at:
            self._pinged_at = now
            self._transport.write(_PING)
        elif now - self._pinged_at > timeout:
            self._transport.abort()

    # what comes

    def data_received(self, data: bytes) -> None:
        self._pinged_at = 0.0
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not _NOTHING:
                self._receive(reply)
        except (hiredis.ProtocolError, IndexError):
            self._abort()

    def _receive(self, reply: Any) -> None:
        if isinstance(reply, list) and reply[0] == b"message":
            self._heard(reply[1])
        elif isinstance(reply, list) and reply[0] == b"subscribe":
            self._confirm(None)
        elif isinstance(reply, hiredis.ReplyError):
            self._confirm(reply)
        # The others answer UNSUBSCRIBE and PING.

    def _confirm(self, error: Exception | None) -> None:
        confirmed = self._expected.popleft()
        if confirmed.done():
            return
        if error is None:
            confirmed.set_result(None)
        else:
            confirmed.set_exception(error)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._is_lost = True
        for confirmed in self._expected:
            if not confirmed.done():
                confirmed.set_exception(NoReplyError("the connection to Redis broke off"))
        self._expected.clear()
        self._closed.set_result(None)
        self._lost_callback()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Cut the connection, and wait until it is gone."""
        if self._transport is not None:
            self._abort()
            await self._closed
