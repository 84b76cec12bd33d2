"""Waits for requests. gRPC buffers a message until it is whole, so each one that takes long needs a place.

The length of a message isn't known before it is there. Most are there at once. One that isn't holds bytes of the budget,
more the longer it takes, up to the size of the largest message. Where there is no room, or the client takes too long, the
call is ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

import grpc
import structlog

from podium_core.errors import DeadlineExceededError, OverloadedError, StorageError
from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call
from podium_server.interceptors.failures import Failures
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.limits import CallLimits

# A message that isn't whole after two looks is slow. Two, since the loop itself may have been busy before the first.
LOOK_SECONDS = 0.015
LOOKS = 2
# So many requests of a connection are read at once, slow ones not counted: a burst of large ones begins in parts.
MOST_READS = 32
# What a slow message holds at first: the largest message by so much. It doubles whenever its time has doubled.
FIRST_PART = 8

_log = structlog.get_logger("podium.calls")


class RequestReads:
    """The reads that wait for a client."""

    def __init__(
        self, limits: CallLimits, budget: ByteBudget, in_flight: InFlight, failures: Failures
    ) -> None:
        self._failures = failures
        self._most_bytes = limits.max_message_bytes
        self._client_seconds = limits.client_timeout_ms / 1000 or float("inf")
        self._budget = budget
        self._in_flight = in_flight
        # Each with how often it was looked at.
        self._reads: dict[Call, int] = {}
        self._slow: dict[Call, _Slow] = {}
        self._looking: asyncio.TimerHandle | None = None
        self._ended_one = False
        self._endings: set[asyncio.Task[None]] = set()

    async def next(self, call: Call) -> Any:
        """The next message of a stream; ``grpc.aio.EOF`` after the last."""
        connection = call.connection
        if connection.reads >= MOST_READS:
            await _turn(connection)
        else:
            connection.reads += 1
        self._reads[call] = 0
        if self._looking is None:
            self._look_later()
        try:
            message = await call.context.read()
            if connection.read_count is not None:
                connection.read_count.add(message)
            return message
        finally:
            del self._reads[call]
            if self._slow and (slow := self._slow.pop(call, None)):
                connection.slow_bytes -= slow.held
                self._in_flight.release(connection, slow.held)
            else:
                _read_ended(connection)

    async def next_of_open(self, call: Call) -> Any:
        """The next message of a stream that may be quiet for ever; ``OpenStreams`` bounds it."""
        message = await call.context.read()
        if call.connection.read_count is not None:
            call.connection.read_count.add(message)
        return message

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looking = None
        self._ended_one = False
        now = asyncio.get_running_loop().time()
        for call, looks in self._reads.items():
            if looks < LOOKS:
                self._reads[call] = looks + 1
            else:
                self._look_at_slow(call, now)
        if self._reads:
            self._look_later()

    def _look_at_slow(self, call: Call, now: float) -> None:
        slow = self._slow.get(call)
        if slow is None:
            slow = self._slow[call] = _Slow(now)
            _read_ended(call.connection)
            self._hold(call, slow, self._most_bytes // FIRST_PART)
        elif slow.ended:
            return
        elif now - slow.since > self._client_seconds:
            slow.ended = True
            text = f"the client sent no whole message in {self._client_seconds:g} s"
            self.end(call, DeadlineExceededError(text))
        elif slow.held < self._most_bytes and now >= slow.grows and not self._ended_one:
            slow.grows = now + (now - slow.since)
            self._hold(call, slow, slow.held)
            # Others may grow into the room that this one leaves, at the next look.
            self._ended_one = slow.ended

    def _hold(self, call: Call, slow: _Slow, size: int) -> None:
        try:
            self._budget.take(call.connection, size)
        except OverloadedError as error:
            slow.ended = True
            self.end(call, error)
        else:
            slow.held += size
            call.connection.slow_bytes += size

    def end(self, call: Call, error: StorageError) -> None:
        """End a call from outside, with the status of an error."""
        # The read isn't cancelled: gRPC would lose the memory of a message that comes nevertheless.
        # The status ends the stream, and that ends the read.
        task = asyncio.create_task(self._send_status(call, error))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def _send_status(self, call: Call, error: StorageError) -> None:
        try:
            await self._failures.end(call, call.context, error)
        except grpc.aio.AbortError:
            return
        except (grpc.aio.InternalError, grpc.aio.UsageError):
            _log.debug("the client left", rpc=call.rpc.label, request_id=call.request_id)


async def _turn(connection: Connection) -> None:
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if connection.queue is None:
        connection.queue = deque()
    connection.queue.append(turn)
    try:
        await turn
    except asyncio.CancelledError:
        if turn.cancelled():
            with suppress(ValueError):
                connection.queue.remove(turn)
        else:
            _read_ended(connection)
        raise


def _read_ended(connection: Connection) -> None:
    """Give the place of a read to the next one."""
    while connection.queue:
        turn = connection.queue.popleft()
        if not turn.done():
            turn.set_result(None)
            return
    connection.reads -= 1


class _Slow:
    """A message that takes long."""

    __slots__ = ("ended", "grows", "held", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.grows = now + LOOKS * LOOK_SECONDS
        self.held = 0
        self.ended = False
