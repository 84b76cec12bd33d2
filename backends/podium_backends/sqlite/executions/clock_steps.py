"""Makes entries of the outbox due that would wait for as long as the clock was set back."""

from __future__ import annotations

import sqlite3

from podium_core.outbox import KIND_REMOVAL, LONG_KINDS, MOMENT_MS, waits_too_long

_FIND = (
    "SELECT o.kind, o.id, o.due_ms, w.removal_due_ms FROM outbox AS o"
    " LEFT JOIN workflows AS w ON o.kind = ? AND w.id = o.id"
    f" WHERE o.aside = 0 AND o.due_ms > ? AND o.kind NOT IN ({', '.join('?' * len(LONG_KINDS))})"
)
_MAKE_DUE = "UPDATE outbox SET due_ms = 0 WHERE kind = ? AND id = ?"


def make_due(conn: sqlite3.Connection, *, now_ms: int) -> None:
    """Make due what can't have been meant to wait so long."""
    found = conn.execute(_FIND, (KIND_REMOVAL, now_ms + MOMENT_MS, *LONG_KINDS))
    late = [
        (kind, id_)
        for kind, id_, due_ms, planned_ms in found
        if waits_too_long(kind, due_ms, planned_ms=planned_ms, now_ms=now_ms)
    ]
    conn.executemany(_MAKE_DUE, late)
