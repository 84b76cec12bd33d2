"""Definitions: a JSON document, verbatim, and the fields that identify it, which are read from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import Message
from msgspec import UNSET, Raw

from podium.v1 import definitions_pb2, event_pb2
from podium_core.definitions import (
    DOCUMENT_JSON,
    below,
    event_handler_of,
    task_def_of,
    workflow_def_of,
)
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef
from podium_core.models.json_text import json_document

D = TypeVar("D", TaskDef, WorkflowDef, EventHandler)


def _from_proto(message: Message, path: str, read: Callable[[Raw, str], D]) -> D:
    text: str = getattr(message, DOCUMENT_JSON)
    if not text:
        raise InvalidArgumentError(below(path, DOCUMENT_JSON), "is required")
    definition = read(json_document(text, below(path, DOCUMENT_JSON)), path)
    for field, value in message.ListFields():
        if field.name != DOCUMENT_JSON and value != getattr(definition, field.name):
            raise InvalidArgumentError(below(path, field.name), "is not what the document says")
    return definition


def task_def_from_proto(message: definitions_pb2.TaskDef, path: str) -> TaskDef:
    """A definition to store. Raises InvalidArgumentError where a typed field differs from the document."""
    return _from_proto(message, path, task_def_of)


def workflow_def_from_proto(message: definitions_pb2.WorkflowDef, path: str) -> WorkflowDef:
    """A definition to store. Raises InvalidArgumentError where a typed field differs from the document."""
    return _from_proto(message, path, workflow_def_of)


def event_handler_from_proto(message: event_pb2.EventHandler, path: str) -> EventHandler:
    """An event handler to store. Raises InvalidArgumentError where a typed field differs from the document."""
    return _from_proto(message, path, event_handler_of)


def _values_of(message: Message) -> dict[str, Any]:
    values = {field.name: value for field, value in message.ListFields()}
    values["document"] = Raw(values.pop(DOCUMENT_JSON, "{}").encode())
    values.setdefault("name", "")
    return values


def task_def_from_answer(message: definitions_pb2.TaskDef) -> TaskDef:
    """A definition that a server answered with: typed fields as they came, even where the document differs."""
    return TaskDef(**_values_of(message))


def workflow_def_from_answer(message: definitions_pb2.WorkflowDef) -> WorkflowDef:
    """A definition that a server answered with: typed fields as they came, even where the document differs."""
    return WorkflowDef(**_values_of(message))


def event_handler_from_answer(message: event_pb2.EventHandler) -> EventHandler:
    """An event handler that a server answered with: typed fields as they came, even where the document differs."""
    return EventHandler(**_values_of(message))


def _to_proto(definition: TaskDef | WorkflowDef | EventHandler, kind: str) -> dict[str, Any]:
    values = {
        name: value
        for name, value in msgspec.structs.asdict(definition).items()
        if value is not UNSET
    }
    try:
        values[DOCUMENT_JSON] = str(values.pop("document"), "utf-8")
    except UnicodeDecodeError as error:
        raise CorruptRecordError(kind, definition.name, "it isn't UTF-8") from error
    return values


def task_def_to_proto(definition: TaskDef) -> definitions_pb2.TaskDef:
    """A task definition."""
    return definitions_pb2.TaskDef(**_to_proto(definition, "task definition"))


def workflow_def_to_proto(definition: WorkflowDef) -> definitions_pb2.WorkflowDef:
    """A workflow definition."""
    return definitions_pb2.WorkflowDef(**_to_proto(definition, "workflow definition"))


def event_handler_to_proto(definition: EventHandler) -> event_pb2.EventHandler:
    """An event handler."""
    return event_pb2.EventHandler(**_to_proto(definition, "event handler"))
