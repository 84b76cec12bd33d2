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
from podium_core.definitions import (
    TableEventHandlerDAO,
    TableMetadataDAO,
    event_handler_of,
    task_def_of,
    workflow_def_of,
)
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models import collect
from podium_core.models.documents import POLL_DATA, TASK
from podium_core.models.json_text import to_raw
from podium_core.poll_data import TablePollDataDAO

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


def _document(record: Any) -> Any:
    return json.loads(bytes(record.document))


def _documents(records: Any) -> list[Any]:
    return [_document(record) for record in records]


def _optional(record: Any) -> Any:
    return None if record is None else _document(record)


def _poll(record: Any) -> Any:
    return None if record is None else json.loads(POLL_DATA.encode(record))


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


async def _create_task_def(daos: Daos, document: Any) -> None:
    await daos.metadata.create_task_def(task_def_of(to_raw(document)))


async def _update_task_def(daos: Daos, document: Any) -> None:
    await daos.metadata.update_task_def(task_def_of(to_raw(document)))


async def _create_workflow_def(daos: Daos, document: Any) -> None:
    await daos.metadata.create_workflow_def(workflow_def_of(to_raw(document)))


async def _update_workflow_def(daos: Daos, document: Any) -> None:
    await daos.metadata.update_workflow_def(workflow_def_of(to_raw(document)))


async def _add_handler(daos: Daos, document: Any) -> None:
    await daos.handlers.add_event_handler(event_handler_of(to_raw(document)))


async def _update_handler(daos: Daos, document: Any) -> None:
    await daos.handlers.update_event_handler(event_handler_of(to_raw(document)))


async def _get_task_def(daos: Daos, name: str) -> Any:
    return _optional(await daos.metadata.get_task_def(name))


async def _get_workflow_def(daos: Daos, name: str, version: int) -> Any:
    return _optional(await daos.metadata.get_workflow_def(name, version))


async def _get_latest(daos: Daos, name: str) -> Any:
    return _optional(await daos.metadata.get_latest_workflow_def(name))


async def _all_versions(daos: Daos, name: str) -> Any:
    versions = await daos.metadata.get_workflow_versions(name)
    return [await _get_workflow_def(daos, name, version) for version in versions]


async def _all_task_defs(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_task_defs()))


async def _all_workflow_defs(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs()))


async def _latest_versions(daos: Daos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs_latest_versions()))


async def _all_handlers(daos: Daos) -> Any:
    return _documents(await collect(daos.handlers.get_all_event_handlers()))


async def _handlers_for(daos: Daos, event: str, active_only: bool) -> Any:
    found = await daos.handlers.get_event_handlers_for_event(event, active_only=active_only)
    return _documents(found)


async def _poll_data(daos: Daos, name: str, domain: str | None) -> Any:
    return _poll(await daos.polls.get_poll_data(name, domain))


async def _polls_of(daos: Daos, name: str) -> Any:
    return [_poll(poll) for poll in await daos.polls.get_poll_data_for_task(name)]


async def _all_polls(daos: Daos) -> Any:
    return [_poll(poll) for poll in await collect(daos.polls.get_all_poll_data())]


DEFINITION_CALLS: dict[str, Callable[..., Awaitable[Any]]] = {
    "MetadataDAO.createTaskDef": _create_task_def,
    "MetadataDAO.updateTaskDef": _update_task_def,
    "MetadataDAO.getTaskDef": _get_task_def,
    "MetadataDAO.getAllTaskDefs": _all_task_defs,
    "MetadataDAO.removeTaskDef": lambda daos, name: daos.metadata.remove_task_def(name),
    "MetadataDAO.createWorkflowDef": _create_workflow_def,
    "MetadataDAO.updateWorkflowDef": _update_workflow_def,
    "MetadataDAO.getLatestWorkflowDef": _get_latest,
    "MetadataDAO.getWorkflowDef": _get_workflow_def,
    "MetadataDAO.getAllVersions": _all_versions,
    "MetadataDAO.getAllWorkflowDefs": _all_workflow_defs,
    "MetadataDAO.getAllWorkflowDefsLatestVersions": _latest_versions,
    "MetadataDAO.findAll": lambda daos: daos.metadata.get_workflow_names(),
    "MetadataDAO.removeWorkflowDef": lambda daos, name, version: daos.metadata.remove_workflow_def(
        name, version or 0
    ),
    "EventHandlerDAO.addEventHandler": _add_handler,
    "EventHandlerDAO.updateEventHandler": _update_handler,
    "EventHandlerDAO.removeEventHandler": lambda daos, name: daos.handlers.remove_event_handler(
        name
    ),
    "EventHandlerDAO.getAllEventHandlers": _all_handlers,
    "EventHandlerDAO.getEventHandlersForEvent": _handlers_for,
    "PollDataDAO.updateLastPollData": lambda daos, *args: daos.polls.update_last_poll_data(*args),
    "PollDataDAO.getPollData": _poll_data,
    "PollDataDAO.getPollData(all)": _polls_of,
    "PollDataDAO.getAllPollData": _all_polls,
    "RateLimitingDAO.exceedsRateLimitPerFrequency": _grant,
}
