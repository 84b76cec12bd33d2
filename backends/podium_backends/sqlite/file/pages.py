"""Reading a result without a bound page by page, each in a short read of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.stored_text import UnreadableText, is_readable
from podium_core.errors import CorruptRecordError
from podium_core.models import Page
from podium_core.paging.page_builder import Found, PageBuilder
from podium_core.paging.read_budget import ReadBudget
from podium_core.paging.resume_token import resume_token

T = TypeVar("T")

Row = tuple[Any, ...]
Select = Callable[[sqlite3.Connection, Row], sqlite3.Cursor]


async def pages(
    database: Database,
    select: Select,
    start: Row,
    record: Callable[[Row], Found[T]],
    *,
    id_of: Callable[[Row], str],
) -> AsyncIterator[Page[T]]:
    """Page through a query by key.

    Args:
        database: Where to read.
        select: Runs the query from after a key. Each row begins with its key, in the query's order.
        start: The key to begin after.
        record: Makes the record of a row.
        id_of: What a row is called where its record can't be read.
    """
    key = start
    while True:
        page, last = database.read(
            lambda conn, key=key: _page(select(conn, key), len(key), record, id_of)  # type: ignore[misc]
        )
        yield page
        if last is None:
            return
        key = last
        await asyncio.sleep(0)


async def rows_within(
    database: Database,
    sql: str,
    arguments: Row,
    record: Callable[[Row], Found[T]],
    budget: ReadBudget,
) -> list[T]:
    """All rows of a statement, which one answer holds.

    Raises:
        CorruptRecordError: A record can't be read.
        ResultTooLargeError: They are above the budget.
    """

    def query(conn: sqlite3.Connection, budget: ReadBudget) -> list[T]:
        items: list[T] = []
        for row in conn.execute(sql, arguments):
            found = record(row)
            budget.take(found.size)
            items.append(found.item)
        return items

    return await database.read_compound(query, budget)


def _readable(row: Row, record: Callable[[Row], Found[T]], id_of: Callable[[Row], str]) -> Found[T]:
    for value in row:
        if type(value) is UnreadableText:
            raise CorruptRecordError("row", id_of(row), "a text in it isn't UTF-8")
    return record(row)


def _page(
    cursor: sqlite3.Cursor,
    width: int,
    record: Callable[[Row], Found[T]],
    id_of: Callable[[Row], str],
) -> tuple[Page[T], Row | None]:
    page = PageBuilder[T]()
    last: Row = ()
    more = False
    for row in cursor:
        # A page ends with a key from which the next one can go on.
        if page.is_full and all(map(is_readable, last)):
            more = True
            break
        last = row[:width]
        try:
            page.add(_readable(row, record, id_of), last)
        except CorruptRecordError:
            page.add_unreadable(id_of(row), last)
    cursor.close()
    return page.take(resume_token(*last) if more else ""), last if more else None
