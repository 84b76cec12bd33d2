"""One attempt, as to connect, for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class AttemptEndedError(Exception):
    """The attempt was ended before it came to anything."""


class SharedAttempt(Generic[T]):
    """Runs ``make`` once at a time. A caller that is cancelled leaves the attempt to the others."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._task: asyncio.Task[T] | None = None

    async def result(self) -> T:
        """What the attempt under way gives, or raises; the first caller begins it.

        Raises:
            AttemptEndedError: ``cancel`` was called meanwhile.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._make())
            self._task.add_done_callback(self._end)
        attempt = self._task
        try:
            return await asyncio.shield(attempt)
        except asyncio.CancelledError:
            # Was it the attempt, or who waits for it?
            caller = asyncio.current_task()
            if attempt.cancelled() and not (caller and caller.cancelling()):
                raise AttemptEndedError from None
            raise

    async def cancel(self) -> None:
        """End the attempt under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _end(self, task: asyncio.Task[T]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # for its callers, if any is left
