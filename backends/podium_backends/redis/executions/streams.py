"""The streams of ExecutionDAO: ids from sets, put in order, and their documents, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from podium_backends.redis.executions.days import utc_days_between
from podium_backends.redis.executions.documents import each_document
from podium_backends.redis.executions.member_documents import documents_of, documents_of_members
from podium_backends.redis.executions.members import members_in_order, scan_members
from podium_backends.redis.executions.reads import RedisExecutionReads
from podium_core.closing import closing
from podium_core.decide import WorkflowFacts
from podium_core.decide.facts_of import workflow_facts_of
from podium_core.errors import CorruptRecordError
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.ordered_window import ordered_ids, ordered_window
from podium_core.paging.page_builder import Found, Key
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget

T = TypeVar("T")
Windows = AsyncIterator[Sequence[str]]


class RedisExecutionStreams(RedisExecutionReads):
    """Pages in order of id; what exists throughout a stream comes exactly once."""

    # tasks

    async def read_pending_tasks(
        self, definition_name: str, after: str, count: int, budget: ReadBudget
    ) -> list[Task]:
        found: list[Task] = []
        key = self._keys.pending_tasks(definition_name)
        while len(found) < count:
            size = count - len(found)
            ids = await ordered_window(scan_members(self._bulk, key), after=after, size=size)
            tasks = await self._tasks_within(ids, budget, members_of=[key])
            found += [task for task in tasks if task.definition_name == definition_name]
            if len(ids) < size:
                break
            after = ids[-1]
        return found

    def pending_tasks(self, definition_name: str, after: str) -> AsyncIterator[Page[Task]]:
        sets = [self._keys.pending_tasks(definition_name)]
        return pages_of(self._tasks(sets, after, definition_name))

    def pending_tasks_of_workflow(
        self, definition_name: str, workflow_id: str, after: str
    ) -> AsyncIterator[Page[Task]]:
        pending = self._keys.pending_tasks(definition_name)
        sets = (pending, self._keys.tasks_of_workflow(workflow_id))
        return pages_of(self._tasks(sets, after, definition_name))

    def tasks_of_workflow(self, workflow_id: str, after: str) -> AsyncIterator[Page[Task]]:
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

    def workflows(self, workflow_ids: Sequence[str], after: int) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._readable_workflows(workflow_ids, after))

    async def _readable_workflows(
        self, ids: Sequence[str], after: int
    ) -> AsyncIterator[Row[Workflow]]:
        def key_of(wanted: tuple[int, bool]) -> str:
            at, is_record = wanted
            return self._keys.removal(ids[at]) if is_record else self._keys.workflow(ids[at])

        # Of each workflow its document, then its removal record.
        rest = range(after + 1, len(ids))
        both = [(at, is_record) for at in rest for is_record in (False, True)]
        document = None
        async for (at, is_record), text in each_document(self._bulk, both, key_of):
            if not is_record:
                document = text
            elif document is not None and self._is_readable(text, ids[at]):
                yield _row((at,), ids[at], document, WORKFLOW.decode)

    def pending_workflow_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[str]]:
        return pages_of(self._running_ids(name, version, after))

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

    def pending_workflows(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._pending(name, version, after))

    def _pending(self, name: str, version: int | None, after: str) -> AsyncIterator[Row[Workflow]]:
        def is_wanted(facts: WorkflowFacts) -> bool:
            return version is None or facts.version == version

        return self._workflows(self._keys.pending_workflows(name), after, is_wanted)

    def correlated_workflows(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        def is_wanted(facts: WorkflowFacts) -> bool:
            return facts.name == name and facts.correlation_id == correlation_id

        key = self._keys.correlated_workflows(correlation_id)
        return pages_of(self._workflows(key, after, is_wanted))

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

    def workflows_by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._by_time(name, after, end_time))

    async def _by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Row[Workflow]]:
        """Day by day; of each day in the order of time and id, which stand in one text."""
        async for first, last, keys in self._days(name, after[0], end_time):
            begin = _in_order(*after) if after[0] >= first else ""

            def scan(first: int = first, last: int = last, keys: Sequence[str] = keys) -> Windows:
                return self._ids_created_between(
                    name, max(first, after[0]), min(last, end_time), keys
                )

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

    async def _ids_created_between(
        self, name: str, first: int, last: int, keys: Sequence[str]
    ) -> AsyncIterator[list[str]]:
        """Time and id of workflows, in batches."""
        for key in keys:
            async for ids in scan_members(self._bulk, key):
                found = []
                read = documents_of(self._bulk, ids, [key], self._keys.workflow, self._missing)
                async for id_, document in read:
                    time = _create_time(document, id_, name)
                    if time is not None and first <= time <= last:
                        found.append(_in_order(time, id_))
                yield found


_TIME_DIGITS = 20
_DAYS_OF_A_TRIP = 1_000


def _in_order(time: int, id_: str) -> str:
    return f"{time:0{_TIME_DIGITS}d}{id_}"


def _create_time(document: bytes, id_: str, name: str) -> int | None:
    """When a workflow of this name was created; None for another's, and where it can't be read: nobody knows its time."""
    try:
        facts = workflow_facts_of(WORKFLOW.decode(document, id_))
    except CorruptRecordError:
        return None
    return facts.create_time if facts.name == name else None


def _row(key: Key, id_: str, document: bytes, decode: Callable[[bytes, str], T]) -> Row[T]:
    return Row(key, id_, found_if_readable(partial(decode, document, id_), len(document)))
