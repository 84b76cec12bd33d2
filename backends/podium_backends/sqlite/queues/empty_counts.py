"""The counts of queues and of concurrency limits that have come down to 0: without this their rows stay for ever."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import NamedTuple

from podium_backends.sqlite.file.database import Database

ROWS = 500
# Between two pieces other writers get their turn.
PAUSE_SECONDS = 0.01


class _Counts(NamedTuple):
    """A table of counts that triggers keep; its rows come back with the next thing to count."""

    table: str
    name: str
    counted: str


_TABLES = (_Counts("queues", "name", "total"), _Counts("limit_counts", "definition_name", "places"))


async def drop_empty_counts(database: Database) -> None:
    """Delete the rows whose count is 0, a page at a time; a page without any costs one short read."""
    for counts in _TABLES:
        last: str | None = ""
        while last is not None:
            names, last = database.read(partial(_page, counts=counts, after=last))
            if names:
                await database.write(partial(_drop, counts=counts, names=names), weight=len(names))
            await asyncio.sleep(PAUSE_SECONDS)


def _page(conn: sqlite3.Connection, *, counts: _Counts, after: str) -> tuple[list[str], str | None]:
    """The empty ones of a page, and its last name; None where no page follows."""
    table, name, counted = counts
    sql = f"SELECT {name}, {counted} FROM {table} WHERE {name} > ? ORDER BY {name} LIMIT ?"
    rows = conn.execute(sql, (after, ROWS)).fetchall()
    return [row[0] for row in rows if not row[1]], rows[-1][0] if len(rows) == ROWS else None


def _drop(conn: sqlite3.Connection, *, counts: _Counts, names: list[str]) -> None:
    table, name, counted = counts
    # Asked again: something may have come meanwhile.
    sql = f"DELETE FROM {table} WHERE {name} = ? AND {counted} = 0"
    conn.executemany(sql, [(one,) for one in names])
