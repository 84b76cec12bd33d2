"""The ExecutionDAO of a SQLite file: reads, and ``apply`` in one transaction."""

from __future__ import annotations

import asyncio

from podium_backends.sqlite import archive_statements, removal_statements
from podium_backends.sqlite.apply import Application
from podium_backends.sqlite.concurrent_limit_dao import SqliteConcurrentExecutionLimitDAO
from podium_backends.sqlite.database import Database
from podium_backends.sqlite.execution_reads import ExecutionReads
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_core.clock import Clock
from podium_core.dao import ExecutionDAO
from podium_core.models import Task
from podium_core.read_budget import MAX_ANSWER_BYTES
from podium_core.write_set import (
    ExecutionStore,
    Removal,
    RemovalStage,
    WriteOutcome,
    WriteSet,
)
from podium_core.write_set.execution_writes import ExecutionWrites
from podium_core.write_set.refusals import RemovalUnderWayError


class SqliteExecutionDAO(ExecutionReads, ExecutionWrites):
    """Implements ``ExecutionDAO`` and ``ExecutionStore``.

    ``queues`` says where queue operations go; ``limits`` answers the limit question under its older name.
    """

    def __init__(
        self,
        database: Database,
        queues: QueueEffects,
        limits: SqliteConcurrentExecutionLimitDAO,
        *,
        event_ttl_ms: int = 60_000,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        super().__init__(database, max_answer_bytes=max_answer_bytes)
        self.clock: Clock = database.now_ms
        self._queues = queues
        self._limits = limits
        self._event_ttl_ms = event_ttl_ms

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        application = Application(write_set, self._queues, event_ttl_ms=self._event_ttl_ms)
        while True:
            try:
                return await self._database.write(
                    lambda conn: application.run(conn, now_ms=self._database.now_ms()),
                    weight=application.weight,
                )
            except RemovalUnderWayError as error:
                # The id is wanted anew: end the removal that holds it first, unless it has to be archived.
                removal = await self.removal(error.workflow_id)
                if removal is not None and removal.stage is RemovalStage.ARCHIVE:
                    raise
                await self.carry_out_removal(error.workflow_id)

    async def removal(self, workflow_id: str) -> Removal | None:
        now_ms = self._database.now_ms()
        return self._database.read_snapshot(
            lambda conn: archive_statements.stage_of(conn, workflow_id, now_ms=now_ms)
        )

    async def archived(self, removal: Removal) -> bool:
        return await self._database.write(
            lambda conn: archive_statements.archived(conn, removal, now_ms=self._database.now_ms()),
            weight=4,
        )

    async def take_back_removal(self, removal: Removal) -> bool:
        return await self._database.write(
            lambda conn: archive_statements.take_back(
                conn, removal, now_ms=self._database.now_ms()
            ),
            weight=removal_statements.CHUNK * 4,
        )

    async def carry_out_removal(self, workflow_id: str) -> bool:
        began = False
        while True:
            more = await self._database.write(
                lambda conn: removal_statements.carry_out_chunk(
                    conn, self._queues, workflow_id, now_ms=self._database.now_ms()
                ),
                weight=removal_statements.CHUNK * 4,
            )
            if more is None:
                return began
            began = True
            if not more:
                return True
            await asyncio.sleep(0)

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        return await self._limits.exceeds_limit(task)


_: type[ExecutionDAO] = SqliteExecutionDAO
_store: type[ExecutionStore] = SqliteExecutionDAO
