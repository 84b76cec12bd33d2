"""The index in a SQLite file: writes take effect at once, searches run in threads of their own."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.index.entry_table import TASK_TABLE
from podium_backends.sqlite.index.layout import LAYOUTS
from podium_backends.sqlite.index.lookup_table import LOOKUP_TABLES
from podium_backends.sqlite.index.search import SqlSearch
from podium_backends.sqlite.index.searchers import Searchers
from podium_backends.sqlite.index.writes import TABLES, TOMBSTONE_MS, send
from podium_core.errors import UnsupportedOperationError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)
from podium_core.index.search import Hits, Search
from podium_core.paging.read_budget import ReadBudget, up_to
from podium_core.ports import IndexTable


class SqliteIndexTable:
    """Implements ``IndexTable``."""

    def __init__(
        self, database: Database, searchers: Searchers, lookups: Searchers, reader: Searchers
    ) -> None:
        """On a file.

        Args:
            database: The file.
            searchers: For searches, which may take long.
            lookups: For look-ups, which don't wait for those.
            reader: For the indexer, without a time limit.
        """
        self._database = database
        self._searchers = searchers
        self._lookups = lookups
        self._reader = reader

    async def setup(self) -> None:
        # Opening the file has made the tables.
        self._database.read(lambda conn: conn.execute("SELECT 1 FROM workflows LIMIT 1").fetchone())

    # what is sent

    @property
    def tombstone_ms(self) -> int:
        return TOMBSTONE_MS

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        if not writes:
            return []
        now_ms = self._database.now_ms()

        def job(conn: sqlite3.Connection) -> list[IndexAnswer]:
            return send(conn, writes, now_ms=now_ms)

        weight = sum(_weight(write.document) for write in writes)
        return await self._database.write(job, weight=weight)

    async def refresh(self) -> None:
        # What is written is found.
        pass

    # entries

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int = ENTRIES_SIZE
    ) -> list[IndexEntry | None]:
        table = TABLES[kind]

        def query(conn: sqlite3.Connection) -> list[IndexEntry | None]:
            return up_to((table.entry(conn, id_) for id_ in ids), max_size, _size)

        return await self._reader.run(query)

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        return await self._reader.run(
            lambda conn: TASK_TABLE.ids_of_workflow(conn, workflow_id, after, limit)
        )

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        return self._database.read(lambda conn: TABLES[kind].heads(conn, ids))

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        return self._database.read(lambda conn: TABLES[kind].next_heads(conn, cursor, limit))

    # searches and look-ups

    async def search(self, search: Search, budget: ReadBudget) -> Hits:
        if search.lucene_query:
            raise UnsupportedOperationError("sqlite", "a search with lucene_query")
        compiled = SqlSearch(LAYOUTS[search.kind], search)
        readers = self._lookups if search.is_cheap else self._searchers
        return await readers.run(lambda conn: compiled.run(conn, budget))

    async def records(
        self, kind: EntryKind, owner: str, count: int, budget: ReadBudget
    ) -> list[tuple[str, bytes]]:
        table = LOOKUP_TABLES[kind]

        def query(conn: sqlite3.Connection) -> list[tuple[str, bytes]]:
            found: list[tuple[str, bytes]] = []
            for id_, document in table.of_owner(conn, owner, count):
                budget.take_document(len(document))
                found.append((id_, document))
            return found

        return await self._lookups.run(query)


def _weight(document: bytes | None) -> int:
    """What a write costs, in statements: its own few, and finding the words."""
    return 20 + (len(document) // 50 if document else 0)


def _size(entry: IndexEntry | None) -> int:
    return len(entry.document) if entry else 0


_: type[IndexTable] = SqliteIndexTable
