"""Java's calls about definitions, handlers and polls, as calls of our DAOs on any store."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.models import collect
from podium_core.models.documents import POLL_DATA
from podium_core.models.json_text import to_raw
from podium_core.ports import EventHandlerDAO, MetadataDAO, PollDataDAO


class DefinitionDaos(Protocol):
    """What the calls are made on."""

    @property
    def metadata(self) -> MetadataDAO:
        """Definitions."""

    @property
    def handlers(self) -> EventHandlerDAO:
        """Event handlers."""

    @property
    def polls(self) -> PollDataDAO:
        """Poll data."""


def _document(record: Any) -> Any:
    return json.loads(bytes(record.document))


def _documents(records: Any) -> list[Any]:
    return [_document(record) for record in records]


def _optional(record: Any) -> Any:
    return None if record is None else _document(record)


def _poll(record: Any) -> Any:
    return None if record is None else json.loads(POLL_DATA.encode(record))


async def _create_task_def(daos: DefinitionDaos, document: Any) -> None:
    await daos.metadata.create_task_def(task_def_of(to_raw(document)))


async def _update_task_def(daos: DefinitionDaos, document: Any) -> None:
    await daos.metadata.update_task_def(task_def_of(to_raw(document)))


async def _create_workflow_def(daos: DefinitionDaos, document: Any) -> None:
    await daos.metadata.create_workflow_def(workflow_def_of(to_raw(document)))


async def _update_workflow_def(daos: DefinitionDaos, document: Any) -> None:
    await daos.metadata.update_workflow_def(workflow_def_of(to_raw(document)))


async def _add_handler(daos: DefinitionDaos, document: Any) -> None:
    await daos.handlers.add_event_handler(event_handler_of(to_raw(document)))


async def _update_handler(daos: DefinitionDaos, document: Any) -> None:
    await daos.handlers.update_event_handler(event_handler_of(to_raw(document)))


async def _get_task_def(daos: DefinitionDaos, name: str) -> Any:
    return _optional(await daos.metadata.get_task_def(name))


async def _get_workflow_def(daos: DefinitionDaos, name: str, version: int) -> Any:
    return _optional(await daos.metadata.get_workflow_def(name, version))


async def _get_latest(daos: DefinitionDaos, name: str) -> Any:
    return _optional(await daos.metadata.get_latest_workflow_def(name))


async def _all_versions(daos: DefinitionDaos, name: str) -> Any:
    versions = await daos.metadata.get_workflow_versions(name)
    return [await _get_workflow_def(daos, name, version) for version in versions]


async def _all_task_defs(daos: DefinitionDaos) -> Any:
    return _documents(await collect(daos.metadata.get_all_task_defs()))


async def _all_workflow_defs(daos: DefinitionDaos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs()))


async def _latest_versions(daos: DefinitionDaos) -> Any:
    return _documents(await collect(daos.metadata.get_all_workflow_defs_latest_versions()))


async def _all_handlers(daos: DefinitionDaos) -> Any:
    return _documents(await collect(daos.handlers.get_all_event_handlers()))


async def _handlers_for(daos: DefinitionDaos, event: str, active_only: bool) -> Any:
    found = await daos.handlers.get_event_handlers_for_event(event, active_only=active_only)
    return _documents(found)


async def _poll_data(daos: DefinitionDaos, name: str, domain: str | None) -> Any:
    return _poll(await daos.polls.get_poll_data(name, domain))


async def _polls_of(daos: DefinitionDaos, name: str) -> Any:
    return [_poll(poll) for poll in await daos.polls.get_poll_data_for_task(name)]


async def _all_polls(daos: DefinitionDaos) -> Any:
    return [_poll(poll) for poll in await collect(daos.polls.get_all_poll_data())]


CALLS: dict[str, Callable[..., Awaitable[Any]]] = {
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
}
