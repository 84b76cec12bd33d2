"""The ExecutionDAO on Redis: reads, ``apply`` in one script, and the primitives of removals."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from podium_backends.redis.connection import Link
from podium_backends.redis.executions.apply import Write
from podium_backends.redis.executions.checks import Checks
from podium_backends.redis.executions.documents import each_document
from podium_backends.redis.executions.effects import EffectPlanner
from podium_backends.redis.executions.executor import Executor
from podium_backends.redis.executions.kept_removal import KeptRemoval, decode_removal
from podium_backends.redis.executions.key_parts import require_key_parts
from podium_backends.redis.executions.member_documents import (
    MEMBERS,
    Members,
    documents_of_members,
    members_arguments,
)
from podium_backends.redis.executions.members import scan_members
from podium_backends.redis.executions.plan import Plan
from podium_backends.redis.executions.seen import unknown_task
from podium_backends.redis.executions.streams import RedisExecutionStreams
from podium_backends.redis.executions.whole_workflow import BeginLong
from podium_backends.redis.script_files import script
from podium_core.backend import begin_at_once
from podium_core.clock import Clock
from podium_core.closing import closing
from podium_core.decide import TaskFacts
from podium_core.decide.effects import Effect, SetRemoval
from podium_core.decide.facts_of import task_facts_of, workflow_facts_of
from podium_core.decide.removal_record import RemovalRecord
from podium_core.errors import CorruptRecordError
from podium_core.execution_writes import StoreWrites
from podium_core.models import Task
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.ports import ConcurrentExecutionLimitDAO, ExecutionDAO, ExecutionStore
from podium_core.removal import StoredRemoval, next_step_ms, stage_of
from podium_core.write_set import WriteOutcome, WriteSet

_READ_REMOVAL = script(*MEMBERS, "executions/read_removal")


class RedisExecutionDAO(RedisExecutionStreams, StoreWrites):
    """Implements ``ExecutionDAO`` and ``ExecutionStore``, on data that a Java Conductor may read and write too."""

    def __init__(
        self,
        link: Link,
        bulk: Link,
        executor: Executor,
        limits: ConcurrentExecutionLimitDAO,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        begin_long_answer: BeginLong = begin_at_once,
    ) -> None:
        """Take the connections, what writes go through, and what answers the limit question under its older name."""
        super().__init__(
            link,
            bulk,
            executor.keys,
            executor.clock,
            max_answer_bytes=max_answer_bytes,
            begin_long_answer=begin_long_answer,
        )
        self.clock: Clock = executor.clock.now_ms
        self._executor = executor
        self._limits = limits

    async def apply_once(self, write_set: WriteSet) -> WriteOutcome:
        require_key_parts(write_set)
        return await Write(write_set, self._executor).run()

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        return await self._limits.exceeds_limit(task)

    # the primitives of removals

    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        names = (self._keys.removal(workflow_id), self._keys.workflow(workflow_id))
        members: Members | None = None
        if tasks:
            arguments = members_arguments(self._keys.task)
            stored, document, *members = await self._bulk.run_reading(
                _READ_REMOVAL, (*names, self._keys.tasks_of_workflow(workflow_id)), arguments
            )
        else:
            stored, document = await self._link.read("MGET", *names)
        if stored is None:
            return None
        token, kept = decode_removal(stored, workflow_id)
        record, facts = kept.record, kept.facts
        if document is not None:
            # One that nobody can read goes with the sets that the record knows.
            with suppress(CorruptRecordError):
                facts = workflow_facts_of(WORKFLOW.decode(document, workflow_id))
        stage = stage_of(record, self._executor.clock.now_ms())
        return StoredRemoval(
            workflow_id=workflow_id,
            token=token,
            stage=stage,
            facts=msgspec.structs.replace(facts, removal=record),
            record=record,
            tasks=await self._next_tasks(workflow_id, record.after, tasks, members)
            if members and stage.is_about_tasks
            else (),
        )

    async def _next_tasks(
        self, workflow_id: str, after: str, limit: int, members: Members
    ) -> Sequence[tuple[str, TaskFacts]]:
        # A task without a document is in no set that its facts could tell; the last step takes its id along.
        sets = [self._keys.tasks_of_workflow(workflow_id)]
        tasks = documents_of_members(
            self._bulk, sets, self._keys.task, self._missing, after=after, found=members
        )
        facts: list[tuple[str, TaskFacts]] = []
        async with closing(tasks) as source:
            async for id_, document in source:
                facts.append((id_, _facts(document, id_, workflow_id)))
                if len(facts) == limit:
                    break
        return facts

    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        executor, id_, now_ms = self._executor, removal.workflow_id, self._executor.clock.now_ms()
        checks, plan = Checks(), Plan(executor.keys)
        stands: dict[str, bytes | None] = {}
        checks.begins(executor.keys.removal(id_), f"{removal.token} ", (stands, id_))
        queues = executor.queue_plan(plan, now_ms)
        facts = {id_: removal.facts}
        planner = EffectPlanner(plan, queues, facts, executor.settings, now_ms=now_ms)
        planner.add(effects)
        if record is None:
            planner.clear_removal(id_)
        else:
            planner.add([SetRemoval(id_, record)])
        carried = await executor.carry_out(checks, plan, queues, now_ms=now_ms)
        return carried is not None

    # what the outbox asks

    async def refers(self, workflow_id: str, path: str) -> bool:
        """Whether a document of a workflow refers to a payload."""
        wanted = path.encode()
        document = await self._link.read("GET", self._keys.workflow(workflow_id))
        if document is not None and wanted in document:
            return True
        async for ids in scan_members(self._bulk, self._keys.tasks_of_workflow(workflow_id)):
            async for _, task in each_document(self._bulk, ids, self._keys.task):
                if task is not None and wanted in task:
                    return True
        return False

    async def planned_removal(self, workflow_id: str) -> int | None:
        """When the removal of a workflow is to go; None without one."""
        stored = await self._link.read("GET", self._keys.removal(workflow_id))
        if stored is None:
            return None
        kept: KeptRemoval = decode_removal(stored, workflow_id)[1]
        return next_step_ms(kept.record, self._executor.clock.now_ms())


def _facts(document: bytes, task_id: str, workflow_id: str) -> TaskFacts:
    """Of a task whose document can't be read nothing is known but whose it is: it leaves what can be found."""
    try:
        return task_facts_of(TASK.decode(document, task_id))
    except CorruptRecordError:
        return unknown_task(workflow_id)


_: type[ExecutionDAO] = RedisExecutionDAO
_store: type[ExecutionStore] = RedisExecutionDAO
