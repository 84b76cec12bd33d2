"""Documents by id: tasks through the lookup, workflows with their tasks on one state."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from podium_backends.cassandra.connection import Row, Session
from podium_backends.cassandra.limits.places import LimitPlaces
from podium_backends.cassandra.partition import rows
from podium_core.clock import Clock
from podium_core.decide.removal_record import can_be_read
from podium_core.errors import OverloadedError
from podium_core.execution_reads import ExecutionReads, with_tasks
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget

SHORT_BYTES = 64 * 1024
# Tasks of one page of a workflow; where it has more, they are read again if it was written meanwhile.
_PAGE_TASKS = 500
_TRIES = 20
_KNOWN_TASKS = 100_000
_AT_ONCE = 64

_WORKFLOWS_OF = "SELECT workflow_id FROM workflow_of_task WHERE task_id = ?"
_WORKFLOWS_OF_EACH = "SELECT task_id, workflow_id FROM workflow_of_task WHERE task_id IN ?"
_TASK = "SELECT document FROM executions WHERE workflow_id = ? AND kind = 1 AND id = ?"
_TASKS = "SELECT id, document FROM executions WHERE workflow_id = ? AND kind = 1 AND id IN ?"
_WORKFLOW = (
    "SELECT removal, document FROM executions WHERE workflow_id = ? AND kind = 0 AND id = ''"
)
_WHOLE = (
    "SELECT version, removal, kind, id, document FROM executions"
    " WHERE workflow_id = ? AND kind >= 0 AND kind <= 1"
)


class OwnedTask(NamedTuple):
    """A task's document, and the workflow that it is of."""

    workflow_id: str
    task_id: str
    document: bytes


