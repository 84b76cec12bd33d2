"""Definitions: a JSON document, verbatim, and the fields that identify it, which are read from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import Message
from msgspec import UNSET, Raw

from podium.v1 import definitions_pb2, event_pb2
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef
from podium_core.models.json_text import json_object
from podium_core.models.task import Int32, Int64

D = TypeVar("D", TaskDef, WorkflowDef, EventHandler)

DOCUMENT_JSON = "document_json"

_members = msgspec.json.Decoder(dict[str, Raw])


class _Reader:
    """Reads the identifying fields of one kind of definition from its document."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        """Takes the record's fields and their types; in the document they are in camel case."""
        self._strict = msgspec.json.Decoder(
            msgspec.defstruct(
                "Identity",
                [(name, kind | msgspec.UnsetType, UNSET) for name, kind in types.items()],
                rename="camel",
            )
        )
        self._decoders = {
            msgspec.structs.fields(self._strict.type)[at].encode_name: (
                name,
                msgspec.json.Decoder(kind),
            )
            for at, (name, kind) in enumerate(types.items())
        }

    def read(self, document: Raw) -> dict[str, Any]:
        """The fields that are there in their own type; others are left out."""
        try:
            identity = self._strict.decode(document)
        except msgspec.ValidationError:
            return self._read_one_by_one(document)
        return {
            name: value
            for name, value in msgspec.structs.asdict(identity).items()
            if value is not UNSET
        }

    def _read_one_by_one(self, document: Raw) -> dict[str, Any]:
        values = {}
        for key, raw in _members.decode(document).items():
            if key in self._decoders:
                name, decoder = self._decoders[key]
                try:
                    values[name] = decoder.decode(raw)
                except msgspec.ValidationError:
                    continue
        return values


_STAMPS = {"owner_app": str, "owner_email": str, "create_time": Int64, "update_time": Int64}
_task_def = _Reader({"name": str, **_STAMPS})
_workflow_def = _Reader({"name": str, "version": Int32, **_STAMPS})
_event_handler = _Reader({"name": str, "event": str, "active": bool})


def task_def_of(document: Raw, path: str = "") -> TaskDef:
    """The definition that a JSON object is.

    Raises:
        InvalidArgumentError: It has no name.
    """
    return TaskDef(document=document, **_named(_task_def.read(document), path))


def workflow_def_of(document: Raw, path: str = "") -> WorkflowDef:
    """The definition that a JSON object is; without a version it is version 1.

    Raises:
        InvalidArgumentError: It has no name, or a version that isn't a number from 1 on.
    """
    values = _named(_workflow_def.read(document), path)
    version = values.get("version")
    if version is None and "version" in _members.decode(document):
        raise InvalidArgumentError(
            _below(path, DOCUMENT_JSON), "'version' must be a number from 1 to 2147483647"
        )
    if version is not None and version < 1:
        raise InvalidArgumentError(
            _below(path, DOCUMENT_JSON), f"'version' must be at least 1, is {version}"
        )
    return WorkflowDef(document=document, **values)


def event_handler_of(document: Raw, path: str = "") -> EventHandler:
    """The event handler that a JSON object is.

    Raises:
        InvalidArgumentError: It has no name.
    """
    return EventHandler(document=document, **_named(_event_handler.read(document), path))


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
    definition = read(json_object(text, _below(path, DOCUMENT_JSON)), path)
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
