"""The streams of ExecutionDAO: ids from sets, put in order, and their documents, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from podium_backends.redis.executions.days import utc_days_between
from podium_backends.redis.executions.documents import each_document
from podium_backends.redis.executions.member_documents import documents_of, documents_of_members
from podium_backends.redis.executions.members import members_in_order, scan_members
from podium_backends.redis.executions.reads import ExecutionReads
from podium_core.closing import closing
from podium_core.decide import WorkflowFacts
from podium_core.decide.facts_of import workflow_facts_of
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.filled_pages import filled_pages
from podium_core.paging.ordered_window import ordered_ids, ordered_window
from podium_core.paging.page_builder import Found, Key
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.requirements import (
    MAX_IDS,
    require_count,
    require_ids,
    require_not_negative,
    require_text,
)

T = TypeVar("T")
Windows = AsyncIterator[Sequence[str]]


class ExecutionStreams(ExecutionReads):
    """Pages in order of id; what exists throughout a stream comes exactly once."""

    # tasks

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> list[Task]:
        require_text(task_type, "task_type")
        require_count(count, limit=MAX_IDS)
        budget = ReadBudget(self._max_answer_bytes)
        found: list[Task] = []
        after = start_key
        key = self._keys.pending_tasks(task_type)
        while len(found) < count:
            size = count - len(found)
            ids = await ordered_window(scan_members(self._bulk, key), after=after, size=size)
            tasks = await self._tasks_within(ids, budget, members_of=[key])
            found += [task for task in tasks if task.definition_name == task_type]
            if len(ids) < size:
                break
            after = ids[-1]
        return found

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_name, "task_name")
        require_text(workflow_id, "workflow_id")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        sets = (self._keys.pending_tasks(task_name), self._keys.tasks_of_workflow(workflow_id))
        return pages_of(self._tasks(sets, after, task_name))

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_type, "task_type")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._tasks([self._keys.pending_tasks(task_type)], after, task_type))

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(workflow_id, "workflow_id")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._tasks([self._keys.tasks_of_workflow(workflow_id)], after))

    async def _tasks(
        self, sets: Sequence[str], after: str, definition_name: str = ""
    ) -> AsyncIterator[Row[Task]]:
        """The tasks of sets. Java leaves a task whose definition changes in the old set: such a one is left out."""
        found = documents_of_members(self._bulk, sets, self._keys.task, self._missing, after=after)
        async with closing(found) as documents:
            async for id_, document in documents:
                row = _row((id_,), id_, document, TASK.decode)
                task = row.found and row.found.item
                if task and definition_name and task.definition_name != definition_name:
                    continue
                yield row

    # workflows

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_ids(workflow_ids, "workflow_ids")
        (after,) = resume_key(resume_token, tuple[int], (-1,))
        if include_tasks:
            ids = pages_of(self._wanted_ids(workflow_ids, after))
            return filled_pages(ids, self.whole_workflow, id_of=str)
        return pages_of(self._wanted(workflow_ids, after))

    async def _wanted_ids(self, ids: Sequence[str], after: int) -> AsyncIterator[Row[str]]:
        for at in range(after + 1, len(ids)):
            yield Row((at,), ids[at], Found(ids[at], len(ids[at])))

    async def _wanted(self, ids: Sequence[str], after: int) -> AsyncIterator[Row[Workflow]]:
        def key_of(wanted: tuple[int, bool]) -> str:
            at, is_record = wanted
            return self._keys.removal(ids[at]) if is_record else self._keys.workflow(ids[at])

        # Of each workflow its document, then its removal record.
        places = range(after + 1, len(ids))
        both = [(at, is_record) for at in places for is_record in (False, True)]
        document = None
        async for (at, is_record), text in each_document(self._bulk, both, key_of):
            if not is_record:
                document = text
            elif document is not None and self._is_readable(text, ids[at]):
                yield _row((at,), ids[at], document, WORKFLOW.decode)

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._running_ids(workflow_name, version, after))

    async def _running_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Row[str]]:
        if version is None:
            key = self._keys.pending_workflows(name)
            async for ids in members_in_order(self._bulk, key, after=after):
                for id_ in ids:
                    yield Row((id_,), id_, Found(id_, len(id_)))
            return
        async for row in self._pending(name, version, after):
            if row.found is not None:
                yield Row(row.key, row.id, Found(row.id, len(row.id)))

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._pending(workflow_name, version, after))

    def _pending(self, name: str, version: int | None, after: str) -> AsyncIterator[Row[Workflow]]:
        def is_wanted(facts: WorkflowFacts) -> bool:
            return version is None or facts.version == version

        return self._workflows(self._keys.pending_workflows(name), after, is_wanted)

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_text(correlation_id, "correlation_id")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        key = self._keys.correlated_workflows(correlation_id)

        def is_wanted(facts: WorkflowFacts) -> bool:
            return facts.name == workflow_name and facts.correlation_id == correlation_id

        rows = self._workflows(key, after, is_wanted)
        if not include_tasks:
            return pages_of(rows)
        return filled_pages(pages_of(_ids_of(rows)), self.whole_workflow, id_of=str)

    async def _workflows(
        self, key: str, after: str, is_wanted: Callable[[WorkflowFacts], bool]
    ) -> AsyncIterator[Row[Workflow]]:
        found = documents_of_members(
            self._bulk, [key], self._keys.workflow, self._missing, after=after
        )
        async with closing(found) as documents:
            async for id_, document in documents:
                row = _row((id_,), id_, document, WORKFLOW.decode)
                if row.found is None or is_wanted(workflow_facts_of(row.found.item)):
                    yield row

    # workflows by the time when they were created

    def get_workflows_by_type(
        self, workflow_name: str, *, start_time: int, end_time: int, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_not_negative(start_time, "start_time")
        if end_time < start_time:
            raise InvalidArgumentError("end_time", "must not be before start_time")
        after = resume_key(resume_token, tuple[int, str], (start_time, ""))
        return pages_of(self._by_time(workflow_name, after, end_time))

    async def _by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Row[Workflow]]:
        """Day by day; of each day in the order of time and id, which stand in one text."""
        async for first, last, keys in self._days(name, after[0], end_time):
            begin = _in_order(*after) if after[0] >= first else ""

            def scan(first: int = first, last: int = last, keys: Sequence[str] = keys) -> Windows:
                return self._created_between(name, max(first, after[0]), min(last, end_time), keys)

            async for window in ordered_ids(scan, after=begin):
                read = each_document(self._bulk, window, self._key_in_order)
                async for text, document in read:
                    if document is not None:
                        id_ = text[_TIME_DIGITS:]
                        key = (int(text[:_TIME_DIGITS]), id_)
                        yield _row(key, id_, document, WORKFLOW.decode)

    def _key_in_order(self, text: str) -> str:
        return self._keys.workflow(text[_TIME_DIGITS:])

    async def _days(
        self, name: str, start_time: int, end_time: int
    ) -> AsyncIterator[tuple[int, int, list[str]]]:
        """The days of UTC that may hold some, each with the sets in which those may be."""
        batch: list[tuple[int, int, list[str]]] = []
        for first, last, days in utc_days_between(start_time, end_time):
            batch.append((first, last, [self._keys.workflows_of_day(name, day) for day in days]))
            if len(batch) == _DAYS_OF_A_TRIP:
                async for day in self._with_members(batch):
                    yield day
                batch = []
        async for day in self._with_members(batch):
            yield day

    async def _with_members(
        self, batch: Sequence[tuple[int, int, list[str]]]
    ) -> AsyncIterator[tuple[int, int, list[str]]]:
        if not batch:
            return
        counts = await self._bulk.read_all([("EXISTS", *keys) for _, _, keys in batch])
        for day, count in zip(batch, counts, strict=True):
            if count:
                yield day

    async def _created_between(
        self, name: str, first: int, last: int, keys: Sequence[str]
    ) -> AsyncIterator[list[str]]:
        """Time and id of workflows, in batches."""
        for key in keys:
            async for ids in scan_members(self._bulk, key):
                found = []
                read = documents_of(self._bulk, ids, [key], self._keys.workflow, self._missing)
                async for id_, document in read:
                    time = _created(document, id_, name)
                    if time is not None and first <= time <= last:
                        found.append(_in_order(time, id_))
                yield found


_TIME_DIGITS = 20
_DAYS_OF_A_TRIP = 1_000


def _in_order(time: int, id_: str) -> str:
    return f"{time:0{_TIME_DIGITS}d}{id_}"


def _created(document: bytes, id_: str, name: str) -> int | None:
    """When a workflow of this name was created; None for another's, and where it can't be read: nobody knows its time."""
    try:
        facts = workflow_facts_of(WORKFLOW.decode(document, id_))
    except CorruptRecordError:
        return None
    return facts.create_time if facts.name == name else None


async def _ids_of(rows: AsyncIterator[Row[Workflow]]) -> AsyncIterator[Row[str]]:
    async for row in rows:
        found = None if row.found is None else Found(row.id, len(row.id))
        yield Row(row.key, row.id, found)


def _row(key: Key, id_: str, document: bytes, decode: Callable[[bytes, str], T]) -> Row[T]:
    return Row(key, id_, found_if_readable(partial(decode, document, id_), len(document)))
