"""Slices on their way to the index: a few at a time, never two with marks of one entry."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable


class Sends:
    """The slices that are being sent, the oldest first."""

    def __init__(self, most: int) -> None:
        """Takes how many there may be at a time."""
        self._most = most
        self._running: list[tuple[asyncio.Task[None], frozenset[str]]] = []

    async def room_for(self, ids: Iterable[str]) -> None:
        """Return once one more slice, with marks of these entries, may be read and sent."""
        wanted = frozenset(ids)
        while self._running and (
            len(self._running) >= self._most
            or any(not wanted.isdisjoint(sent) for _, sent in self._running)
        ):
            await self._oldest()

    def start(self, ids: Iterable[str], send: Coroutine[None, None, None]) -> None:
        """Send a slice with marks of these entries."""
        self._running.append((asyncio.create_task(send), frozenset(ids)))

    async def all_done(self) -> None:
        """Return once all are sent. Raises as a send does."""
        while self._running:
            await self._oldest()

    async def cancel(self) -> None:
        """End those that are still on their way."""
        tasks = [task for task, _ in self._running]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _oldest(self) -> None:
        task, _ = self._running[0]
        await task
        del self._running[0]
