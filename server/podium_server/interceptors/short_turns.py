"""Work on the event loop in turns of a few milliseconds, so that other calls go on between them."""

from __future__ import annotations

import asyncio
from time import perf_counter

TURN_SECONDS = 0.004


class ShortTurns:
    """The turns of one piece of work.

    Attributes:
        taken: How many have ended.
    """

    __slots__ = ("_begun", "taken")

    def __init__(self) -> None:
        self._begun = perf_counter()
        self.taken = 0

    async def next_if_long(self) -> None:
        """End the turn, if it has been long."""
        if perf_counter() - self._begun > TURN_SECONDS:
            await self.next()

    async def next(self) -> None:
        """End the turn; returns in the next one."""
        self.taken += 1
        await asyncio.sleep(0)
        self._begun = perf_counter()
