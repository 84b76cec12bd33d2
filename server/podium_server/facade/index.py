"""The index facade: searches are the store's, writes go through the durable outbox of the store that serves executions."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.index.changes import IndexChange, IndexOutcome, Merge, Remove
from podium_core.index.index_writes import IndexWrites
from podium_core.index.marks import decode_mark, encode_mark, outbox_kind, owner_of
from podium_core.models.search import Wait
from podium_core.outbox import WRITER_FIRST_MS, NewEntry, OutboxEntry
from podium_core.ports import IndexDAO
from podium_core.searching import IndexReads
from podium_server.facade.index_marks import IndexMarkWrites


class IndexFacade(IndexWrites):
    """Implements ``IndexDAO``."""

    def __init__(self, index: IndexReads, marks: IndexMarkWrites) -> None:
        self._marks = marks
        self._table = index.table
        # The facade adds nothing to them.
        self.setup = index.setup
        self.search_workflows = index.search_workflows
        self.search_workflow_summary = index.search_workflow_summary
        self.search_tasks = index.search_tasks
        self.search_task_summary = index.search_task_summary
        self.get_workflow_count = index.get_workflow_count
        self.get = index.get
        self.search_archivable_workflows = index.search_archivable_workflows
        self.get_task_execution_logs = index.get_task_execution_logs
        self.get_event_executions = index.get_event_executions
        self.get_messages = index.get_messages

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        return await self._table.task_ids(workflow_id, after=after, limit=limit)

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        waits = wait is Wait.INDEXED
        entries = [
            NewEntry(
                kind=outbox_kind(change.kind),
                id=change.id,
                owner=owner_of(change),
                body=encode_mark(change.action),
                # A writer that waits carries it out; the drainer does only if that fails.
                delay_ms=WRITER_FIRST_MS if waits else 0,
            )
            for change in changes
        ]
        if not waits:
            await self._marks.put(entries)
            return [IndexOutcome.ACCEPTED] * len(changes)
        put, outcomes = await self._marks.put_and_wait(entries)
        return [_outcome(*pair) for pair in zip(changes, put, outcomes, strict=True)]


def _outcome(change: IndexChange, entry: OutboxEntry, outcome: IndexOutcome) -> IndexOutcome:
    """The outcome of a change: a mark that waited before it may have decided for a removal."""
    removed = isinstance(change.action, Merge) and isinstance(decode_mark(entry.body), Remove)
    return IndexOutcome.ABSENT if removed else outcome


_: type[IndexDAO] = IndexFacade