class CassandraExecutionReads(ExecutionReads):
    """The reads that go by ids."""

    def __init__(
        self,
        session: Session,
        places: LimitPlaces,
        clock: Clock,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        begin_long_answer: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(max_answer_bytes=max_answer_bytes)
        self._session = session
        self._places = places
        self._now_ms = clock
        self._begin_long_answer = begin_long_answer
        # The workflow that a task was last seen in; the read itself says whether it still is.
        self._known: OrderedDict[str, str] = OrderedDict()

    # tasks

    async def read_task(self, task_id: str) -> Task | None:
        found = await self.find_task(task_id)
        return None if found is None else TASK.decode(found.document, task_id)

    async def find_task(self, task_id: str) -> OwnedTask | None:
        """A task's document, wherever it is."""
        known = self._known.get(task_id)
        if known is not None:
            found = await self._read_task(known, task_id)
            if found is not None:
                self._remember(task_id, known)
                return found
        for (workflow_id,) in await self._session.rows(_WORKFLOWS_OF, task_id):
            found = await self._read_task(workflow_id, task_id)
            if found is not None:
                self._remember(task_id, workflow_id)
                return found
        self._known.pop(task_id, None)
        return None

    async def _read_task(self, workflow_id: str, task_id: str) -> OwnedTask | None:
        for (document,) in await self._session.rows(_TASK, workflow_id, task_id):
            if document is not None:
                return OwnedTask(workflow_id, task_id, document)
        return None

    def _remember(self, task_id: str, workflow_id: str) -> None:
        self._known[task_id] = workflow_id
        self._known.move_to_end(task_id)
        if len(self._known) > _KNOWN_TASKS:
            self._known.popitem(last=False)

    async def read_tasks(self, task_ids: Sequence[str], budget: ReadBudget) -> list[Task]:
        found: dict[str, Task] = {}
        for task in await self.find_tasks(task_ids):
            budget.take_document(len(task.document))
            found[task.task_id] = TASK.decode(task.document, task.task_id)
        return [found[id_] for id_ in task_ids if id_ in found]

    async def find_tasks(self, task_ids: Sequence[str]) -> list[OwnedTask]:
        """The documents of tasks, in no order: one request for each workflow."""
        places = await self.workflows_of(task_ids)
        parts: dict[str, list[str]] = {}
        for task_id, workflow_id in places:
            parts.setdefault(workflow_id, []).append(task_id)
        wanted = list(parts.items())
        found: list[OwnedTask] = []
        for at in range(0, len(wanted), _AT_ONCE):
            some = wanted[at : at + _AT_ONCE]
            for owned in await asyncio.gather(*(self.tasks_in(*one) for one in some)):
                found += owned
        return found

    async def tasks_in(self, workflow_id: str, task_ids: Sequence[str]) -> list[OwnedTask]:
        """The documents of a workflow's tasks."""
        found = await self._session.rows(_TASKS, workflow_id, list(task_ids))
        return [
            OwnedTask(workflow_id, id_, document) for id_, document in found if document is not None
        ]

    async def workflows_of(self, task_ids: Sequence[str]) -> list[tuple[str, str]]:
        """Each task with a workflow that it may be of."""
        ids = list(dict.fromkeys(task_ids))
        found: list[Row] = []
        for at in range(0, len(ids), 100):
            found += await self._session.rows(_WORKFLOWS_OF_EACH, ids[at : at + 100])
        return [(task_id, workflow_id) for task_id, workflow_id in found]

    async def count_in_progress(self, definition_name: str) -> int:
        return await self._places.count_in_progress(definition_name)

    # workflows

    async def read_workflow(self, workflow_id: str) -> Workflow | None:
        document = await self.readable_document(workflow_id)
        return None if document is None else WORKFLOW.decode(document, workflow_id)

    async def readable_document(self, workflow_id: str) -> bytes | None:
        """A workflow's document; None where it is gone, or about to go."""
        for removal, document in await self._session.rows(_WORKFLOW, workflow_id):
            if document is not None and self.is_readable(removal):
                return bytes(document)
        return None

    def is_readable(self, removal: bytes | None) -> bool:
        """Whether a workflow with this removal record can be read."""
        record = rows.decode_removal(removal) if removal else None
        return can_be_read(record, self._now_ms())

    async def read_whole_workflow(
        self, workflow_id: str, budget: ReadBudget
    ) -> Found[Workflow] | None:
        left = budget.left
        found = await self._read_whole(workflow_id, budget)
        if not found or not _is_workflow(found[0]) or not self.is_readable(found[0][1]):
            return None
        workflow = WORKFLOW.decode(found[0][-1], workflow_id)
        tasks = [TASK.decode(row[-1], row[-2]) for row in found[1:] if row[-1] is not None]
        return Found(with_tasks(workflow, tasks), left - budget.left)

    async def _read_whole(self, workflow_id: str, budget: ReadBudget) -> list[Row]:
        """The rows of a workflow and its tasks, in order, on one state. Raises ResultTooLargeError."""
        for _ in range(_TRIES):
            found, is_one_state = await self._read_pages(workflow_id, budget)
            if is_one_state:
                return found
        raise OverloadedError(
            f"workflow '{workflow_id}' was written again and again while it was read",
            retry_after_ms=50,
        )

    async def _read_pages(self, workflow_id: str, budget: ReadBudget) -> tuple[list[Row], bool]:
        """Page by page; whether all of them show one version."""
        left = budget.left
        found: list[Row] = []
        state: bytes | None = None
        while True:
            page, state = await self._session.page(_WHOLE, (workflow_id,), state, size=_PAGE_TASKS)
            found += page
            if found and found[-1][0] != found[0][0]:
                budget.left = left
                return [], False
            _take(page, budget)
            if state is None:
                return found, True
            if left - budget.left < SHORT_BYTES:
                continue
            await self._begin_long_answer()


def _take(page: Iterable[Row], budget: ReadBudget) -> None:
    for row in page:
        if row[-1] is not None:
            budget.take_document(len(row[-1]))


def _is_workflow(row: Row) -> bool:
    return row[2] == rows.WORKFLOW and row[-1] is not None
