"""Few calls at a time make an answer of megabytes: it is read, converted and serialized, each a copy of its own."""

from __future__ import annotations

import asyncio

from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call, current_call

PLACES = 2


class LongAnswers:
    """The places for calls that make a long answer."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._places = asyncio.Semaphore(PLACES)

    async def begin(self, call: Call) -> None:
        """Wait for a place, which the call then has to its end.

        Raises:
            OverloadedError: The answers that are on their way take all the bytes there are.
        """
        await self._places.acquire()
        # How long it will be isn't known: the last ones of a connection may bring it above its share.
        if self._budget.exhausted(call.connection):
            self._places.release()
            raise self._budget.overload_error()
        call.has_long_answer = True

    def end(self) -> None:
        """A call that has a place ends."""
        self._places.release()


async def begin_long_answer() -> None:
    """For the call under way, as ``StoreContext`` has it. A stream needs no place: it holds a chunk."""
    call = current_call()
    if call is not None and call.begin_long_answer is not None and not call.has_long_answer:
        await call.begin_long_answer(call)
