"""The ConcurrentExecutionLimitDAO on SQLite."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.executions import limit_places
from podium_backends.sqlite.file.database import Database
from podium_core.limits import concurrency_limit_for, place_of
from podium_core.models import Task, TaskStatus
from podium_core.ports import ConcurrentExecutionLimitDAO

DEFAULT_PLACE_TTL_MS = 60_000


class SqliteConcurrentExecutionLimitDAO:
    """Concurrency limits in one database file; places of its own executions follow their status in ``apply``."""

    def __init__(self, database: Database, *, place_ttl_ms: int = DEFAULT_PLACE_TTL_MS) -> None:
        self._database = database
        self._place_ttl_ms = place_ttl_ms

    async def add_task_to_limit(self, task: Task) -> None:
        definition_name, task_id = place_of(task)

        def job(conn: sqlite3.Connection) -> None:
            now_ms = self._database.now_ms()
            if task.status is TaskStatus.IN_PROGRESS:
                limit_places.set_in_progress(conn, definition_name, task_id, now_ms=now_ms)
            else:
                limit_places.hold(
                    conn, definition_name, task_id, ttl_ms=self._place_ttl_ms, now_ms=now_ms
                )

        await self._database.write(job)

    async def remove_task_from_limit(self, task: Task) -> bool:
        definition_name, task_id = place_of(task)
        return await self._database.write(
            lambda conn: limit_places.release(conn, definition_name, task_id)
        )

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        definition_name, task_id = place_of(task)
        places = concurrency_limit_for(task, limit)
        if places <= 0:
            return False
        # Refuse from a read: at a limit most calls are refused, and a refusal writes nothing.
        now_ms = self._database.now_ms()
        may_take = self._database.read(
            lambda conn: limit_places.may_take(
                conn, definition_name, task_id, limit=places, now_ms=now_ms
            )
        )
        if not may_take:
            return True
        return not await self._database.write(
            lambda conn: limit_places.take(
                conn,
                definition_name,
                task_id,
                limit=places,
                ttl_ms=self._place_ttl_ms,
                now_ms=self._database.now_ms(),
            ),
            weight=4,
        )


_: type[ConcurrentExecutionLimitDAO] = SqliteConcurrentExecutionLimitDAO
