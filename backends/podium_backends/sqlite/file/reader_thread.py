"""Reads in threads: each on one state of the file, and ended where nobody waits for it any more."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from podium_backends.sqlite.file.open_statements import end_statements

T = TypeVar("T")

_AGAIN_SECONDS = 0.005


def on_one_state(connection: sqlite3.Connection, query: Callable[[sqlite3.Connection], T]) -> T:
    """Run a query whose statements all see one state."""
    if connection.in_transaction:  # the COMMIT of the last one was interrupted
        connection.execute("ROLLBACK")
    connection.execute("BEGIN")
    try:
        return query(connection)
    except BaseException as error:
        end_statements(error)
        raise
    finally:
        connection.execute("COMMIT")


async def interrupt(connection: sqlite3.Connection, running: asyncio.Future[T]) -> None:
    """End a query that runs on a connection; its result is lost."""
    while not running.done():
        # It ends a statement that runs now; the next may just be about to begin.
        connection.interrupt()
        await asyncio.wait([running], timeout=_AGAIN_SECONDS)
    if not running.cancelled():
        running.exception()  # nobody asks for it any more
