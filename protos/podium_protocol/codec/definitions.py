"""Definitions: a JSON document, verbatim, and the fields that identify it, which are read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import Message
from msgspec import UNSET, Raw

from podium.v1 import definitions_pb2, event_pb2
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef
from podium_core.models.jackson import LONG, read_boolean, read_number, read_text
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import json_document, without_mark

D = TypeVar("D", TaskDef, WorkflowDef, EventHandler)

DOCUMENT_JSON = "document_json"


_Fields = Mapping[str, tuple[str, Callable[[Raw], Any]]]


class _Reader:
    """Reads the identifying fields of one kind of definition from its document, as Jackson reads them."""

    def __init__(self, fields: _Fields) -> None:
        """Takes the record's fields by their key in the document, and what reads each."""
        self._fields = fields

    def read(self, document: Raw, path: str) -> dict[str, Any]:
        """The fields that are there; what only describes the definition may be in any form, and is left out then.

        Raises:
            InvalidArgumentError: Jackson would not read a field that the server goes by.
        """
        values = {}
        for key, raw in members_of_object(without_mark(bytes(document))).items():
            if key not in self._fields:
                continue
            name, read = self._fields[key]
            try:
                value = read(raw)
            except ValueError as error:
                if key in _DESCRIBING:
                    continue
                raise InvalidArgumentError(
                    _below(path, DOCUMENT_JSON), f"'{key}' {error}"
                ) from error
            if value is not None:
                values[name] = value
        return values


def _version(raw: Raw) -> int:
    version = read_number(raw) or 0  # null is 0 in a Java int
    if version < 1:
        raise ValueError(f"must be at least 1, is {version}")
    return version


_read_time = partial(read_number, within=LONG)
_OWNER: _Fields = {
    "ownerApp": ("owner_app", read_text),
    "ownerEmail": ("owner_email", read_text),
    "createTime": ("create_time", _read_time),
    "updateTime": ("update_time", _read_time),
}
_DESCRIBING = frozenset(_OWNER)
_NAME: _Fields = {"name": ("name", read_text)}
_task_def = _Reader({**_NAME, **_OWNER})
_workflow_def = _Reader({**_NAME, "version": ("version", _version), **_OWNER})
_event_handler = _Reader(
    {**_NAME, "event": ("event", read_text), "active": ("active", read_boolean)}
)


def task_def_of(document: Raw, path: str = "") -> TaskDef:
    """The definition that a JSON object is.

    Raises:
        InvalidArgumentError: It has no name, or a field that the server goes by in a form that Jackson refuses.
    """
    return TaskDef(document=document, **_named(_task_def.read(document, path), path))


def workflow_def_of(document: Raw, path: str = "") -> WorkflowDef:
    """The definition that a JSON object is; without a version it is version 1.

    Raises:
        InvalidArgumentError: It has no name, or a version that isn't a number from 1 on.
    """
    return WorkflowDef(document=document, **_named(_workflow_def.read(document, path), path))


def event_handler_of(document: Raw, path: str = "") -> EventHandler:
    """The event handler that a JSON object is.

    Raises:
        InvalidArgumentError: It has no name, or a field that the server goes by in a form that Jackson refuses.
    """
    return EventHandler(document=document, **_named(_event_handler.read(document, path), path))


def _named(values: dict[str, Any], path: str) -> dict[str, Any]:
    if not values.get("name"):
        raise InvalidArgumentError(_below(path, DOCUMENT_JSON), "a definition needs a 'name'")
    return values


def _below(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _from_proto(message: Message, path: str, read: Callable[[Raw, str], D]) -> D:
    text: str = getattr(message, DOCUMENT_JSON)
    if not text:
        raise InvalidArgumentError(_below(path, DOCUMENT_JSON), "is required")
    definition = read(json_document(text, _below(path, DOCUMENT_JSON)), path)
    for field, value in message.ListFields():
        if field.name != DOCUMENT_JSON and value != getattr(definition, field.name):
            raise InvalidArgumentError(_below(path, field.name), "is not what the document says")
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


def _answered(message: Message) -> dict[str, Any]:
    values = {field.name: value for field, value in message.ListFields()}
    values["document"] = Raw(values.pop(DOCUMENT_JSON, "{}").encode())
    values.setdefault("name", "")
    return values


def answered_task_def(message: definitions_pb2.TaskDef) -> TaskDef:
    """A definition that a server answered with: typed fields as they came, whatever the document says."""
    return TaskDef(**_answered(message))


def answered_workflow_def(message: definitions_pb2.WorkflowDef) -> WorkflowDef:
    """A definition that a server answered with: typed fields as they came, whatever the document says."""
    return WorkflowDef(**_answered(message))


def answered_event_handler(message: event_pb2.EventHandler) -> EventHandler:
    """An event handler that a server answered with: typed fields as they came, whatever the document says."""
    return EventHandler(**_answered(message))


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
