"""Counts large answers until their client has taken them, and cuts off clients that don't."""

from __future__ import annotations

import asyncio

from podium_core.errors import DeadlineExceededError
from podium_protocol.rpcs import Repeat
from podium_server.connection_cut import cut
from podium_server.interceptors.byte_budget import LARGE_BYTES, ByteBudget
from podium_server.interceptors.call import Call
from podium_server.interceptors.deadline import Deadline
from podium_server.interceptors.in_flight import Connection, InFlight
from podium_server.interceptors.limits import MIB, CallLimits

# gRPC copies what it sends.
_COPIES = 2


class Answers:
    """The large answers that are on their way."""

    def __init__(self, limits: CallLimits, budget: ByteBudget, in_flight: InFlight) -> None:
        self._client_seconds = limits.client_timeout_ms / 1000
        self._budget = budget
        self._in_flight = in_flight

    def send_last(self, call: Call, answer: bytes) -> bytes:
        """Count the only answer of a call, a large one, which gRPC sends once the handler has returned it.

        Raises:
            OverloadedError: There is no room for it. Calls that have written something are no longer refused.
        """
        held = _Held(self, call.connection, len(answer) * _COPIES)
        if call.rpc.repeat is Repeat.READ:
            self._budget.take(call.connection, held.size)
        else:
            self._in_flight.hold(call.connection, held.size)
        held.watch(self._seconds(len(answer)))
        held.end_with_call()
        return answer

    async def send(self, call: Call, chunk: bytes) -> None:
        """Send one message of a stream.

        Raises:
            OverloadedError: There is no room for it.
            DeadlineExceededError: The client didn't take it in time.
        """
        if len(chunk) <= LARGE_BYTES:
            await self._send(call, chunk)
            return
        held = _Held(self, call.connection, len(chunk) * _COPIES)
        self._budget.take(call.connection, held.size)
        try:
            await self._send(call, chunk)
        except BaseException:
            # gRPC still has the chunk, and the status waits after it, until the client takes both or leaves.
            held.watch(self._client_seconds)
            held.end_with_call()
            raise
        held.end()

    async def _send(self, call: Call, chunk: bytes) -> None:
        if not self._client_seconds:
            await call.context.write(chunk)
            return
        seconds = self._seconds(len(chunk))
        try:
            with Deadline(seconds):
                await call.context.write(chunk)
        except TimeoutError:
            raise DeadlineExceededError(f"the client took no answer for {seconds:g} s") from None

    def _seconds(self, size: int) -> float:
        # A slow network may take a second for each MiB.
        return self._client_seconds + size // MIB if self._client_seconds else 0.0


class _Held:
    """Bytes of one answer."""

    def __init__(self, answers: Answers, connection: Connection, size: int) -> None:
        self._answers = answers
        self._connection = connection
        self.size = size
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, seconds: float) -> None:
        """Cut the connection off when the answer is there for so long, as soon as others need the room."""
        if seconds:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._overdue, seconds)

    def end_with_call(self) -> None:
        """Count them until gRPC's own task for the call ends: the answer has left then."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an answer is sent in the task of its call")
        task.add_done_callback(self.end)

    def end(self, _: object = None) -> None:
        """The answer has left, or its client has."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._answers._in_flight.release(self._connection, self.size)

    def _overdue(self, seconds: float) -> None:
        if self._answers._budget.pressed:
            cut(self._connection.peer)
        self.watch(seconds)
