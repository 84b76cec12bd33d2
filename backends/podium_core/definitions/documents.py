"""What identifies a definition or an event handler: read from its JSON document as Jackson reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import EventHandler, TaskDef, WorkflowDef
from podium_core.models.documents import require_utf8
from podium_core.models.jackson import LONG, read_boolean, read_number, read_text
from podium_core.models.json_members import members_of_object
from podium_core.models.json_text import without_bom

T = TypeVar("T")

DOCUMENT_JSON = "document_json"
# What errors call them.
TASK_DEF = "task definition"
WORKFLOW_DEF = "workflow definition"
EVENT_HANDLER = "event handler"

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
        for key, raw in members_of_object(without_bom(bytes(document))).items():
            if key not in self._fields:
                continue
            name, read = self._fields[key]
            try:
                value = read(raw)
            except ValueError as error:
                if key in _DESCRIBING:
                    continue
                raise InvalidArgumentError(
                    below(path, DOCUMENT_JSON), f"'{key}' {error}"
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
    return TaskDef(document=document, **_require_name(_task_def.read(document, path), path))


def workflow_def_of(document: Raw, path: str = "") -> WorkflowDef:
    """The definition that a JSON object is; without a version it is version 1.

    Raises:
        InvalidArgumentError: It has no name, or a version that isn't a number from 1 on.
    """
    return WorkflowDef(document=document, **_require_name(_workflow_def.read(document, path), path))


def event_handler_of(document: Raw, path: str = "") -> EventHandler:
    """The event handler that a JSON object is.

    Raises:
        InvalidArgumentError: It has no name, or a field that the server goes by in a form that Jackson refuses.
    """
    return EventHandler(
        document=document, **_require_name(_event_handler.read(document, path), path)
    )


# as a store holds them


def stored_task_def(document: bytes, name: str) -> TaskDef:
    """The definition of a stored document.

    Raises:
        CorruptRecordError: It can't be read.
    """
    return _parse_stored(task_def_of, document, TASK_DEF, name)


def stored_workflow_def(document: bytes, name: str, version: int) -> WorkflowDef:
    """The definition of a stored document. Raises as ``stored_task_def``."""
    return _parse_stored(workflow_def_of, document, WORKFLOW_DEF, workflow_def_id(name, version))


def stored_event_handler(document: bytes, name: str) -> EventHandler:
    """The handler of a stored document. Raises as ``stored_task_def``."""
    return _parse_stored(event_handler_of, document, EVENT_HANDLER, name)


def _parse_stored(parse: Callable[[Raw], T], document: bytes, kind: str, name: str) -> T:
    try:
        return parse(Raw(require_utf8(document, kind, name)))
    except (InvalidArgumentError, msgspec.MsgspecError) as error:
        raise CorruptRecordError(kind, name, str(error)) from error


def workflow_def_id(name: str, version: int) -> str:
    """What errors and streams call a workflow definition."""
    return f"{name}:{version}"


def _require_name(values: dict[str, Any], path: str) -> dict[str, Any]:
    if not values.get("name"):
        raise InvalidArgumentError(below(path, DOCUMENT_JSON), "a definition needs a 'name'")
    return values


def below(path: str, field: str) -> str:
    """The path of a field of what is at ``path``."""
    return f"{path}.{field}" if path else field
