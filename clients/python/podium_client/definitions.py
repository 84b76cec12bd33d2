"""Definitions as people have them: a record, or the dict that a JSON file was read into."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Raw

from podium_core.definitions import event_handler_of, task_def_of, workflow_def_of
from podium_core.errors import InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef
from podium_core.models.json_text import json_document

D = TypeVar("D", TaskDef, WorkflowDef, EventHandler)
Document = Mapping[str, Any]


def task_def(definition: TaskDef | Document) -> TaskDef:
    """A task definition. Raises InvalidArgumentError for a dict that isn't one."""
    return (
        definition
        if isinstance(definition, TaskDef)
        else _read(definition, task_def_of, "task_def")
    )


def workflow_def(definition: WorkflowDef | Document) -> WorkflowDef:
    """A workflow definition. Raises InvalidArgumentError for a dict that isn't one."""
    if isinstance(definition, WorkflowDef):
        return definition
    return _read(definition, workflow_def_of, "workflow_def")


def event_handler(definition: EventHandler | Document) -> EventHandler:
    """An event handler. Raises InvalidArgumentError for a dict that isn't one."""
    if isinstance(definition, EventHandler):
        return definition
    return _read(definition, event_handler_of, "event_handler")


def _read(document: Document, read: Callable[[Raw, str], D], path: str) -> D:
    field = f"{path}.document_json"
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(field, f"can't be written as JSON: {error}") from error
    return read(json_document(text, field), path)
