"""When the clock is set back, what was to wait for a moment would wait for as long as the step: it is made due at once."""

from __future__ import annotations

import sqlite3

from podium_core.outbox import KIND_PAYLOAD, KIND_REMOVAL, MOMENT_MS

# Payloads wait long on purpose, and so do removals to come.
_HASTEN = (
    "UPDATE outbox SET due_ms = 0 WHERE aside = 0 AND due_ms > ? AND kind != ? AND (kind != ? OR EXISTS"
    " (SELECT 1 FROM workflows AS w WHERE w.id = outbox.id AND w.removal_due_ms IS NOT outbox.due_ms))"
)


def hasten(conn: sqlite3.Connection, *, now_ms: int) -> None:
    """Make due what can't have been meant to wait so long."""
    conn.execute(_HASTEN, (now_ms + MOMENT_MS, KIND_PAYLOAD, KIND_REMOVAL))
