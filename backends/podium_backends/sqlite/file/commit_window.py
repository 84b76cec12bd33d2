"""How long a group of writes waits for more: not at all while one writes alone, up to 2 ms while many do.

An fsync and a hop to the thread cost as much for one write as for thirty. Callers that were just answered usually write
again; wait for about as many as wrote recently.
"""

from __future__ import annotations

import asyncio

WINDOW_SECONDS = 0.002
# The share of recent writers to wait for. Waiting for the last one never pays.
ENOUGH = 0.9
_FADING = 0.3
_ALONE = 1.5


class CommitWindow:
    """Estimates how many write at a time. Runs on the event loop."""

    def __init__(self) -> None:
        self._lately = 1.0
        self._enough: asyncio.Future[None] | None = None

    async def wait(self, waiting: int) -> None:
        """Wait until about as many writes have come as recently, or the window is over."""
        if self._lately < _ALONE or self._is_enough(waiting):
            return
        loop = asyncio.get_running_loop()
        self._enough = loop.create_future()
        window = loop.call_later(WINDOW_SECONDS, self._end)
        try:
            await self._enough
        finally:
            window.cancel()
            self._enough = None

    def note_waiting(self, waiting: int) -> None:
        """Another write waits."""
        if self._enough is not None and self._is_enough(waiting):
            self._end()

    def note_group(self, jobs: int, waiting: int) -> None:
        """A group of ``jobs`` is done; ``waiting`` came meanwhile."""
        self._lately += _FADING * (jobs + waiting - self._lately)

    def _is_enough(self, waiting: int) -> bool:
        return waiting >= ENOUGH * self._lately

    def _end(self) -> None:
        if self._enough is not None and not self._enough.done():
            self._enough.set_result(None)
