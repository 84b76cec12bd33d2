"""Named points at which a write can be made to die; part of the write spikes.

Stays with their tests until the real adapters replace them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum


class Death(Enum):
    """How a writer dies: by an error of its own, or cancelled by its caller."""

    RAISES = "raises"
    CANCELLED = "cancelled"


class KilledError(Exception):
    """A writer died at an armed point."""


class Failpoints:
    """Passed by a writer at each step; one that is armed kills it, once."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._armed = ""
        self._death = Death.RAISES
        self._meanwhile: dict[str, Callable[[], Awaitable[object]]] = {}

    def arm(self, point: str, death: Death = Death.RAISES) -> None:
        """Kill whoever passes this point next."""
        self._armed, self._death = point, death

    def meanwhile(self, point: str, do: Callable[[], Awaitable[object]]) -> None:
        """Let something happen while the next writer stands at this point."""
        self._meanwhile[point] = do

    async def reached(self, point: str) -> None:
        """What a writer calls."""
        self.passed.append(point)
        do = self._meanwhile.pop(point, None)
        if do is not None:
            await do()
        if point == self._armed:
            self._armed = ""
            await _die(point, self._death)


async def _die(point: str, death: Death) -> None:
    task = asyncio.current_task()
    if death is Death.RAISES or task is None:
        raise KilledError(point)
    task.cancel()
    await asyncio.sleep(0)


async def killed(write: Awaitable[object]) -> None:
    """Run a write that has to die on its way."""
    try:
        await asyncio.ensure_future(write)
    except (KilledError, asyncio.CancelledError):
        return
    raise AssertionError("the write lived")
