"""The ExecutionDAO of a SQLite file: reads, ``apply`` in one transaction, and the primitives of removals."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.executions import removals
from podium_backends.sqlite.executions.apply import ApplyJob
from podium_backends.sqlite.executions.effects import EffectRunner
from podium_backends.sqlite.executions.queue_effects import QueueEffects
from podium_backends.sqlite.executions.reads import SqliteExecutionReads
from podium_backends.sqlite.file.database import Database
from podium_core.clock import Clock
from podium_core.decide.effects import Effect
from podium_core.decide.removal_record import RemovalRecord
from podium_core.execution_writes import StoreWrites
from podium_core.models import Task
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.ports import ConcurrentExecutionLimitDAO, ExecutionDAO, ExecutionStore
from podium_core.removal import STEP_TASKS, StoredRemoval
from podium_core.write_set import WriteOutcome, WriteSet


class SqliteExecutionDAO(SqliteExecutionReads, StoreWrites):
    """Implements ``ExecutionDAO`` and ``ExecutionStore``.

    ``queues`` says where queue operations go; ``limits`` answers the limit question under its older name.
    """

    def __init__(
        self,
        database: Database,
        queues: QueueEffects,
        limits: ConcurrentExecutionLimitDAO,
        *,
        event_ttl_ms: int = 60_000,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        super().__init__(database, max_answer_bytes=max_answer_bytes)
        self.clock: Clock = database.now_ms
        self._queues = queues
        self._limits = limits
        self._event_ttl_ms = event_ttl_ms

    async def apply_once(self, write_set: WriteSet) -> WriteOutcome:
        job = ApplyJob(write_set, self._runner)
        return await self._database.write(
            lambda conn: job.run(conn, now_ms=self._database.now_ms()), weight=job.weight
        )

    async def removal(self, workflow_id: str, *, tasks: int = 0) -> StoredRemoval | None:
        now_ms = self._database.now_ms()
        return self._database.read_snapshot(
            lambda conn: removals.stored_removal(conn, workflow_id, tasks=tasks, now_ms=now_ms)
        )

    async def advance_removal(
        self, removal: StoredRemoval, record: RemovalRecord | None, effects: Sequence[Effect]
    ) -> bool:
        def job(conn: sqlite3.Connection) -> bool:
            runner = self._runner(conn, self._database.now_ms())
            return removals.advance(conn, runner, removal, record, effects)

        return await self._database.write(job, weight=min(4 + len(effects), STEP_TASKS * 4))

    def _runner(self, conn: sqlite3.Connection, now_ms: int) -> EffectRunner:
        return EffectRunner(conn, self._queues, event_ttl_ms=self._event_ttl_ms, now_ms=now_ms)

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        return await self._limits.exceeds_limit(task)


_: type[ExecutionDAO] = SqliteExecutionDAO
_store: type[ExecutionStore] = SqliteExecutionDAO
