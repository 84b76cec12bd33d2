"""The deadline of a call: what asyncio.timeout does, without its two coroutines, which every call would pay for."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """Cancels the task that entered it when the time has come, and turns that into TimeoutError.

    Attributes:
        when: The loop's time; None without a deadline.
        expired: It has come.
    """

    __slots__ = ("_cancelling", "_handle", "_loop", "_task", "expired", "when")

    _task: asyncio.Task[object]

    def __init__(self, seconds: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._handle: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self.expired = False
        self.when = None if seconds is None else self._loop.time() + max(seconds, 0.0)

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is entered in a task")
        self._task = task
        self._cancelling = task.cancelling()
        if self.when is not None:
            self._handle = self._loop.call_at(self.when, self._expire)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        if not self.expired:
            return
        # Somebody else's cancellation, beside ours, stays one.
        ours = self._task.uncancel() <= self._cancelling
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def postpone(self, seconds: float) -> None:
        """So long from now instead."""
        self.when = self._loop.time() + seconds
        if self._handle is not None and not self.expired:
            self._handle.cancel()
            self._handle = self._loop.call_at(self.when, self._expire)

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()
