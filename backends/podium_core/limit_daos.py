"""ConcurrentExecutionLimitDAO and RateLimitingDAO of every store: which limit a task goes by, and what is no limit."""

from __future__ import annotations

from podium_core.limits import (
    concurrency_limit_for,
    definition_limited_by,
    place_of,
    rate_limit_for,
)
from podium_core.models import Task, TaskStatus
from podium_core.ports.concurrent_limit import ConcurrentExecutionLimitDAO
from podium_core.ports.limit_place_table import LimitPlaceTable
from podium_core.ports.rate_grant_table import RateGrantTable
from podium_core.ports.rate_limiting import RateLimitingDAO


class TableConcurrentExecutionLimitDAO:
    """The concurrency limits of one store."""

    def __init__(self, table: LimitPlaceTable) -> None:
        self._table = table

    async def add_task_to_limit(self, task: Task) -> None:
        in_progress = task.status is TaskStatus.IN_PROGRESS
        await self._table.hold_place(*place_of(task), in_progress=in_progress)

    async def remove_task_from_limit(self, task: Task) -> bool:
        return await self._table.free_place(*place_of(task))

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        place = place_of(task)
        places = concurrency_limit_for(task, limit)
        return places > 0 and not await self._table.take_place(*place, limit=places)


class TableRateLimitingDAO:
    """The rate limits of one store."""

    def __init__(self, table: RateGrantTable) -> None:
        self._table = table

    async def exceeds_rate_limit_per_frequency(
        self,
        task: Task,
        *,
        rate_limit_per_frequency: int | None = None,
        rate_limit_frequency_seconds: int | None = None,
    ) -> bool:
        name = definition_limited_by(task)
        limit = rate_limit_for(task, rate_limit_per_frequency, rate_limit_frequency_seconds)
        return limit.limits and not await self._table.take_grant(
            name, grants=limit.grants, window_ms=limit.seconds * 1_000
        )


_concurrent: type[ConcurrentExecutionLimitDAO] = TableConcurrentExecutionLimitDAO
_rate: type[RateLimitingDAO] = TableRateLimitingDAO
