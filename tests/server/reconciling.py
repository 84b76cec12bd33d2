"""Executions, queues and an index in real SQLite files, drained by hand, and damage done behind the facade's back."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.index.marks import INDEX_KINDS
from podium_core.models import Guarantee
from podium_core.outbox import DueEntries, OutboxEntry
from podium_core.reconcile import IndexProblem, IndexReport
from podium_server.facade.execution_parts import ExecutionParts, ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.index import IndexFacade
from podium_server.facade.index_marks import IndexMarkWrites
from podium_server.facade.limits import ConcurrencyLimits
from podium_server.facade.removal import RemovalFacade
from podium_server.facade.side_effects import SideEffects
from podium_server.outbox.archive import Archive
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.indexer import Indexer
from podium_server.reconcile.index_check import IndexCheck
from tests.contract.records import make_task, make_workflow

WORKFLOW, TASK = EntryKind.WORKFLOW, EntryKind.TASK
BUCKETS = range(16)
FAR_TOKEN = 2**60


class Reconciling:
    """One store with everything, and the parts that a check works on.

    Attributes:
        woken: How often a check has woken the indexer.
    """

    def __init__(self, store: ConnectedStore, settings: SqliteSettings) -> None:
        assert store.executions is not None
        assert store.outbox is not None
        assert store.stored_documents is not None
        assert store.index is not None
        assert store.concurrency_limits is not None
        assert store.queues is not None
        assert store.metadata is not None
        self.settings = settings
        self.woken = 0
        self.outbox = store.outbox
        self.source = store.stored_documents
        self.target = store.index.table
        self.queues = store.queues
        self.metadata = store.metadata
        indexer = Indexer(self.source, self.target, self.outbox)
        self.drainer = Drainer(self.outbox, indexer)
        archive = Archive(self.source, self.target, self.outbox)
        self.executions = ExecutionFacade(
            store.executions,
            limits=ConcurrencyLimits(store.concurrency_limits, store.metadata),
            rules=ExecutionRules(side_effects=SideEffects(index_executions=True)),
            parts=ExecutionParts(removals=RemovalFacade(store.executions, archive)),
        )
        marks = IndexMarkWrites(self.outbox, indexer, self.target, lambda: None)
        self.index = IndexFacade(store.index, marks)

    def check(self, pause_seconds: float = 0.0) -> IndexCheck:
        """A check of the index."""
        return IndexCheck(
            self.source, self.target, self.outbox, self._wake, pause_seconds=pause_seconds
        )

    def _wake(self) -> None:
        self.woken += 1

    async def due(self) -> list[OutboxEntry]:
        """The marks of the index that are due."""
        return list((await self.outbox.due_entries(BUCKETS, INDEX_KINDS, 100_000)).entries)

    async def drained(self) -> int:
        """Carry out the marks that are due, those too that got a fresh token; how many there were at first."""
        first = entries = await self.due()
        while entries:
            await self.drainer.carry_out(DueEntries(entries, 0))
            entries = await self.due()
        return len(first)

    async def with_documents(self, workflows: int = 1, tasks: int = 0) -> None:
        """Indexed workflows ``w000…``, each with tasks ``w000-t0…``."""
        for number in range(workflows):
            id_ = f"w{number:03}"
            await self.executions.create_workflow(make_workflow(id_))
            await self.executions.create_tasks(
                [make_task(f"{id_}-t{at}", workflow_id=id_) for at in range(tasks)]
            )
        await self.drained()

    async def overwrite(self, kind: EntryKind, id_: str, document: bytes | None) -> None:
        """Damage to an entry, as by a write that nobody knows of; None deletes it."""
        found = await self.target.entries(kind, [id_])
        token = found[0].token if found[0] else FAR_TOKEN
        write = IndexWrite(kind=kind, id=id_, token=token, document=document)
        assert not (await self.target.send([write]))[0].stale

    def corrupt(self, table: str, id_: str) -> None:
        """Make a stored document unreadable."""
        sql = f"UPDATE {table} SET document = '[' WHERE id = ?"  # noqa: S608
        self.execute(self.settings.path, sql, (id_,))

    def lose_entries(self) -> None:
        """Lose all entries of the index."""
        for table in ("workflows", "workflow_documents", "tasks", "task_documents"):
            self.execute(self.settings.index_file, f"DELETE FROM {table}")  # noqa: S608

    @staticmethod
    def execute(path: Path, sql: str, arguments: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Read from a file, or write to it, behind the server's back."""
        with sqlite3.connect(path) as conn:
            rows = conn.execute(sql, arguments).fetchall()
        conn.close()
        return rows


@asynccontextmanager
async def reconciling(folder: Path) -> AsyncIterator[Reconciling]:
    """On fresh files."""
    context = StoreContext(
        name="main",
        serves=frozenset(DataType) - {DataType.PAYLOADS},
        commit_guarantee=Guarantee.ATOMIC,
    )
    settings = SqliteSettings(path=folder / "podium.db")
    store = await open_store(context, settings)
    try:
        yield Reconciling(store, settings)
    finally:
        await store.close()


def found(reports: Sequence[IndexReport]) -> dict[str, IndexProblem]:
    """What was found, by id."""
    return {one.id: one.problem for report in reports for one in report.differences}
