"""What a write of an entry needs to know and to collect: the stored entry, and the changes of its words."""

from __future__ import annotations

import sqlite3
from operator import itemgetter
from typing import Any, NamedTuple


class StoredEntry(NamedTuple):
    """A stored entry.

    Attributes:
        number: Its row.
        workflow_id: The workflow of a task's entry; empty for other kinds.
        external: It came through IndexService.
    """

    number: int
    token: int
    digest: bytes
    workflow_id: str
    external: bool = False


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
