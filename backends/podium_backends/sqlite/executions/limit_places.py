"""Places of concurrency limits in SQL: for the limit DAO, and for a WriteSet in the same file.

A place belongs to a task of a definition. Held and not used it lapses; while the task is IN_PROGRESS it doesn't. Triggers
count the places of a definition (``schema/limits.sql``).
"""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.file.times import time_after

# The place of a task that holds none yet; of one that does, only the time and the use change.
_HOLD = """
INSERT INTO limit_places (definition_name, task_id, in_progress, expires_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (definition_name, task_id) DO UPDATE SET
    in_progress = max(in_progress, excluded.in_progress), expires_ms = max(expires_ms, excluded.expires_ms)
"""


def take(
    conn: sqlite3.Connection,
    definition_name: str,
    task_id: str,
    *,
    limit: int,
    ttl_ms: int,
    now_ms: int,
) -> bool:
    """Hold a place if there is one, or renew the task's own; whether it holds one now."""
    conn.execute(
        "DELETE FROM limit_places WHERE definition_name = ? AND in_progress = 0 AND expires_ms <= ?",
        (definition_name, now_ms),
    )
    if not may_take(conn, definition_name, task_id, limit=limit, now_ms=now_ms):
        return False
    hold(conn, definition_name, task_id, ttl_ms=ttl_ms, now_ms=now_ms)
    return True


def may_take(
    conn: sqlite3.Connection, definition_name: str, task_id: str, *, limit: int, now_ms: int
) -> bool:
    """Whether the task holds a place, or there is one for it."""
    held = conn.execute(
        "SELECT 1 FROM limit_places"
        " WHERE definition_name = ? AND task_id = ? AND (in_progress = 1 OR expires_ms > ?)",
        (definition_name, task_id, now_ms),
    ).fetchone()
    return held is not None or _places(conn, definition_name, now_ms=now_ms) < limit


def _places(conn: sqlite3.Connection, definition_name: str, *, now_ms: int) -> int:
    row = conn.execute(
        "SELECT places - (SELECT count(*) FROM limit_places"
        " WHERE definition_name = ?1 AND in_progress = 0 AND expires_ms <= ?2)"
        " FROM limit_counts WHERE definition_name = ?1",
        (definition_name, now_ms),
    ).fetchone()
    return int(row[0]) if row else 0


def hold(
    conn: sqlite3.Connection, definition_name: str, task_id: str, *, ttl_ms: int, now_ms: int
) -> None:
    """Hold a place, even above the limit."""
    conn.execute(_HOLD, (definition_name, task_id, False, time_after(now_ms, ttl_ms)))


def set_in_progress(
    conn: sqlite3.Connection, definition_name: str, task_id: str, *, now_ms: int
) -> None:
    """The task runs: it holds a place that does not lapse, even above the limit."""
    conn.execute(_HOLD, (definition_name, task_id, True, now_ms))


def use(conn: sqlite3.Connection, definition_name: str, task_id: str) -> None:
    """The task runs: a place that it holds doesn't lapse any more."""
    conn.execute(
        "UPDATE limit_places SET in_progress = 1"
        " WHERE definition_name = ? AND task_id = ? AND in_progress = 0",
        (definition_name, task_id),
    )


def release(conn: sqlite3.Connection, definition_name: str, task_id: str) -> bool:
    """Free the task's place, if it holds one."""
    freed = conn.execute(
        "DELETE FROM limit_places WHERE definition_name = ? AND task_id = ?",
        (definition_name, task_id),
    )
    return freed.rowcount > 0


def in_progress_count(conn: sqlite3.Connection, definition_name: str) -> int:
    """How many tasks of a definition with a limit are IN_PROGRESS."""
    row = conn.execute(
        "SELECT in_progress FROM limit_counts WHERE definition_name = ?", (definition_name,)
    ).fetchone()
    return int(row[0]) if row else 0
