"""Java's calls about definitions, handlers, polls and rates, as calls of our DAOs; and the DAOs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.event_handler_table import RedisEventHandlerTable
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.executor import Executor
from podium_backends.redis.executions.limit_place_table import RedisLimitPlaceTable
from podium_backends.redis.executions.store_clock import StoreClock
from podium_backends.redis.keys import Keys
from podium_backends.redis.metadata_table import RedisMetadataTable
from podium_backends.redis.poll_data_table import RedisPollDataTable
from podium_backends.redis.rate_grant_table import RedisRateGrantTable
from podium_core.clock import Clock
from podium_core.definitions import TableEventHandlerDAO, TableMetadataDAO
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models.documents import TASK
from podium_core.poll_data import TablePollDataDAO
from tests.golden.definition_calls import CALLS

KEYS = Keys(workflow_prefix="", stack="test", domain="")
# Java's default.
_EVENT_TTL_MS = 60_000


@dataclass(frozen=True)
class Daos:
    """All of them on one connection."""

    link: Link
    metadata: TableMetadataDAO
    handlers: TableEventHandlerDAO
    polls: TablePollDataDAO
    rates: TableRateLimitingDAO
    executions: RedisExecutionDAO

    @classmethod
    def on(cls, link: Link, clock: Clock, *, event_ttl_ms: int = _EVENT_TTL_MS) -> Daos:
        """On Redis's clock as a test gives it, and with the settings of the recorded Java."""
        scripts = ClockedScripts(link, clock)
        settings = EffectSettings(event_ttl_ms=event_ttl_ms, time_zone=UTC)
        executor = Executor(link, KEYS, StoreClock(clock), settings, KEYS.queue, "podium")
        limits = TableConcurrentExecutionLimitDAO(RedisLimitPlaceTable(link, scripts, KEYS))
        return cls(
            link,
            TableMetadataDAO(RedisMetadataTable(link, link, KEYS)),
            TableEventHandlerDAO(RedisEventHandlerTable(link, link, KEYS)),
            TablePollDataDAO(RedisPollDataTable(link, link, scripts, KEYS)),
            TableRateLimitingDAO(RedisRateGrantTable(scripts, KEYS)),
            RedisExecutionDAO(link, link, executor, limits),
        )


async def _grant(daos: Daos, task: Any, definition: Any) -> bool:
    # Java takes the definition's numbers wherever there is one, also where it says nothing.
    limits: dict[str, int] = {}
    if definition is not None:
        limits = {
            "rate_limit_per_frequency": definition.get("rateLimitPerFrequency") or 0,
            "rate_limit_frequency_seconds": definition.get("rateLimitFrequencyInSeconds") or 0,
        }
    record = TASK.decode(json.dumps(task), "task")
    return await daos.rates.exceeds_rate_limit_per_frequency(record, **limits)


DEFINITION_CALLS: dict[str, Callable[..., Awaitable[Any]]] = {
    **CALLS,
    "RateLimitingDAO.exceedsRateLimitPerFrequency": _grant,
}
