"""Arguments that every store refuses, and the field that the error names: for the core's DAOs alone, and for whole servers.

Each call takes the DAO, and where it is about a text that text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Raw

from podium_core.models import EventHandler, TaskDef, WorkflowDef

ByText = Callable[[Any, str], Any]
Refused = Callable[[Any], Any]
DOCUMENT = Raw(b'{"name": "in the document"}')


def task_def(name: str = "t") -> TaskDef:
    return TaskDef(document=DOCUMENT, name=name)


def workflow_def(name: str = "w", version: int = 1) -> WorkflowDef:
    return WorkflowDef(document=DOCUMENT, name=name, version=version)


def handler(name: str = "h", event: str = "e") -> EventHandler:
    return EventHandler(document=Raw(b"{}"), name=name, event=event)


# reads of executions

READS_BY_TEXT: dict[str, tuple[str, ByText]] = {
    "get_task": ("task_id", lambda reads, text: reads.get_task(text)),
    "get_tasks": ("task_ids[1]", lambda reads, text: reads.get_tasks(["t", text])),
    "get_tasks_by_type": ("task_type", lambda reads, text: reads.get_tasks_by_type(text, count=1)),
    "get_pending_tasks_by_workflow, name": (
        "task_name",
        lambda reads, text: reads.get_pending_tasks_by_workflow(text, "w"),
    ),
    "get_pending_tasks_by_workflow, id": (
        "workflow_id",
        lambda reads, text: reads.get_pending_tasks_by_workflow("d", text),
    ),
    "get_pending_tasks_for_task_type": (
        "task_type",
        lambda reads, text: reads.get_pending_tasks_for_task_type(text),
    ),
    "get_tasks_for_workflow": (
        "workflow_id",
        lambda reads, text: reads.get_tasks_for_workflow(text),
    ),
    "get_in_progress_task_count": (
        "task_def_name",
        lambda reads, text: reads.get_in_progress_task_count(text),
    ),
    "get_workflow": ("workflow_id", lambda reads, text: reads.get_workflow(text)),
    "get_workflow with tasks": (
        "workflow_id",
        lambda reads, text: reads.get_workflow(text, include_tasks=True),
    ),
    "get_workflows": ("workflow_ids[1]", lambda reads, text: reads.get_workflows(["w", text])),
    "get_running_workflow_ids": (
        "workflow_name",
        lambda reads, text: reads.get_running_workflow_ids(text),
    ),
    "get_pending_workflows_by_type": (
        "workflow_name",
        lambda reads, text: reads.get_pending_workflows_by_type(text),
    ),
    "get_pending_workflow_count": (
        "workflow_name",
        lambda reads, text: reads.get_pending_workflow_count(text),
    ),
    "get_workflows_by_type": (
        "workflow_name",
        lambda reads, text: reads.get_workflows_by_type(text, start_time=0, end_time=0),
    ),
    "get_workflows_by_correlation_id, name": (
        "workflow_name",
        lambda reads, text: reads.get_workflows_by_correlation_id(text, "c"),
    ),
    "get_workflows_by_correlation_id, id": (
        "correlation_id",
        lambda reads, text: reads.get_workflows_by_correlation_id("n", text),
    ),
}

REFUSED_READS: dict[str, tuple[str, Refused]] = {
    "too many tasks": ("task_ids", lambda reads: reads.get_tasks(["t"] * 10_001)),
    "too many workflows": ("workflow_ids", lambda reads: reads.get_workflows(["w"] * 10_001)),
    "no count": ("count", lambda reads: reads.get_tasks_by_type("d", count=0)),
    "a large count": ("count", lambda reads: reads.get_tasks_by_type("d", count=10_001)),
    "a time before all": (
        "start_time",
        lambda reads: reads.get_workflows_by_type("n", start_time=-1, end_time=0),
    ),
    "an end before its start": (
        "end_time",
        lambda reads: reads.get_workflows_by_type("n", start_time=5, end_time=4),
    ),
}


# definitions

METADATA_BY_NAME: dict[str, tuple[str, ByText]] = {
    "create_task_def": ("task_def.name", lambda dao, name: dao.create_task_def(task_def(name))),
    "update_task_def": ("task_def.name", lambda dao, name: dao.update_task_def(task_def(name))),
    "get_task_def": ("name", lambda dao, name: dao.get_task_def(name)),
    "remove_task_def": ("name", lambda dao, name: dao.remove_task_def(name)),
    "create_workflow_def": (
        "workflow_def.name",
        lambda dao, name: dao.create_workflow_def(workflow_def(name)),
    ),
    "update_workflow_def": (
        "workflow_def.name",
        lambda dao, name: dao.update_workflow_def(workflow_def(name)),
    ),
    "get_latest_workflow_def": ("name", lambda dao, name: dao.get_latest_workflow_def(name)),
    "get_workflow_def": ("name", lambda dao, name: dao.get_workflow_def(name, 1)),
    "remove_workflow_def": ("name", lambda dao, name: dao.remove_workflow_def(name, 1)),
    "get_workflow_versions": ("name", lambda dao, name: dao.get_workflow_versions(name)),
}
METADATA_BY_VERSION: dict[str, tuple[str, Callable[[Any, int], Any]]] = {
    "create_workflow_def": (
        "workflow_def.version",
        lambda dao, version: dao.create_workflow_def(workflow_def(version=version)),
    ),
    "update_workflow_def": (
        "workflow_def.version",
        lambda dao, version: dao.update_workflow_def(workflow_def(version=version)),
    ),
    "get_workflow_def": ("version", lambda dao, version: dao.get_workflow_def("w", version)),
    "remove_workflow_def": ("version", lambda dao, version: dao.remove_workflow_def("w", version)),
}
# event handlers

HANDLERS_BY_TEXT: dict[str, tuple[str, ByText]] = {
    "the name of a new one": (
        "event_handler.name",
        lambda dao, text: dao.add_event_handler(handler(name=text)),
    ),
    "the event of a new one": (
        "event_handler.event",
        lambda dao, text: dao.add_event_handler(handler(event=text)),
    ),
    "the name of a changed one": (
        "event_handler.name",
        lambda dao, text: dao.update_event_handler(handler(name=text)),
    ),
    "the event of a changed one": (
        "event_handler.event",
        lambda dao, text: dao.update_event_handler(handler(event=text)),
    ),
    "the name of one to remove": ("name", lambda dao, text: dao.remove_event_handler(text)),
    "the event that is asked for": (
        "event",
        lambda dao, text: dao.get_event_handlers_for_event(text),
    ),
}


# poll data

POLLS_BY_NAME: dict[str, tuple[str, ByText]] = {
    "update_last_poll_data": (
        "task_def_name",
        lambda dao, text: dao.update_last_poll_data(text, None, "w"),
    ),
    "get_poll_data": ("task_def_name", lambda dao, text: dao.get_poll_data(text, None)),
    "get_poll_data_for_task": ("task_def_name", lambda dao, text: dao.get_poll_data_for_task(text)),
}
