"""Executions in a real SQLite file, an index that a test scripts, and what stands between; drained by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.index.marks import INDEX_KINDS
from podium_core.models import Guarantee
from podium_core.outbox import DueEntries, OutboxEntry
from podium_server.facade.execution_parts import ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.limits import ConcurrencyLimits
from podium_server.facade.side_effects import SideEffects
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.indexer import Indexer
from tests.clock import FakeClock
from tests.server.scripted_index import ScriptedIndex

BUCKETS = range(16)


class Indexing:
    """A facade that marks the index, its outbox, and an indexer whose monotonic clock the test sets.

    Attributes:
        seconds: The monotonic clock.
    """

    def __init__(self, store: ConnectedStore, path: Path, clock: FakeClock) -> None:
        assert store.executions is not None
        assert store.outbox is not None
        assert store.stored_documents is not None
        assert store.concurrency_limits is not None
        assert store.metadata is not None
        self.clock = clock
        self.seconds = 0.0
        self.store = store.executions
        self.outbox = store.outbox
        self.source = store.stored_documents
        self.target = ScriptedIndex()
        self.indexer = Indexer(
            self.source, self.target, self.outbox, monotonic=lambda: self.seconds
        )
        self.drainer = Drainer(self.outbox, self.indexer)
        self.limits = ConcurrencyLimits(store.concurrency_limits, store.metadata)
        self.executions = ExecutionFacade(
            store.executions,
            limits=self.limits,
            rules=ExecutionRules(
                side_effects=SideEffects(index_executions=True, index_event_executions=True)
            ),
        )
        self._path = path

    async def due(self) -> list[OutboxEntry]:
        """The marks that are due."""
        return list((await self.outbox.due_entries(BUCKETS, INDEX_KINDS, 10_000)).entries)

    async def drained(self) -> int:
        """Carry out the marks that are due, once; how many those were."""
        entries = await self.due()
        await self.carry_out(entries)
        return len(entries)

    async def carry_out(self, entries: Sequence[OutboxEntry]) -> None:
        """Do what the drainer does with them, whether they are still there or not."""
        await self.drainer.carry_out(DueEntries(entries, 0))

    def corrupt(self, table: str, id_: str, document: str = "{") -> None:
        """Overwrite a stored document."""
        with sqlite3.connect(self._path) as conn:
            conn.execute(f"UPDATE {table} SET document = ? WHERE id = ?", (document, id_))  # noqa: S608
        conn.close()


@asynccontextmanager
async def indexing(folder: Path) -> AsyncIterator[Indexing]:
    """On a fresh file."""
    clock, path = FakeClock(), folder / "podium.db"
    context = StoreContext(
        name="main",
        serves=frozenset(DataType) - {DataType.INDEX},
        commit_guarantee=Guarantee.ATOMIC,
        clock=clock,
    )
    store = await open_store(context, SqliteSettings(path=path))
    try:
        yield Indexing(store, path, clock)
    finally:
        await store.close()
