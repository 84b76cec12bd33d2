"""Reads of workflows that were removed with archive: from the index, which holds the whole execution."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec
from msgspec import Raw

from podium_core.errors import CorruptRecordError, InvalidArgumentError, ResultTooLargeError
from podium_core.index.archive import ArchivedExecution, archived_execution, archived_task
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexEntry
from podium_core.index.marks import outbox_kind
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK
from podium_core.models.json_text import raw_bytes
from podium_core.paging.page_builder import PAGE_BYTES, Found, PageBuilder
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import IndexTarget, Outbox
from podium_server.large_work import done_by_size

# A page ends with the task that reaches this, or ``PAGE_BYTES``.
PAGE_TASKS = 200

# Tells the archive's tokens from those of a store.
_MARK = "podium:archive"


def token_of(place: int) -> str:
    """The token of a stream that goes on in the archive, after so many tasks."""
    return resume_token(_MARK, place)


def place_of(token: str) -> int | None:
    """How many archived tasks were read; None where the token isn't one of the archive's."""
    try:
        mark, place = resume_key(token, tuple[str, int], ("", 0))
    except InvalidArgumentError:
        return None
    return place if mark == _MARK and place >= 0 else None


class ArchiveReads:
    """Reads archived workflows."""

    def __init__(
        self, index: IndexTarget, outbox: Outbox, *, max_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        """Takes the index, the outbox of executions, and the size of the largest answer."""
        self._index = index
        self._outbox = outbox
        self._max_bytes = max_bytes

    async def workflow(self, workflow_id: str, *, include_tasks: bool) -> Workflow | None:
        """The archived workflow; None where the index has none of that id, or one that isn't archived, or goes.

        Raises:
            CorruptRecordError: The archived entry, or one of its tasks, can't be read.
            ResultTooLargeError: With its tasks it is above what an answer may hold.
        """
        execution = await self._execution(workflow_id)
        if execution is None:
            return None
        if not include_tasks:
            return execution.workflow
        tasks: list[Task] = []
        size = 0
        async for page in self._pages(execution, workflow_id, 0):
            if page.unreadable_ids:
                if await self._gives_way(workflow_id):
                    return None
                id_ = page.unreadable_ids[0]
                raise CorruptRecordError("task", id_, "the archive doesn't hold its document")
            tasks += page.items
            size += sum(task.data_size for task in page.items)
            if size > self._max_bytes:
                raise ResultTooLargeError(self._max_bytes, "ExecutionService.GetTasksForWorkflow")
        return msgspec.structs.replace(execution.workflow, tasks=tuple(tasks))

    async def holds(self, workflow_id: str) -> bool:
        """Whether the workflow is archived."""
        return await self._entry(workflow_id) is not None

    async def tasks(self, workflow_id: str, place: int) -> AsyncIterator[Page[Task]]:
        """The archived tasks of a workflow by ``seq``, after the first ``place``; a task that isn't there is unreadable.

        Raises:
            CorruptRecordError: The archived entry can't be read.
        """
        execution = await self._execution(workflow_id)
        if execution is None:
            yield Page(items=(), archived=True)
            return
        async for page in self._pages(execution, workflow_id, place):
            yield page

    async def _gives_way(self, workflow_id: str) -> bool:
        """Whether the archive is about to go, for a further run or a removal whose tasks have reached the index first."""
        own_mark = [(workflow_id, workflow_id)]
        return bool(await self._outbox.waiting_ids(outbox_kind(EntryKind.WORKFLOW), own_mark))

    # the entry

    async def _entry(self, workflow_id: str) -> IndexEntry | None:
        (entry,) = await self._index.entries(EntryKind.WORKFLOW, [workflow_id])
        return entry if entry is not None and entry.archived else None

    async def _execution(self, workflow_id: str) -> ArchivedExecution | None:
        entry = await self._entry(workflow_id)
        if entry is None:
            return None
        read = partial(archived_execution, entry.document, workflow_id)
        return await done_by_size(read, len(entry.document))

    # its tasks

    def _pages(
        self, execution: ArchivedExecution, workflow_id: str, place: int
    ) -> AsyncIterator[Page[Task]]:
        if execution.task_ids:
            return self._apart(execution.task_ids, workflow_id, place)
        return _within(execution.tasks, workflow_id, place)

    async def _apart(
        self, task_ids: Sequence[str], workflow_id: str, place: int
    ) -> AsyncIterator[Page[Task]]:
        """From the tasks' own entries."""
        more = True
        while more:
            page = _TaskPage(place)
            ids = task_ids[place : place + PAGE_TASKS]
            entries = await self._index.entries(EntryKind.TASK, ids, max_size=PAGE_BYTES)
            for id_, entry in zip(ids, entries, strict=False):
                document = entry.document if entry else b"{}"
                await page.add(partial(archived_task, document, workflow_id, id_), id_, document)
            place += len(entries)
            more = place < len(task_ids)
            yield page.take(more=more)


async def _within(tasks: Sequence[Raw], workflow_id: str, place: int) -> AsyncIterator[Page[Task]]:
    """From the workflow's entry."""
    page = _TaskPage(place)
    for at, document in enumerate(tasks[place:], place):
        text = raw_bytes(document)
        await page.add(partial(TASK.decode, text, workflow_id), f"{workflow_id}[{at}]", text)
        if page.is_full and at + 1 < len(tasks):
            yield page.take(more=True)
            page = _TaskPage(at + 1)
            await asyncio.sleep(0)
    yield page.take(more=False)


class _TaskPage:
    """The page that is being read, from a place on."""

    def __init__(self, place: int) -> None:
        self._place = place
        self._page = PageBuilder[Task](max_rows=PAGE_TASKS, archived=True)

    @property
    def is_full(self) -> bool:
        return self._page.is_full

    async def add(self, read: Callable[[], Task], name: str, document: bytes) -> None:
        """Read the next task."""
        self._place += 1
        key = (_MARK, self._place)
        try:
            task = await done_by_size(read, len(document))
        except CorruptRecordError:
            self._page.add_unreadable(name, key)
        else:
            self._page.add(Found(task, len(document)), key)

    def take(self, *, more: bool) -> Page[Task]:
        return self._page.take(token_of(self._place) if more else "")
