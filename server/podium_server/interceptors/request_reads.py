"""Waits for requests. gRPC buffers a message until it is whole, so each one that takes long needs a place.

The length of a message isn't known before it is there. Most are there at once; one that isn't holds as many bytes of the
budget as the largest message has. Where there is no place, or the client takes too long, the call is ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import structlog

from podium_core.errors import DeadlineExceededError, InvalidArgumentError, StorageError
from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call
from podium_server.interceptors.failures import fail
from podium_server.interceptors.in_flight import InFlight
from podium_server.interceptors.limits import CallLimits

# A message that isn't whole after two looks is slow. Two, since the loop itself may have been busy before the first.
LOOK_SECONDS = 0.04
LOOKS = 2

_log = structlog.get_logger("podium.calls")


class RequestReads:
    """The reads that wait for a client."""

    def __init__(self, limits: CallLimits, budget: ByteBudget, in_flight: InFlight) -> None:
        self._place_bytes = limits.max_message_bytes
        self._client_seconds = limits.client_timeout_ms / 1000 or float("inf")
        self._budget = budget
        self._in_flight = in_flight
        # Each with how often it was looked at.
        self._reads: dict[Call, int] = {}
        self._since: dict[Call, float] = {}
        self._looking: asyncio.TimerHandle | None = None
        self._endings: set[asyncio.Task[None]] = set()

    async def only(self, call: Call) -> bytes:
        """The request of a call that has one.

        Raises:
            InvalidArgumentError: The client sent none.
        """
        data = await self.next(call)
        if data is grpc.aio.EOF:
            raise InvalidArgumentError("", "the call has no request")
        return data  # type: ignore[no-any-return]

    async def next(self, call: Call) -> Any:
        """The next message of a stream; ``grpc.aio.EOF`` after the last."""
        self._reads[call] = 0
        if self._looking is None:
            self._look_later()
        try:
            return await call.context.read()
        finally:
            del self._reads[call]
            if call in self._since:
                del self._since[call]
                self._in_flight.release(call.connection, self._place_bytes)

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looking = None
        now = asyncio.get_running_loop().time()
        for call, looks in self._reads.items():
            if looks < LOOKS:
                self._reads[call] = looks + 1
            elif looks == LOOKS:
                self._give_place(call, now)
            elif now - self._since.get(call, now) > self._client_seconds:
                self._time_out(call)
        if self._reads:
            self._look_later()

    def _give_place(self, call: Call, now: float) -> None:
        self._reads[call] = LOOKS + 1
        if not self._budget.fits(call.connection, self._place_bytes):
            self._end(call, self._budget.overloaded())
            return
        self._in_flight.hold(call.connection, self._place_bytes)
        self._since[call] = now

    def _time_out(self, call: Call) -> None:
        self._since[call] = float("inf")
        seconds = f"{self._client_seconds:g}"
        self._end(call, DeadlineExceededError(f"the client sent no whole message in {seconds} s"))

    def _end(self, call: Call, error: StorageError) -> None:
        # The read isn't cancelled: gRPC would lose the memory of a message that comes nevertheless.
        # The status ends the stream, and that ends the read.
        task = asyncio.create_task(_ended(call, error))
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


async def _ended(call: Call, error: StorageError) -> None:
    try:
        await fail(call, call.context, error)
    except grpc.aio.AbortError:
        return
    except (grpc.aio.InternalError, grpc.aio.UsageError):
        _log.debug("the client left", rpc=call.rpc.label, request_id=call.request_id)
