"""The index facade: searches are the store's, writes go through the durable outbox of the store that serves executions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from podium_core.dao import IndexDAO
from podium_core.errors import BackendUnavailableError, InvalidArgumentError, OutcomeUnknownError
from podium_core.index.changes import IndexChange, IndexOutcome, Merge, Remove
from podium_core.index.index_writes import IndexWrites
from podium_core.index.marks import decode_mark, encode_mark, outbox_kind
from podium_core.models.search import Wait
from podium_core.outbox import WRITER_FIRST_MS, NewEntry, Outbox, OutboxEntry
from podium_server.outbox.handlers import PoisonError, Settled
from podium_server.outbox.indexer import Indexed, Indexer

FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 2.0


class IndexFacade(IndexWrites):
    """Implements ``IndexDAO``. What a write brings is in the outbox before the index is asked: it can't be lost."""

    def __init__(
        self, index: IndexDAO, outbox: Outbox, indexer: Indexer, wake_indexer: Callable[[], None]
    ) -> None:
        self._outbox = outbox
        self._indexer = indexer
        self._wake_indexer = wake_indexer
        # Nothing is added to these, so nothing stands between.
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

    async def write(self, changes: Sequence[IndexChange], *, wait: Wait) -> list[IndexOutcome]:
        waits = wait is Wait.INDEXED
        entries = await self._outbox.put(
            [
                NewEntry(
                    kind=outbox_kind(change.kind),
                    id=change.id,
                    body=encode_mark(change.action),
                    # Who waits carries it out, too: the drainer only if that fails.
                    delay_ms=WRITER_FIRST_MS if waits else 0,
                )
                for change in changes
            ]
        )
        if not waits:
            self._wake_indexer()
            return [IndexOutcome.ACCEPTED] * len(changes)
        outcomes = await self._indexed(entries)
        return [_outcome(*pair) for pair in zip(changes, entries, outcomes, strict=True)]

    async def _indexed(self, entries: Sequence[OutboxEntry]) -> list[IndexOutcome]:
        """Carry the writer's own marks out, until the call's deadline ends that; then the drainer does."""
        outcomes: list[IndexOutcome] = [IndexOutcome.WRITTEN] * len(entries)
        waiting = dict(enumerate(entries))
        pause = FIRST_PAUSE_SECONDS
        while True:
            results = await self._indexer.index(list(waiting.values()))
            pairs = list(zip(waiting.items(), results, strict=True))
            await self._outbox.done([e for (_, e), r in pairs if r.settlement is Settled.DONE])
            waiting = {}
            for (at, entry), result in pairs:
                outcomes[at] = result.outcome
                again = await self._again(entry, result)
                if again is not None:
                    waiting[at] = again
            if not waiting:
                return outcomes
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)

    async def _again(self, entry: OutboxEntry, result: Indexed) -> OutboxEntry | None:
        """The mark as it has to be carried out once more; None where it is settled."""
        match result.settlement:
            case PoisonError() as error:
                # The caller learns of it: nothing is kept that could never be indexed.
                await self._outbox.done([entry])
                raise InvalidArgumentError("", error.message)
            case BackendUnavailableError() | OutcomeUnknownError():
                return entry
            case Exception() as error:
                raise error
        if result.again is None:
            return None
        return OutboxEntry(
            kind=entry.kind,
            id=entry.id,
            token=result.again,
            bucket=entry.bucket,
            body=entry.body,
        )


def _outcome(change: IndexChange, entry: OutboxEntry, outcome: IndexOutcome) -> IndexOutcome:
    """What became of the change, where a mark that waited has decided what became of the entry."""
    removed = isinstance(change.action, Merge) and isinstance(decode_mark(entry.body), Remove)
    return IndexOutcome.ABSENT if removed else outcome


_: type[IndexDAO] = IndexFacade
