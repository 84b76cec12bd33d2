"""The index as the indexer sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.index.entry_table import TASK_TABLE
from podium_backends.sqlite.index.searchers import Searchers
from podium_backends.sqlite.index.writes import TABLES, send
from podium_core.index.changes import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)
from podium_core.paging.read_budget import up_to
from podium_core.ports import IndexTarget


def weight_of(document: bytes | None) -> int:
    """What a write costs, in statements: its own few, and finding the words."""
    return 20 + (len(document) // 50 if document else 0)


class SqliteIndexTarget:
    """Implements ``IndexTarget``."""

    def __init__(self, database: Database, reader: Searchers) -> None:
        self._database = database
        self._reader = reader

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        if not writes:
            return []
        now_ms = self._database.now_ms()

        def job(conn: sqlite3.Connection) -> list[IndexAnswer]:
            return send(conn, writes, now_ms=now_ms)

        weight = sum(weight_of(write.document) for write in writes)
        return await self._database.write(job, weight=weight)

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
        heads = self._database.read(lambda conn: TABLES[kind].next_heads(conn, cursor, limit))
        return EntryScan(heads, heads[-1].id if len(heads) >= limit else None)


def _size(entry: IndexEntry | None) -> int:
    return len(entry.document) if entry else 0


_: type[IndexTarget] = SqliteIndexTarget
