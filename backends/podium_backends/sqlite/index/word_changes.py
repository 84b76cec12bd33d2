"""Changes of words, put off until the entries of a job are written."""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import Any


class WordChanges:
    """Statements on tables of words, each with the row that it is about.

    FTS5 gathers what is written in memory for as long as rows come in ascending order. At one that goes back it writes all
    that out, and later merges it: twice the work of the same rows in order.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[int, str, tuple[Any, ...]]] = []

    def add(self, number: int, sql: str, arguments: tuple[Any, ...]) -> None:
        """Put a statement off; those about one row stay in order."""
        self._changes.append((number, sql, arguments))

    def make(self, conn: sqlite3.Connection) -> None:
        """Carry all out."""
        for _, sql, arguments in sorted(self._changes, key=itemgetter(0)):
            conn.execute(sql, arguments)
        self._changes.clear()
