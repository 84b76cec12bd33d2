"""When the clock is set back, what was to wait for a moment would wait for as long as the step: it is made due at once."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.removal_mark import TO_ARCHIVE
from podium_backends.sqlite.times import MAX_TIME_MS
from podium_core.outbox import KIND_PAYLOAD, KIND_REMOVAL

# Clocks are slewed by less, all the time.
STEP_MS = 1_000
# Longer than the delay before any other try.
MOMENT_MS = 60_000

# Payloads wait long on purpose, and so do removals to come.
_HASTEN = (
    "UPDATE outbox SET due_ms = 0 WHERE aside = 0 AND due_ms > ? AND kind != ? AND (kind != ? OR EXISTS"
    " (SELECT 1 FROM workflows AS w WHERE w.id = outbox.id AND (w.removal_due_ms = 0 OR w.archive = ?)))"
)


class ClockSteps:
    """Notices steps of the clock, by looking at it again and again."""

    def __init__(self) -> None:
        # The first look counts as a step: nobody knows what happened before.
        self._seen_ms = MAX_TIME_MS

    def back(self, now_ms: int) -> bool:
        """Whether the clock was set back since the last look."""
        back = now_ms < self._seen_ms - STEP_MS
        self._seen_ms = now_ms
        return back


def hasten(conn: sqlite3.Connection, *, now_ms: int) -> None:
    """Make due what can't have been meant to wait so long."""
    conn.execute(_HASTEN, (now_ms + MOMENT_MS, KIND_PAYLOAD, KIND_REMOVAL, TO_ARCHIVE))
