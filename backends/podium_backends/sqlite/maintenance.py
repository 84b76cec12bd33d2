"""Housekeeping in small pieces: expired records go, freed pages return to the file system."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.queues.empty_counts import drop_empty_counts

ROWS = 500
PAGES = 256
# Between two pieces other writers get their turn.
PAUSE_SECONDS = 0.01

_EXPIRED = (
    "DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE expires_ms <= ? LIMIT ?)",
    "DELETE FROM event_executions WHERE (handler_name, event, message_id, id) IN"
    " (SELECT handler_name, event, message_id, id FROM event_executions WHERE expires_ms <= ? LIMIT ?)",
)


async def maintain(database: Database) -> None:
    """Delete what has expired and what counts nothing, 500 records at a time, then give back free pages, 1 MiB at a time."""
    for sql in _EXPIRED:
        more = True
        while more:
            more = await database.write(partial(_delete_expired, sql=sql, now_ms=database.now_ms()))
            await asyncio.sleep(PAUSE_SECONDS)
    await drop_empty_counts(database)
    await give_back_free_pages(database)


async def give_back_free_pages(database: Database) -> None:
    """Shorten the file by its free pages, 1 MiB at a time."""
    free = database.read(_free_pages)
    for _ in range(free // PAGES):
        await database.write(_give_back, weight=PAGES)
        await asyncio.sleep(PAUSE_SECONDS)


def _delete_expired(conn: sqlite3.Connection, *, sql: str, now_ms: int) -> bool:
    """Delete a piece, and say whether there may be more."""
    return conn.execute(sql, (now_ms, ROWS)).rowcount == ROWS


def _free_pages(conn: sqlite3.Connection) -> int:
    return int(conn.execute("PRAGMA freelist_count").fetchone()[0])


def _give_back(conn: sqlite3.Connection) -> None:
    conn.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
