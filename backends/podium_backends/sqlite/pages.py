"""Reading a result without a bound page by page, each in a short read of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from podium_backends.sqlite.database import Database
from podium_core.errors import CorruptRecordError
from podium_core.models import Page
from podium_core.resume_token import resume_token

T = TypeVar("T")

PAGE_BYTES = 262_144
PAGE_ROWS = 1_000

Row = tuple[Any, ...]


async def pages(
    database: Database,
    select: Callable[[sqlite3.Connection, Row], sqlite3.Cursor],
    start: Row,
    record: Callable[[Row], T],
) -> AsyncIterator[Page[T]]:
    """Page through a query by key.

    Args:
        database: Where to read.
        select: Runs the query from behind a key. Each row begins with its key, in the query's order, the record's id last
            in it; the document, if any, is the row's last column.
        start: The key to begin behind.
        record: Makes the record of a row.
    """
    key = start
    while True:
        page, last = database.read(lambda conn, key=key: _page(select(conn, key), len(key), record))  # type: ignore[misc]
        yield page
        if last is None:
            return
        key = last
        await asyncio.sleep(0)


def _page(
    cursor: sqlite3.Cursor, width: int, record: Callable[[Row], T]
) -> tuple[Page[T], Row | None]:
    items: list[T] = []
    unreadable: list[str] = []
    size = 0
    last: Row = ()
    more = False
    for row in cursor:
        if size >= PAGE_BYTES or len(items) + len(unreadable) >= PAGE_ROWS:
            more = True
            break
        last = row[:width]
        size += len(row[-1]) if isinstance(row[-1], str) else 16
        try:
            items.append(record(row))
        except CorruptRecordError as error:
            unreadable.append(error.name)
    cursor.close()
    token = resume_token(*last) if more else ""
    return Page(
        items=tuple(items), unreadable_ids=tuple(unreadable), resume_token=token
    ), last if more else None
