"""The counts of queues: kept by triggers but for lapsed leases, which are counted by time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial

import msgspec

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.stored_text import scan_rows
from podium_core.ports.queue_table import QueueCounts

COUNTS_PAGE = 500

# Lapsed leases are at the beginning of their index; a queue without leases needs no look.
_COUNTS = """
SELECT name, total, leased, CASE WHEN leased = 0 THEN 0 ELSE (
    SELECT count(*) FROM messages INDEXED BY messages_leased
    WHERE queue_name = name AND receipt IS NOT NULL AND due_ms <= ?1) END
FROM queues
"""


def counts_of(conn: sqlite3.Connection, queue_name: str, *, now_ms: int) -> QueueCounts:
    """The counts of one queue; zeros for an unknown one."""
    row = conn.execute(_COUNTS + "WHERE name = ?2", (now_ms, queue_name)).fetchone()
    return QueueCounts(*row) if row else QueueCounts(queue_name, 0, 0, 0)


async def pages_of_counts(database: Database) -> AsyncIterator[list[QueueCounts]]:
    """The counts of every queue, by name, in short reads."""
    now_ms = database.now_ms()
    after = ""
    more = True
    while more:
        page = database.read(partial(_counts_after, name=after, now_ms=now_ms))
        yield page
        more = len(page) >= COUNTS_PAGE
        after = page[-1].name if more else ""
        await asyncio.sleep(0)


def _counts_after(conn: sqlite3.Connection, *, name: str, now_ms: int) -> list[QueueCounts]:
    rows = conn.execute(_COUNTS + "WHERE name > ?2 ORDER BY name", (now_ms, name))
    return [QueueCounts(*row) for row in scan_rows(rows, COUNTS_PAGE, lambda row: row[:1])]


def changes_of(conn: sqlite3.Connection, queue_names: list[str]) -> dict[str, int]:
    """How often each of these queues has changed; one that never had a message isn't there."""
    rows = conn.execute(
        "SELECT name, changes FROM json_each(?) CROSS JOIN queues ON name = value",
        (msgspec.json.encode(queue_names).decode(),),
    )
    return dict(rows.fetchall())
