"""What is in a queue: functions on a connection that change nothing."""

from __future__ import annotations

import heapq
import sqlite3
from itertools import islice

from podium_backends.sqlite.file.stored_text import scan_rows

# The priorities of a queue from the highest down, one index seek for each: delayed messages are never scanned.
LEVELS = """
WITH RECURSIVE levels (level) AS (
    SELECT (SELECT max(priority) FROM messages WHERE queue_name = ?1)
    UNION ALL
    SELECT (SELECT max(priority) FROM messages WHERE queue_name = ?1 AND priority < level)
    FROM levels WHERE level IS NOT NULL
)
"""
_NEXT_DUE = (
    LEVELS
    + """
SELECT min((SELECT min(due_ms) FROM messages WHERE queue_name = ?1 AND priority = level)) FROM levels
"""
)
_READY_IDS = (
    LEVELS
    + """
SELECT m.id FROM levels CROSS JOIN messages AS m
WHERE m.queue_name = ?1 AND m.priority = level AND m.due_ms <= ?2
LIMIT ?3
"""
)
_DELAYED_IDS = """
SELECT due_ms, id FROM messages
WHERE queue_name = ? AND priority = ? AND due_ms > ? AND receipt IS NULL
ORDER BY due_ms, rowid LIMIT ?
"""


def next_due_ms(conn: sqlite3.Connection, queue_name: str) -> int | None:
    """When the next message is ready, or since when one is; the ends of leases included. None without any."""
    due_ms: int | None = conn.execute(_NEXT_DUE, (queue_name,)).fetchone()[0]
    return due_ms


def token_of(conn: sqlite3.Connection, queue_name: str, message_id: str) -> int | None:
    """The push token of a message; None without one."""
    row = conn.execute(
        "SELECT push_token FROM messages WHERE queue_name = ? AND id = ?", (queue_name, message_id)
    ).fetchone()
    return None if row is None else int(row[0])


def messages_after(
    conn: sqlite3.Connection, after: tuple[str, str], limit: int
) -> list[tuple[str, str, int]]:
    """Queue names, ids and due times of at least ``limit`` messages after this one, in order."""
    sql = (
        "SELECT queue_name, id, due_ms FROM messages WHERE (queue_name, id) > (?, ?) "
        "ORDER BY queue_name, id"
    )
    return list(scan_rows(conn.execute(sql, after), limit, lambda row: row[:2]))


def first_ids(conn: sqlite3.Connection, queue_name: str, count: int, *, now_ms: int) -> list[str]:
    """Ids in the order of delivery: what is ready, then what is delayed, the soonest first."""
    ids = [row[0] for row in conn.execute(_READY_IDS, (queue_name, now_ms, count))]
    wanted = count - len(ids)
    if wanted:
        levels = conn.execute(
            LEVELS + "SELECT level FROM levels WHERE level IS NOT NULL", (queue_name,)
        ).fetchall()
        delayed = [
            conn.execute(_DELAYED_IDS, (queue_name, level, now_ms, wanted)) for (level,) in levels
        ]
        # Of two due at once the one from the higher level comes first: merge is stable.
        soonest = heapq.merge(*delayed, key=lambda row: int(row[0]))
        ids += [message_id for _, message_id in islice(soonest, wanted)]
    return ids
