"""The streams of ExecutionDAO: members of sets in order of their ids, each checked against its document."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from podium_backends.cassandra.connection import Row as CqlRow
from podium_backends.cassandra.executions import rows
from podium_backends.cassandra.executions.reads import ExecutionReads
from podium_backends.cassandra.executions.sets import (
    HOUR_MS,
    SHARDS,
    pending_tasks,
    pending_workflows,
)
from podium_core.decide import TaskFacts, WorkflowFacts
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import Page, Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.filled_pages import filled_pages
from podium_core.paging.page_builder import Found, Key
from podium_core.paging.pages_of import Row, pages_of
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
        async for _, id_, document in self._pending_tasks(task_type, start_key):
            budget.take_document(len(document))
            found.append(TASK.decode(document, id_))
            if len(found) == count:
                break
        return found

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_name, "task_name")
        require_text(workflow_id, "workflow_id")
        (after,) = resume_key(resume_token, tuple[str], ("",))

        def is_wanted(facts: TaskFacts) -> bool:
            return facts.pending and facts.definition_name == task_name

        return pages_of(self._tasks_of(workflow_id, after, is_wanted))

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_type, "task_type")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._pending_task_rows(task_type, after))

    async def _pending_task_rows(self, task_type: str, after: str) -> AsyncIterator[Row[Task]]:
        async for _, id_, document in self._pending_tasks(task_type, after):
            yield _row((id_,), id_, document, TASK.decode)

    async def _pending_tasks(
        self, task_type: str, after: str
    ) -> AsyncIterator[tuple[str, str, bytes]]:
        """Workflow, id and document of the tasks that are pending."""
        members = self._members(pending_tasks(task_type), after)
        async for (id_, workflow_id), row in self._documents(members, rows.TASK):
            facts = rows.decode_task(row[1])
            if facts.pending and facts.definition_name == task_type:
                yield workflow_id, id_, row[2]

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(workflow_id, "workflow_id")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._tasks_of(workflow_id, after, lambda _: True))

    async def _tasks_of(
        self, workflow_id: str, after: str, is_wanted: Callable[[TaskFacts], bool]
    ) -> AsyncIterator[Row[Task]]:
        async for page in self._session.pages(_TASKS_OF, (workflow_id, after), size=_MEMBERS):
            for id_, facts, document in page:
                if document is not None and facts is not None:
                    if is_wanted(rows.decode_task(facts)):
                        yield _row((id_,), id_, document, TASK.decode)

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
        for at in range(after + 1, len(ids), _DOCUMENTS):
            some = ids[at : at + _DOCUMENTS]
            found = await asyncio.gather(*(self.readable_document(id_) for id_ in some))
            for place, (id_, document) in enumerate(zip(some, found, strict=True), at):
                if document is not None:
                    yield _row((place,), id_, document, WORKFLOW.decode)

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._running_ids(workflow_name, version, after))

    async def _running_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Row[str]]:
        members = self._members(pending_workflows(name), after)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW, _FACTS):
            if _is_pending(row, name, version):
                yield Row((id_,), id_, Found(id_, len(id_)))

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        (after,) = resume_key(resume_token, tuple[str], ("",))
        return pages_of(self._pending(workflow_name, version, after))

    async def _pending(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Row[Workflow]]:
        members = self._members(pending_workflows(name), after)
        async for (id_, _), row in self._documents(members, rows.WORKFLOW):
            if _is_pending(row, name, version):
                yield _row((id_,), id_, row[2], WORKFLOW.decode)

    async def get_pending_workflow_count(self, workflow_name: str) -> int:
        require_text(workflow_name, "workflow_name")
        count = 0
        async for _ in self._running_ids(workflow_name, None, ""):
            count += 1
        return count

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
        found = self._correlated(workflow_name, correlation_id, after)
        if not include_tasks:
            return pages_of(found)
        return filled_pages(pages_of(_ids_of(found)), self.whole_workflow, id_of=str)

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


async def _ids_of(found: AsyncIterator[Row[Workflow]]) -> AsyncIterator[Row[str]]:
    async for row in found:
        yield Row(row.key, row.id, None if row.found is None else Found(row.id, len(row.id)))


def _row(key: Key, id_: str, document: bytes, decode: Callable[[bytes, str], T]) -> Row[T]:
    try:
        return Row(key, id_, Found(decode(document, id_), len(document)))
    except CorruptRecordError:
        return Row(key, id_, None)
