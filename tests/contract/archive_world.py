"""Executions and index of one store, with everything between them wired by hand, for tests that break it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from podium_core.decide import removal_record
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)
from podium_core.index.marks import INDEX_KINDS, Verify, encode_mark, outbox_kind
from podium_core.index.stored_document import StoredDocument
from podium_core.outbox import KIND_REMOVAL, DueEntries, NewEntry, OutboxEntry
from podium_core.ports import IndexTarget
from podium_core.removal import RemovalMachine
from podium_core.write_set import builders
from podium_server.facade.archive_reads import ArchiveReads
from podium_server.facade.execution_parts import ExecutionParts, ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from podium_server.facade.limits import ConcurrencyLimits
from podium_server.facade.removal import RemovalFacade
from podium_server.facade.side_effects import SideEffects
from podium_server.outbox.archive import WHOLE_MAX_SIZE, Archive
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.handlers import OneByOne
from podium_server.outbox.indexer import Indexer
from podium_server.outbox.removals import Removals
from podium_server.outbox.targets import removal_target
from tests.clock import FakeClock
from tests.contract.daos import Adapters
from tests.contract.ways import Way

BUCKETS = range(16)
KINDS = (KIND_REMOVAL, *INDEX_KINDS)


class UnreliableIndex:
    """An index that is down, or takes a send only long after its sender has given up.

    Attributes:
        is_down: Nothing reaches it.
        holds: The next send gets no answer, and arrives when ``deliver`` says.
        held: Such sends.
    """

    def __init__(self, target: IndexTarget) -> None:
        self._target = target
        self.is_down = False
        self.holds = False
        self.held: list[list[IndexWrite]] = []

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        self._require_up()
        if self.holds:
            self.holds = False
            self.held.append(list(writes))
            raise OutcomeUnknownError("index", "no answer came")
        return await self._target.send(writes)

    async def deliver(self) -> None:
        """What was held arrives, the latest first."""
        while self.held:
            await self._target.send(self.held.pop())

    @property
    def tombstone_ms(self) -> int:
        return self._target.tombstone_ms

    async def refresh(self) -> None:
        self._require_up()
        await self._target.refresh()

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int = ENTRIES_SIZE
    ) -> list[IndexEntry | None]:
        self._require_up()
        return await self._target.entries(kind, ids, max_size=max_size)

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        self._require_up()
        return await self._target.task_ids(workflow_id, after=after, limit=limit)

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        self._require_up()
        return await self._target.heads(kind, ids)

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        self._require_up()
        return await self._target.scan(kind, cursor=cursor, limit=limit)

    def _require_up(self) -> None:
        if self.is_down:
            raise BackendUnavailableError("index", "down")


class ArchiveWorld:
    """The facade, its drainers, and the index between them."""

    def __init__(self, adapters: Adapters, clock: FakeClock, whole_max_size: int) -> None:
        self.clock = clock
        self.store = adapters.executions
        self.outbox = adapters.outbox
        self.source = adapters.stored_documents
        self._adapters = adapters
        self.index = UnreliableIndex(adapters.index.table)
        self.archive = Archive(self.source, self.index, self.outbox, whole_max_size=whole_max_size)
        self.executions = ExecutionFacade(
            self.store,
            limits=ConcurrencyLimits(adapters.concurrency_limits, adapters.metadata),
            rules=ExecutionRules(side_effects=SideEffects(index_executions=True)),
            parts=ExecutionParts(
                removals=RemovalFacade(self.store, self.archive),
                archive_reads=ArchiveReads(self.index, self.outbox),
            ),
        )
        self._indexing = Drainer(self.outbox, Indexer(self.source, self.index, self.outbox))
        removals = OneByOne(removal_target(Removals(self.store, self.archive)))
        self._removing = Drainer(self.outbox, removals)

    async def due(self) -> list[OutboxEntry]:
        """All marks that are due."""
        return list((await self.outbox.due_entries(BUCKETS, KINDS, 1_000)).entries)

    async def carry_out(self, entries: Sequence[OutboxEntry]) -> None:
        """Do what a drainer does with them, whether they are still there or not."""
        removals = [entry for entry in entries if entry.kind == KIND_REMOVAL]
        await self._removing.carry_out(DueEntries(removals, 0))
        marks = [entry for entry in entries if entry.kind != KIND_REMOVAL]
        await self._indexing.carry_out(DueEntries(marks, 0))

    async def settle(self, within_ms: int = 60_000) -> None:
        """Drain until nothing is due, nor will be within this time."""
        for _ in range(100):
            due_in_ms = await self.outbox.due_in_ms(BUCKETS, KINDS)
            if due_in_ms is None or due_in_ms > within_ms:
                return
            self.clock.now_ms += due_in_ms
            await self.carry_out(await self.due())
        raise AssertionError("it never comes to rest")

    async def stored(self, workflow_id: str) -> tuple[StoredDocument, list[StoredDocument]] | None:
        """The document of a workflow and those of its tasks, whatever its removal record says."""
        (workflow,) = await self.source.documents(
            EntryKind.WORKFLOW, [(workflow_id, workflow_id)], max_size=1
        )
        if workflow.gone:
            return None
        return workflow, await self.source.tasks_of(workflow_id, max_size=1_000_000)

    async def verify_everything(self) -> None:
        """What a repair does: a mark for every document and for every entry."""
        for kind in (EntryKind.WORKFLOW, EntryKind.TASK):
            heads = (await self.index.scan(kind)).heads
            owners = {head.id: head.workflow_id or head.id for head in heads}
            documents = (await self.source.scan_documents(kind)).documents
            owners |= {document.id: document.owner for document in documents}
            body = encode_mark(Verify())
            await self.outbox.put(
                [
                    NewEntry(kind=outbox_kind(kind), id=id_, owner=owners[id_], body=body)
                    for id_ in sorted(owners)
                ]
            )

    async def remove_and_die(self, workflow_id: str, *, stages: int) -> None:
        """RemoveWorkflow(archive) by a server that dies behind the mark, behind the archive, or before the deletion."""
        write_set = builders.remove_workflow(workflow_id, require_terminal=True, archive=True)
        await self.store.apply(msgspec.structs.replace(write_set, mark_index=True))
        await RemovalMachine(self.store).finish_sweep(workflow_id)
        removal = await self.store.removal(workflow_id)
        assert removal is not None
        if stages > 0 and await self.archive.store(self.store, removal) and stages > 1:
            assert await self.store.advance_removal(
                removal, removal_record.after_archive(removal.record), ()
            )

    async def an_hour_passes(self) -> None:
        """The index forgets deleted entries; a sender has long given up by then."""
        self.index.held.clear()
        self.clock.pass_by(60 * 60 * 1000 + 1)
        await self._adapters.maintain()


@asynccontextmanager
async def archive_world(
    way: Way, folder: Path, whole_max_size: int = WHOLE_MAX_SIZE
) -> AsyncIterator[ArchiveWorld]:
    """On fresh stores."""
    clock, config = FakeClock(), way.config(folder)
    try:
        async with way.open_adapters(config, clock) as adapters:
            yield ArchiveWorld(adapters, clock, whole_max_size)
    finally:
        way.end(config)
