"""One call at a time makes an answer of megabytes: it is read, converted and serialized, each a copy of its own.

Two would take twice the memory and hardly less time, since the loop converts and serializes both; and a small call of
somebody else would wait for a step of each, every time that it comes to the loop.
"""

from __future__ import annotations

import asyncio

from podium_server.interceptors.byte_budget import ByteBudget
from podium_server.interceptors.call import Call, current_call


class LongAnswers:
    """The place for a call that makes a long answer."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._place = asyncio.Lock()

    async def begin(self, call: Call) -> None:
        """Wait for the place, which the call then has to its end.

        Raises:
            OverloadedError: The answers that are on their way take all the bytes there are.
        """
        await self._place.acquire()
        # How long it will be isn't known: the last ones of a connection may bring it above its share.
        if self._budget.exhausted(call.connection):
            self._place.release()
            raise self._budget.overload_error()
        call.has_long_answer = True

    def end(self) -> None:
        """The call that has the place ends."""
        self._place.release()


async def begin_long_answer() -> None:
    """For the call under way, as ``StoreContext`` has it. A stream needs no place: it holds a chunk."""
    call = current_call()
    if call is not None and call.begin_long_answer is not None and not call.has_long_answer:
        await call.begin_long_answer(call)
