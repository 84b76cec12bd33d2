"""Work that costs the same for one caller as for many: one turn after the other, each for all who came meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Shared(NamedTuple, Generic[R]):
    """The result of a turn, and where in it the caller's own items begin."""

    result: R
    start: int


class SharedTurns(Generic[T, R]):
    """Who comes while a turn is under way shares the next."""

    def __init__(self, work: Callable[[list[T]], Awaitable[R]]) -> None:
        """Takes what a turn does with the items of all its callers."""
        self._work = work
        self._running: asyncio.Task[R] | None = None
        self._next: asyncio.Task[R] | None = None
        self._items: list[T] = []

    async def join(self, items: Sequence[T] = ()) -> Shared[R]:
        """Return once a turn that began after this call is over. A caller that is cancelled takes it from no other.

        Raises:
            Exception: As the work, in every caller.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._turn_after(self._running))
        start = len(self._items)
        self._items += items
        return Shared(await asyncio.shield(self._next), start)

    async def _turn_after(self, running: asyncio.Task[R] | None) -> R:
        if running is not None:
            await asyncio.wait({running})
        self._running, self._next = self._next, None
        items, self._items = self._items, []
        return await self._work(items)
