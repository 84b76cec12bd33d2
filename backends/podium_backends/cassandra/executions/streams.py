"""The streams of ExecutionDAO: members of sets in order of their ids, each checked against its document."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from podium_backends.cassandra.connection import Row as CqlRow
from podium_backends.cassandra.executions.reads import CassandraExecutionReads
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.sets import (
    HOUR_MS,
    SHARDS,
    pending_tasks,
    pending_workflows,
)
from podium_core.closing import closing
from podium_core.decide import TaskFacts, WorkflowFacts
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.page_builder import Found, Key
from podium_core.paging.pages_of import Row, found_if_readable, pages_of
from podium_core.paging.read_budget import ReadBudget

T = TypeVar("T")

# Members that are read at once, and documents.
_MEMBERS = 200
_DOCUMENTS = 32

_SHARD = "SELECT id, workflow_id FROM pending WHERE name = ? AND shard = ? AND id > ?"
_HOURS = "SELECT hour FROM by_time_hours WHERE name = ? AND hour >= ? AND hour <= ?"
_IN_HOUR = (
    "SELECT create_time, workflow_id FROM by_time WHERE name = ? AND hour = ?"
    " AND (create_time, workflow_id) > (?, ?) AND create_time <= ?"
)
_CORRELATED = "SELECT workflow_id FROM by_correlation WHERE correlation_id = ? AND name = ? AND workflow_id > ?"
_DOCUMENT = (
    "SELECT removal, facts, document FROM executions WHERE workflow_id = ? AND kind = ? AND id = ?"
)
_FACTS = "SELECT removal, facts FROM executions WHERE workflow_id = ? AND kind = ? AND id = ?"
_TASKS_OF = (
    "SELECT id, facts, document FROM executions WHERE workflow_id = ? AND kind = 1 AND id > ?"
)

# The id of a row, and its partition.
Place = tuple[str, str]


class CassandraExecutionStreams(CassandraExecutionReads):
    """Pages in order of id; what exists throughout a stream comes exactly once."""

    # tasks

    async def read_pending_tasks(
        self, definition_name: str, after: str, count: int, budget: ReadBudget
    ) -> list[Task]:
        found: list[Task] = []
        async with closing(self._pending_tasks(definition_name, after)) as pending:
            async for id_, document in pending:
                budget.take_document(len(document))
                found.append(TASK.decode(document, id_))
                if len(found) == count:
                    break
        return found

    def pending_tasks_of_workflow(
        self, definition_name: str, workflow_id: str, after: str
    ) -> AsyncIterator[Page[Task]]:
        def is_wanted(facts: TaskFacts) -> bool:
            return facts.pending and facts.definition_name == definition_name

        return pages_of(self._tasks_of(workflow_id, after, is_wanted))

    def pending_tasks(self, definition_name: str, after: str) -> AsyncIterator[Page[Task]]:
        return pages_of(self._pending_task_rows(definition_name, after))

    async def _pending_task_rows(self, task_type: str, after: str) -> AsyncIterator[Row[Task]]:
        async with closing(self._pending_tasks(task_type, after)) as pending:
            async for id_, document in pending:
                yield _row((id_,), id_, document, TASK.decode)

    async def _pending_tasks(self, task_type: str, after: str) -> AsyncIterator[tuple[str, bytes]]:
        """Id and document of the tasks that are pending."""
        members = self._members(pending_tasks(task_type), after)
        async for (id_, _), row in self._documents(members, rows.TASK):
            facts = rows.decode_task(row[1])
            if facts.pending and facts.definition_name == task_type:
                yield id_, row[2]

    def tasks_of_workflow(self, workflow_id: str, after: str) -> AsyncIterator[Page[Task]]:
        return pages_of(self._tasks_of(workflow_id, after, lambda _: True))

    async def _tasks_of(
        self, workflow_id: str, after: str, is_wanted: Callable[[TaskFacts], bool]
    ) -> AsyncIterator[Row[Task]]:
        async for page in self._session.pages(_TASKS_OF, (workflow_id, after), size=_MEMBERS):
            for id_, facts, document in page:
                if document is None or facts is None or not is_wanted(rows.decode_task(facts)):
                    continue
                yield _row((id_,), id_, document, TASK.decode)

    # workflows

    def workflows(self, workflow_ids: Sequence[str], after: int) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._wanted(workflow_ids, after))

    async def _wanted(self, ids: Sequence[str], after: int) -> AsyncIterator[Row[Workflow]]:
        for at in range(after + 1, len(ids), _DOCUMENTS):
            some = ids[at : at + _DOCUMENTS]
            found = await asyncio.gather(*(self.readable_document(id_) for id_ in some))
            for place, (id_, document) in enumerate(zip(some, found, strict=True), at):
                if document is not None:
                    yield _row((place,), id_, document, WORKFLOW.decode)

    def pending_workflow_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[str]]:
        return pages_of(self._running_ids(name, version, after))

    async def _running_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Row[str]]:
        members = self._members(pending_workflows(name), after)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW, _FACTS):
            if _is_pending(row, name, version):
                yield Row((id_,), id_, Found(id_, len(id_)))

    def pending_workflows(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._pending(name, version, after))

    async def _pending(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Row[Workflow]]:
        members = self._members(pending_workflows(name), after)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW):
            if _is_pending(row, name, version):
                yield _row((id_,), id_, row[2], WORKFLOW.decode)

    async def count_pending_workflows(self, name: str) -> int:
        count = 0
        async for _ in self._running_ids(name, None, ""):
            count += 1
        return count

    def workflows_by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._by_time(name, after, end_time))

    async def _by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Row[Workflow]]:
        members = self._created(name, after, end_time)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW):
            facts = rows.decode_workflow(row[1])
            if facts.listed and facts.name == name and after[0] <= facts.create_time <= end_time:
                yield _row((facts.create_time, id_), id_, row[2], WORKFLOW.decode)

    async def _created(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[list[Place]]:
        first, last = after[0] // HOUR_MS, end_time // HOUR_MS
        async for page in self._session.pages(_HOURS, (f"w{name}", first, last)):
            for (hour,) in page:
                values = (f"w{name}", hour, *after, end_time)
                async for found in self._session.pages(_IN_HOUR, values, size=_MEMBERS):
                    yield [(id_, id_) for _, id_ in found]

    def correlated_workflows(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        return pages_of(self._correlated(name, correlation_id, after))

    async def _correlated(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Row[Workflow]]:
        members = self._correlated_ids(name, correlation_id, after)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW):
            facts = rows.decode_workflow(row[1])
            if facts.listed and facts.name == name and facts.correlation_id == correlation_id:
                yield _row((id_,), id_, row[2], WORKFLOW.decode)

    async def _correlated_ids(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[list[Place]]:
        values = (correlation_id, name, after)
        async for page in self._session.pages(_CORRELATED, values, size=_MEMBERS):
            yield [(id_, id_) for (id_,) in page]

    async def can_search_across_workflows(self) -> bool:
        return True

    # members of sets, and their documents

    async def _members(self, name: str, after: str) -> AsyncIterator[list[Place]]:
        """The members of a set in order of their ids, from all its shards."""
        last = after
        while True:
            pages = await asyncio.gather(
                *(
                    self._session.page(_SHARD, (name, shard, last), size=_MEMBERS)
                    for shard in range(SHARDS)
                )
            )
            # Beyond the end of a page that has more, another shard's ids would come too early.
            ends = [found[-1][0] for found, state in pages if state is not None and found]
            bound = min(ends, default=None)
            merged = heapq.merge(*(found for found, _ in pages))
            window = [(id_, owner) for id_, owner in merged if bound is None or id_ <= bound]
            if window:
                yield window
            if bound is None:
                return
            last = bound

    async def _documents(
        self, members: AsyncIterator[list[Place]], kind: int, cql: str = _DOCUMENT
    ) -> AsyncIterator[tuple[Place, CqlRow]]:
        """Each member that is there, with its row."""
        async for window in members:
            for at in range(0, len(window), _DOCUMENTS):
                some = window[at : at + _DOCUMENTS]
                found = await asyncio.gather(*(self._row_of(cql, kind, place) for place in some))
                for place, row in zip(some, found, strict=True):
                    if row is not None and row[1] is not None:
                        yield place, row

    async def _row_of(self, cql: str, kind: int, place: Place) -> CqlRow | None:
        id_, workflow_id = place
        row_id = "" if kind == rows.WORKFLOW else id_
        found = await self._session.rows(cql, workflow_id, kind, row_id)
        return found[0] if found else None


def _is_pending(row: CqlRow, name: str, version: int | None) -> bool:
    facts: WorkflowFacts = rows.decode_workflow(row[1])
    return facts.pending and facts.name == name and version in (None, facts.version)


def _row(key: Key, id_: str, document: bytes, decode: Callable[[bytes, str], T]) -> Row[T]:
    return Row(key, id_, found_if_readable(partial(decode, document, id_), len(document)))
