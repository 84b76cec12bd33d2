"""The ExecutionDAO of a Cassandra: reads, ``apply`` as a job on one partition, and the primitives of removals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.executions.streams import CassandraExecutionStreams
from podium_backends.cassandra.limits.places import LimitPlaces
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.jobs import RemovalStep, WriteSetJob
from podium_backends.cassandra.partition.read import read_partition
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.clock import Clock
from podium_core.decide import Known, TaskFacts, decide
from podium_core.decide.effects import Effect
from podium_core.decide.removal_record import RemovalRecord
from podium_core.execution_writes import StoreWrites
from podium_core.models import Task
from podium_core.outbox import KIND_REMOVAL
from podium_core.ports import ConcurrentExecutionLimitDAO, ExecutionDAO, ExecutionStore
from podium_core.removal import StoredRemoval, stage_of
from podium_core.write_set import PutMode, WriteOutcome, WriteSet
from podium_core.write_set.write_limits import WriteLimits, require_within, workflows_of

_TASKS = "SELECT id, facts FROM executions WHERE workflow_id = ? AND kind = 1 AND id > ? LIMIT ?"
_FACTS = "SELECT facts FROM executions WHERE workflow_id = ? AND kind = 1 AND id = ?"


class CassandraExecutionDAO(CassandraExecutionStreams, StoreWrites):
    """Implements ``ExecutionDAO`` and ``ExecutionStore``."""

    def __init__(
        self,
        session: Session,
        writes: PartitionWrites,
        places: LimitPlaces,
        limits: ConcurrentExecutionLimitDAO,
        clock: Clock,
        *,
        write_limits: WriteLimits,
        event_ttl_ms: int,
        max_answer_bytes: int,
        begin_long_answer: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            session,
            places,
            clock,
            max_answer_bytes=max_answer_bytes,
            begin_long_answer=begin_long_answer,
        )
        self.clock = clock
        self._writes = writes
        self._limits = limits
        self._write_limits = write_limits
        self._event_ttl_ms = event_ttl_ms

    async def apply_once(self, write_set: WriteSet) -> WriteOutcome:
        require_within(write_set, self._write_limits)
        owner = await self._owner_of(write_set)
        if owner is None:
            # Tasks that nobody knows: nothing is there to be decided by.
            return decide(write_set, Known(), now_ms=self.clock()).outcome
        find_foreign = partial(self._foreign_tasks, write_set, owner)
        job = WriteSetJob(write_set, event_ttl_ms=self._event_ttl_ms, find_foreign=find_foreign)
        answer = await self._writes.run(owner, job)
        outcome: WriteOutcome = answer.value
        for task_id in outcome.task_times:
            self._remember(task_id, owner)
        if not answer.intents:
            return outcome
        return msgspec.structs.replace(outcome, intents=tuple(answer.intents))

    async def _owner_of(self, write_set: WriteSet) -> str | None:
        """The partition that a WriteSet is about."""
        for id_ in workflows_of(write_set):
            return id_
        for put in write_set.event_puts:
            return put.entry_id
        for event in write_set.event_removals:
            return event.entry_id
        for op in write_set.queue_ops:
            return rows.partition_of(op.workflow_id, op.message_id)
        for removal in write_set.task_removals:
            found = await self.find_task(removal.task_id)
            if found is not None:
                return found.workflow_id
        return None

    async def _foreign_tasks(self, write_set: WriteSet, owner: str) -> dict[str, TaskFacts]:
        """Of the tasks that may be new, those that are another workflow's."""
        ids = [put.task_id for put in write_set.task_puts if put.mode is not PutMode.UPDATE]
        others = [one for one in await self.workflows_of(ids) if one[1] != owner]
        found = await asyncio.gather(
            *(self._session.rows(_FACTS, workflow_id, id_) for id_, workflow_id in others)
        )
        return {
            id_: rows.decode_task(there[0][0])
            for (id_, _), there in zip(others, found, strict=True)
            if there and there[0][0] is not None
        }

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        return await self._limits.exceeds_limit(task)

    # removals

    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        entry_key = rows.entry_row(KIND_REMOVAL, workflow_id)
        wanted = frozenset((rows.THE_WORKFLOW, entry_key))
        partition = await read_partition(self._session, workflow_id, wanted)
        facts, record = partition.workflow(), partition.removal
        if facts is None or record is None:
            return None
        stage = stage_of(record, self.clock())
        entry = partition.entry(KIND_REMOVAL, workflow_id)
        limit = tasks if stage.is_about_tasks else 0
        read = await self._session.rows(_TASKS, workflow_id, record.after, limit) if limit else []
        return StoredRemoval(
            workflow_id=workflow_id,
            token=entry.token if entry else 0,
            stage=stage,
            facts=facts,
            record=record,
            tasks=[(id_, rows.decode_task(stored)) for id_, stored in read if stored is not None],
        )

    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        answer = await self._writes.run(removal.workflow_id, RemovalStep(removal, record, effects))
        return bool(answer.value)


_: type[ExecutionDAO] = CassandraExecutionDAO
_store: type[ExecutionStore] = CassandraExecutionDAO
