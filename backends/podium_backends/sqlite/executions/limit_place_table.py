"""Places of concurrency limits on SQLite, for the limit DAO; those of its own tasks follow their status in ``apply``."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.executions import limit_places
from podium_backends.sqlite.file.database import Database
from podium_core.ports import LimitPlaceTable

DEFAULT_PLACE_TTL_MS = 60_000


class SqliteLimitPlaceTable:
    """Places in one database file."""

    def __init__(self, database: Database, *, place_ttl_ms: int = DEFAULT_PLACE_TTL_MS) -> None:
        self._database = database
        self._place_ttl_ms = place_ttl_ms

    async def hold_place(self, definition_name: str, task_id: str, *, in_progress: bool) -> None:
        def job(conn: sqlite3.Connection) -> None:
            now_ms = self._database.now_ms()
            if in_progress:
                limit_places.set_in_progress(conn, definition_name, task_id, now_ms=now_ms)
            else:
                limit_places.hold(
                    conn, definition_name, task_id, ttl_ms=self._place_ttl_ms, now_ms=now_ms
                )

        await self._database.write(job)

    async def free_place(self, definition_name: str, task_id: str) -> bool:
        return await self._database.write(
            lambda conn: limit_places.release(conn, definition_name, task_id)
        )

    async def take_place(self, definition_name: str, task_id: str, *, limit: int) -> bool:
        # Refuse from a read: at a limit most calls are refused, and a refusal writes nothing.
        now_ms = self._database.now_ms()
        may_take = self._database.read(
            lambda conn: limit_places.may_take(
                conn, definition_name, task_id, limit=limit, now_ms=now_ms
            )
        )
        return may_take and await self._database.write(
            lambda conn: limit_places.take(
                conn,
                definition_name,
                task_id,
                limit=limit,
                ttl_ms=self._place_ttl_ms,
                now_ms=self._database.now_ms(),
            ),
            weight=4,
        )


_: type[LimitPlaceTable] = SqliteLimitPlaceTable
