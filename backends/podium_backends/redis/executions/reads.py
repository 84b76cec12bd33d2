"""Reads of single executions: each is one trip."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium_backends.redis.connection import Link
from podium_backends.redis.executions.documents import documents_within
from podium_backends.redis.executions.kept_removal import decode_removal
from podium_backends.redis.executions.missing_members import MissingMembers
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.executions.whole_workflow import (
    SHORT_BYTES,
    BeginLong,
    read_whole_workflow,
)
from podium_backends.redis.keys import Keys
from podium_core.backend import begin_at_once
from podium_core.decide.removal_record import can_be_read
from podium_core.execution_reads import ExecutionReads, with_tasks
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget

# A document that takes longer than a moment to decode has a turn of the loop of its own.
TURN_BYTES = 256 * 1024
# Stored documents are longer than their messages: see ReadBudget.
_STORED_FOR_ANSWERED = 2


class RedisExecutionReads(ExecutionReads):
    """Documents by id, and workflows with their tasks."""

    def __init__(
        self,
        link: Link,
        bulk: Link,
        keys: Keys,
        clock: StoreClock,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        begin_long_answer: BeginLong = begin_at_once,
    ) -> None:
        """Take the connections for calls, and for what reads much; the rest as ``StoreContext`` has it."""
        super().__init__(max_answer_bytes=max_answer_bytes)
        self._link = link
        self._bulk = bulk
        self._keys = keys
        self._clock = clock
        self._missing = MissingMembers(bulk, clock)
        self._begin_long_answer = begin_long_answer

    async def read_task(self, task_id: str) -> Task | None:
        document = await self._link.read("GET", self._keys.task(task_id))
        if document is None:
            return None
        if len(document) > TURN_BYTES:
            await asyncio.sleep(0)
        return TASK.decode(document, task_id)

    async def read_tasks(self, task_ids: Sequence[str], budget: ReadBudget) -> list[Task]:
        return await self._tasks_within(task_ids, budget)

    async def _tasks_within(
        self, task_ids: Sequence[str], budget: ReadBudget, *, members_of: Sequence[str] = ()
    ) -> list[Task]:
        """The tasks that are there, and notes which members of sets aren't."""
        keys = [self._keys.task(id_) for id_ in task_ids]
        most = self._max_answer_bytes * _STORED_FOR_ANSWERED
        documents = await documents_within(self._bulk, keys, SHORT_BYTES)
        if len(documents) < len(keys):
            await self._begin_long_answer()
            left = most - sum(len(document or b"") for document in documents)
            documents += await documents_within(self._bulk, keys[len(documents) :], left)
        await self._missing.saw(members_of, _missing(task_ids, documents), self._keys.task)
        tasks = await decode_tasks(task_ids, documents, budget)
        if len(documents) < len(keys):
            budget.take(budget.left + 1)
        return tasks

    async def read_workflow(self, workflow_id: str) -> Workflow | None:
        names = (self._keys.workflow(workflow_id), self._keys.removal(workflow_id))
        document, record = await self._link.read("MGET", *names)
        if document is None or not self._is_readable(record, workflow_id):
            return None
        if len(document) > TURN_BYTES:
            await asyncio.sleep(0)
        return WORKFLOW.decode(document, workflow_id)

    async def read_whole_workflow(
        self, workflow_id: str, budget: ReadBudget
    ) -> Found[Workflow] | None:
        read = await read_whole_workflow(
            self._bulk,
            self._keys,
            workflow_id,
            most_bytes=self._max_answer_bytes * _STORED_FOR_ANSWERED,
            begin_long_answer=self._begin_long_answer,
        )
        if read.document is None or not self._is_readable(read.record, workflow_id):
            return None
        before = budget.left
        budget.take_document(len(read.document))
        workflow = WORKFLOW.decode(read.document, workflow_id)
        if read.tasks is None:
            budget.take(budget.left + 1)
        tasks = read.tasks or ()
        found = await decode_tasks(read.ids, tasks, budget)
        members_of = [self._keys.tasks_of_workflow(workflow_id)]
        await self._missing.saw(members_of, _missing(read.ids, tasks), self._keys.task)
        return Found(with_tasks(workflow, found), before - budget.left)

    def _is_readable(self, record: bytes | None, workflow_id: str) -> bool:
        if record is None:
            return True
        return can_be_read(decode_removal(record, workflow_id)[1].record, self._clock.now_ms())

    async def count_in_progress(self, definition_name: str) -> int:
        return int(await self._link.read("SCARD", self._keys.in_progress(definition_name)))

    async def count_pending_workflows(self, name: str) -> int:
        return int(await self._link.read("SCARD", self._keys.pending_workflows(name)))

    async def can_search_across_workflows(self) -> bool:
        return True


def _missing(ids: Sequence[str], documents: Sequence[bytes | None]) -> list[str]:
    return [id_ for id_, document in zip(ids, documents, strict=False) if document is None]


async def decode_tasks(
    task_ids: Sequence[str], documents: Sequence[bytes | None], budget: ReadBudget
) -> list[Task]:
    """The tasks of documents, those that aren't there left out, within the bytes of an answer."""
    tasks = []
    turn = 0
    for id_, document in zip(task_ids, documents, strict=False):
        if document is None:
            continue
        budget.take_document(len(document))
        tasks.append(TASK.decode(document, id_))
        turn += len(document)
        if turn > TURN_BYTES:
            turn = 0
            await asyncio.sleep(0)
    return tasks
