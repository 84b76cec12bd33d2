"""Bounds what clients send into streams that may be quiet for ever, and leave unfinished.

gRPC buffers a message until it is whole, and doesn't say that one has begun: a stream that waits looks like one whose
message stops in the middle. The kernel says how many bytes a connection has received. gRPC holds those that no read has
brought. They count as other bytes do; where there is no room, or they stay too long, the connection's open streams end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from podium_core.errors import DeadlineExceededError, OverloadedError, StorageError
from podium_server.client_sockets import Traffic, address_of, find_sockets, traffic_of
from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call
from podium_server.interceptors.in_flight import Connection, InFlight, ReadCount
from podium_server.interceptors.limits import MIB, CallLimits

LOOK_SECONDS = 0.2
# A look at one connection takes some 10 µs: with many of them looks are rarer.
SECONDS_FOR_EACH = 0.0005
# For frames and headers that are no message's, beside what the formula below allows.
SLACK_BYTES = 4 * MIB
# Headers are compressed against those of earlier calls. For each frame that it is sent a client answers with a few bytes.
MESSAGE_OVERHEAD = 1_024
SENT_SHARE = 500


class OpenStreams:
    """The streams of one pipeline that are open."""

    def __init__(
        self,
        limits: CallLimits,
        budget: ByteBudget,
        in_flight: InFlight,
        end: Callable[[Call, StorageError], None],
    ) -> None:
        """Takes the counters, and what ends a call from outside."""
        self._client_seconds = limits.client_timeout_ms / 1000 or float("inf")
        share = limits.max_bytes_in_flight * limits.connection_share or float("inf")
        self._most = max(share, limits.max_message_bytes)
        self._budget = budget
        self._in_flight = in_flight
        self._end = end
        self._watched: dict[Connection, _Watched] = {}
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, call: Call) -> Iterator[None]:
        """While a stream is open, after its first message."""
        connection = call.connection
        watched = self._watched.get(connection)
        if watched is None:
            watched = self._watched[connection] = _Watched(connection)
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_again_and_again())
        watched.calls.add(call)
        try:
            yield
        finally:
            watched.calls.discard(call)
            if not watched.calls:
                self._forget(watched)

    def _forget(self, watched: _Watched) -> None:
        del self._watched[watched.connection]
        watched.connection.read_count = None
        self._in_flight.release(watched.connection, watched.held)
        if not self._watched and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_again_and_again(self) -> None:
        while True:
            await self._find_sockets()
            now = asyncio.get_running_loop().time()
            for watched in list(self._watched.values()):
                self._look_at(watched, now)
            await asyncio.sleep(max(LOOK_SECONDS, len(self._watched) * SECONDS_FOR_EACH))

    async def _find_sockets(self) -> None:
        new = {one.address: one for one in self._watched.values() if one.is_new}
        if new:
            # In a thread: it looks at each open file.
            found = await asyncio.to_thread(find_sockets, new.keys())
            for address, watched in new.items():
                watched.begin(found.get(address))

    def _look_at(self, watched: _Watched, now: float) -> None:
        size = watched.unread_bytes()
        if not size:
            watched.since = now
        try:
            self._hold(watched, size)
        except OverloadedError as error:
            self._end_all(watched, error)
        else:
            if now - watched.since > self._client_seconds:
                text = f"the client sent no whole message in {self._client_seconds:g} s"
                self._end_all(watched, DeadlineExceededError(text))

    def _hold(self, watched: _Watched, size: int) -> None:
        more = size - watched.held
        if size > self._most:
            # A budget would let it be held alone: that is meant for one message.
            raise self._budget.overload_error()
        if more > 0:
            self._budget.take(watched.connection, more)
        elif more:
            self._in_flight.release(watched.connection, -more)
        watched.held = size

    def _end_all(self, watched: _Watched, error: StorageError) -> None:
        for call in watched.calls - watched.ending:
            watched.ending.add(call)
            self._end(call, error)


class _Watched:
    """A connection with open streams.

    Attributes:
        address: Of its client; empty of a Unix socket, whose bytes nobody counts.
        is_new: Its socket wasn't looked for yet.
        calls: The open streams.
        ending: Those that were told to end.
        held: The bytes that are counted.
        since: When there were none last.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.address = address_of(connection.peer)
        self.is_new = bool(self.address)
        self.calls: set[Call] = set()
        self.ending: set[Call] = set()
        self.held = 0
        self.since = asyncio.get_running_loop().time()
        self._descriptor = -1
        self._read_count = ReadCount()
        self._before: Traffic | None = None

    def begin(self, descriptor: int | None) -> None:
        """Count from here. Without a socket, as on systems that don't count, there is nothing to count."""
        self.is_new = False
        if descriptor is not None:
            self._descriptor = descriptor
            self._before = traffic_of(descriptor, self.address)
            self.connection.read_count = self._read_count

    def unread_bytes(self) -> int:
        """What the client has sent, and no read has brought yet."""
        before = self._before
        now = None if before is None else traffic_of(self._descriptor, self.address)
        if before is None or now is None:
            return 0
        count = self._read_count
        allowed = count.bytes + MESSAGE_OVERHEAD * count.messages + self.connection.slow_bytes
        allowed += (now.sent - before.sent) // SENT_SHARE
        return max(0, now.received - before.received - allowed - SLACK_BYTES)
