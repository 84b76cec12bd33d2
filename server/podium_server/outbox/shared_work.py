"""Work that several callers want at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SharedWork(Generic[T]):
    """The work under way, by key. It goes on for as long as anybody waits for it."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Running[T]] = {}

    async def run(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Begin the work, or join it. A caller that is cancelled ends it only if nobody else waits.

        Raises:
            Exception: As the work, in every caller.
        """
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running(asyncio.create_task(work()))
        running.callers += 1
        try:
            return await asyncio.shield(running.task)
        finally:
            running.callers -= 1
            if not running.callers:
                if self._running.get(key) is running:
                    del self._running[key]
                running.task.cancel()
                # Nothing of it is left when a store closes after its last caller.
                await asyncio.wait({running.task})


class _Running(Generic[T]):
    __slots__ = ("callers", "task")

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.callers = 0
