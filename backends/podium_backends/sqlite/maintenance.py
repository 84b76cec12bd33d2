"""Housekeeping in small pieces: expired records go, freed pages return to the file system."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.database import Database

ROWS = 500
PAGES = 256


async def maintain(database: Database) -> None:
    """Delete up to 500 expired records of each table, and give back up to 1 MiB of free pages."""
    now_ms = database.now_ms()

    def job(conn: sqlite3.Connection) -> None:
        conn.execute(
            "DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE expires_ms <= ? LIMIT ?)",
            (now_ms, ROWS),
        )
        conn.execute(
            "DELETE FROM event_executions WHERE (handler_name, event, message_id, id) IN"
            " (SELECT handler_name, event, message_id, id FROM event_executions WHERE expires_ms <= ? LIMIT ?)",
            (now_ms, ROWS),
        )

    await database.write(job, weight=ROWS)
    free = database.read(lambda conn: conn.execute("PRAGMA freelist_count").fetchone()[0])
    if free > PAGES:
        await database.write(
            lambda conn: conn.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall(),
            weight=PAGES,
        )
