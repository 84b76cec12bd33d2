"""The index as the indexer sees it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.database import Database
from podium_backends.sqlite.index.writes import TABLES, send
from podium_core.index.changes import EntryKind
from podium_core.index.target import (
    EntryHead,
    IndexAnswer,
    IndexEntry,
    IndexTarget,
    IndexWrite,
)

# Read at once on the event loop.
_CHUNK = 100


def weight_of(document: bytes | None) -> int:
    """What a write costs, in statements: its own few, and finding the words."""
    return 20 + (len(document) // 50 if document else 0)


class SqliteIndexTarget:
    """Implements ``IndexTarget``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        if not writes:
            return []
        now_ms = self._database.now_ms()

        def job(conn: sqlite3.Connection) -> list[IndexAnswer]:
            return send(conn, writes, now_ms=now_ms)

        weight = sum(weight_of(write.document) for write in writes)
        return await self._database.write(job, weight=weight)

    async def entries(self, kind: EntryKind, ids: Sequence[str]) -> list[IndexEntry | None]:
        table = TABLES[kind]
        found: list[IndexEntry | None] = []
        for at in range(0, len(ids), _CHUNK):
            chunk = ids[at : at + _CHUNK]
            found += self._database.read(
                lambda conn, chunk=chunk: [table.entry(conn, id_) for id_ in chunk]  # type: ignore[misc]
            )
            await asyncio.sleep(0)
        return found

    async def scan(
        self, kind: EntryKind, *, after: str = "", limit: int = 1_000
    ) -> list[EntryHead]:
        return self._database.read(lambda conn: TABLES[kind].heads(conn, after, limit))


_: type[IndexTarget] = SqliteIndexTarget
