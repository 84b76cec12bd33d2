"""Concurrency limits: places of tasks that are in progress, asked in one step."""

from __future__ import annotations

from podium_backends.cassandra.limits.places import LimitPlaces
from podium_core.limits import concurrency_limit_for, place_of
from podium_core.models import Task, TaskStatus
from podium_core.ports import ConcurrentExecutionLimitDAO

DEFAULT_PLACE_TTL_MS = 60_000


class CassandraConcurrentExecutionLimitDAO:
    """Implements ``ConcurrentExecutionLimitDAO``."""

    def __init__(self, places: LimitPlaces, *, place_ttl_ms: int = DEFAULT_PLACE_TTL_MS) -> None:
        self._places = places
        self._place_ttl_ms = place_ttl_ms

    async def add_task_to_limit(self, task: Task) -> None:
        definition, task_id = place_of(task)
        in_progress = task.status is TaskStatus.IN_PROGRESS
        await self._places.add(
            definition, task_id, in_progress=in_progress, ttl_ms=self._place_ttl_ms
        )

    async def remove_task_from_limit(self, task: Task) -> bool:
        return await self._places.free(*place_of(task))

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        definition, task_id = place_of(task)
        places = concurrency_limit_for(task, limit)
        if places <= 0:
            return False
        return not await self._places.take(
            definition, task_id, limit=places, ttl_ms=self._place_ttl_ms
        )


_: type[ConcurrentExecutionLimitDAO] = CassandraConcurrentExecutionLimitDAO
