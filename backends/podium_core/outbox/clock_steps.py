"""Notices a store's clock that is set back, and finds the entries that would be late.

A clock set back would lengthen short delays by the size of the step; those entries become due now.
"""

from __future__ import annotations

import sys

from podium_core.outbox.entries import KIND_PAYLOAD, KIND_REMOVAL

# Clocks are slewed by less, all the time.
STEP_MS = 1_000
# Longer than the delay before any other try.
MOMENT_MS = 60_000
# They are delayed for long on purpose.
LONG_KINDS = frozenset({KIND_PAYLOAD})


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


def waits_too_long(kind: str, due_ms: int, *, planned_ms: int | None, now_ms: int) -> bool:
    """Whether an entry can't have been meant to wait for so long: make it due at once.

    Args:
        kind: The entry's.
        due_ms: When it is due.
        planned_ms: When the workflow of a removal is to go; None where that isn't known.
        now_ms: The store's clock.
    """
    if kind in LONG_KINDS or due_ms <= now_ms + MOMENT_MS:
        return False
    return kind != KIND_REMOVAL or due_ms != planned_ms
