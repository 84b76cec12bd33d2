"""Brings whole executions into the index, in pieces of bounded size.

The tasks are read page by page. While they fit into one document together, they are kept, and the workflow's entry holds
them all. Once they don't, each task's entry holds its own document, and the workflow's entry their ids. The workflow's
entry comes last: with it the archive is whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from podium_core.backend import ExecutionAdapter
from podium_core.errors import BackendUnavailableError, CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.index.stored_document import StoredDocument
from podium_core.models import Task
from podium_core.outbox import removal_entry
from podium_core.ports import IndexTarget, Outbox, StoredDocuments
from podium_core.removal import StoredRemoval
from podium_server.large_work import done_by_size
from podium_server.outbox.entries import (
    archived_execution_write,
    archived_task_write,
    archived_workflow_write,
)
from podium_server.outbox.handlers import PoisonError
from podium_server.outbox.shared_work import SharedWork

# Conductor reads one document: an execution of up to so many characters is archived in its form.
WHOLE_MAX_SIZE = 8 * 1024 * 1024
# The ids of all tasks are in one document.
MAX_TASKS = 100_000
# Read, made into entries and sent in one go.
PART_SIZE = 512 * 1024
PART_TASKS = 100
# A call may take so long with it.
ARCHIVE_SECONDS = 15 * 60


class Archive:
    """Brings whole executions into the index."""

    def __init__(
        self,
        source: StoredDocuments,
        target: IndexTarget,
        outbox: Outbox,
        *,
        whole_max_size: int = WHOLE_MAX_SIZE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._target = target
        self._outbox = outbox
        self._whole_max_size = whole_max_size
        self._monotonic = monotonic
        # A drainer comes to a removal that its call still works on, and so does a call that is repeated.
        self._under_way = SharedWork[bool]()

    async def store(self, store: ExecutionAdapter, removal: StoredRemoval) -> bool:
        """Archive an execution under the token of its removal record; whether the index now holds it as that saw it.

        Raises:
            CorruptRecordError: A document can't be read.
            PoisonError: The index refuses an entry, or the execution has too many tasks.
            BackendUnavailableError: The index was not reached, or it took too long.
        """
        work = partial(self._store, store, removal)
        return await self._under_way.run((removal.workflow_id, removal.token), work)

    async def _store(self, store: ExecutionAdapter, removal: StoredRemoval) -> bool:
        (workflow,) = await self._source.documents(
            EntryKind.WORKFLOW, [(removal.workflow_id, removal.workflow_id)], max_size=PART_SIZE
        )
        if workflow.gone:
            return False
        _require_readable(workflow)
        sending = _Sending(self._target, self._outbox, store, removal, self._monotonic)
        return await self._send_execution(workflow, removal, sending)

    async def _send_execution(
        self, workflow: StoredDocument, removal: StoredRemoval, sending: _Sending
    ) -> bool:
        kept: list[StoredDocument] = []
        size = workflow.size
        order: list[tuple[int, str]] = []
        parted = False
        while page := await self._next_tasks(removal.workflow_id, order):
            order += [(_seq(task), task.id) for task in page]
            if len(order) > MAX_TASKS:
                raise PoisonError(f"it has more than {MAX_TASKS} tasks")
            kept += page
            size += sum(task.size for task in page)
            parted = parted or size > self._whole_max_size
            if parted:
                if not await sending.tasks(kept, whole=True):
                    return False
                kept.clear()
        order.sort()
        token = removal.token
        if parted:
            ids = [id_ for _, id_ in order]
            make = partial(archived_workflow_write, workflow, ids, token=token)
        else:
            if not await sending.tasks(kept, whole=False):
                return False
            texts = [task.text for task in sorted(kept, key=_seq)]
            make = partial(archived_execution_write, workflow, texts, token=token)
        write = await done_by_size(make, size)
        return await sending.add(write, size) and await sending.flush()

    async def _next_tasks(
        self, workflow_id: str, order: Sequence[tuple[int, str]]
    ) -> list[StoredDocument]:
        after = order[-1][1] if order else ""
        tasks = await self._source.tasks_of(
            workflow_id, after=after, max_size=PART_SIZE, limit=PART_TASKS
        )
        for task in tasks:
            _require_readable(task)
        # Reading doesn't wait for anything, and others do.
        await asyncio.sleep(0)
        return tasks


class _Sending:
    """Sends the entries of one execution for as long as its removal record is the one that was seen."""

    def __init__(
        self,
        target: IndexTarget,
        outbox: Outbox,
        store: ExecutionAdapter,
        removal: StoredRemoval,
        monotonic: Callable[[], float],
    ) -> None:
        self._target = target
        self._outbox = outbox
        self._store = store
        self._removal = removal
        self._monotonic = monotonic
        self._part: list[IndexWrite] = []
        self._size = 0

    async def tasks(self, tasks: Sequence[StoredDocument], *, whole: bool) -> bool:
        """Send the entries of tasks, or keep them for the next part; false as ``flush``."""
        for task in tasks:
            make = partial(archived_task_write, task, token=self._removal.token, whole=whole)
            if not await self.add(await done_by_size(make, task.size), task.size):
                return False
        return True

    async def add(self, write: IndexWrite, size: int) -> bool:
        """Send an entry, or keep it for the next part; false as ``flush``."""
        self._part.append(write)
        self._size += size
        full = self._size >= PART_SIZE or len(self._part) > PART_TASKS
        return not full or await self.flush()

    async def flush(self) -> bool:
        """Send what was kept; false where the record has changed, or a newer entry is there.

        Raises:
            PoisonError: The index refuses an entry.
            BackendUnavailableError: The index was not reached, or it is too late.
        """
        writes, self._part, self._size = self._part, [], 0
        if not writes:
            return True
        # Read it again after the documents: a write that came between has renewed the record.
        deadline = self._monotonic() + self._target.tombstone_ms / 1000 / 4
        removal = await self._store.removal(self._removal.workflow_id)
        if removal is None or removal.token != self._removal.token:
            return False
        if self._monotonic() > deadline:
            # So late that the index may have forgotten the token of what was deleted meanwhile.
            message = f"the archive of workflow '{self._removal.workflow_id}' took too long"
            raise BackendUnavailableError("", message)
        answers = await self._target.send(writes)
        for write, answer in zip(writes, answers, strict=True):
            if answer.refused:
                raise PoisonError(
                    f"the index refuses {write.kind.value} '{write.id}': {answer.refused}"
                )
            if answer.away:
                raise BackendUnavailableError("", answer.away)
        newest = max((answer.token for answer in answers if answer.stale), default=0)
        if newest:
            entry = removal_entry(self._removal.workflow_id, self._removal.token)
            await self._outbox.raise_token(entry, above=newest)
        return not newest


def _require_readable(document: StoredDocument) -> None:
    if document.unreadable:
        raise CorruptRecordError(document.kind.value, document.id, document.unreadable)


def _seq(task: StoredDocument) -> int:
    return task.record.seq if isinstance(task.record, Task) else 0
