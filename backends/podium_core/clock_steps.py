"""Notices that a store's clock was set back, by looking at it again and again."""

from __future__ import annotations

import sys

# Clocks are slewed by less, all the time.
STEP_MS = 1_000


class ClockSteps:
    """The looks at one clock."""

    def __init__(self) -> None:
        # The first look counts as a step: nobody knows what happened before.
        self._seen_ms = sys.maxsize

    def back(self, now_ms: int) -> bool:
        """Whether the clock was set back since the last look."""
        back = now_ms < self._seen_ms - STEP_MS
        self._seen_ms = now_ms
        return back
