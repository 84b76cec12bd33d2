"""Mappings of the entries of each kind: Conductor's, and what keeps a value from refusing its whole document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from podium_core.index import EntryKind
from podium_core.query import TASK_FIELDS, UNSEARCHABLE, WORKFLOW_FIELDS, Field, FieldType

MAX_KEYWORD = 8_191
"""Characters of a keyword that can be searched: at four bytes each they are what Lucene takes as one term."""

MARKER = "podium"
"""The member that says of an entry that Podium wrote it, and as which version."""

WORDS = "podiumWords"
"""The member that holds the words of texts that mean others than they show, by the names of ``WORDED``."""

WORDED = ("input", "output")
"""Texts that are JSON."""

_KEYWORD = {"type": "keyword", "ignore_above": MAX_KEYWORD}
_LONG = {"type": "long", "ignore_malformed": True}
_TYPES: dict[FieldType, dict[str, Any]] = {
    FieldType.KEYWORD: _KEYWORD,
    FieldType.TEXT: {"type": "text"},
    FieldType.NUMBER: _LONG,
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {
        "type": "date",
        "format": "strict_date_optional_time||epoch_millis",
        "ignore_malformed": True,
    },
}
_STORED = {"type": "text", "index": False}
_OPAQUE = {"type": "object", "enabled": False}
# Of fields that are there already: what makes them take a value that would else refuse its document. Searches stay.
_LENIENT = ("ignore_above", "ignore_malformed")


def _searched(fields: Mapping[str, Field]) -> dict[str, Any]:
    properties: dict[str, Any] = {name: dict(_STORED) for name in UNSEARCHABLE}
    for field in fields.values():
        properties.setdefault(field.key, {}).update(_property(field))
    return properties


def _property(field: Field) -> dict[str, Any]:
    if field.name == field.key:
        return _TYPES[field.type]
    # A text that is also compared as a whole.
    return {"fields": {field.name.removeprefix(f"{field.key}."): _TYPES[field.type]}}


def _keywords(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _KEYWORD)


_WORDS = {WORDS: {"properties": {name: _TYPES[FieldType.TEXT] for name in WORDED}}}

PROPERTIES: Mapping[EntryKind, Mapping[str, Any]] = {
    EntryKind.WORKFLOW: _searched(WORKFLOW_FIELDS) | _WORDS,
    EntryKind.TASK: _searched(TASK_FIELDS) | _WORDS,
    EntryKind.TASK_LOG: _keywords("log", "taskId") | {"createdTime": _LONG},
    EntryKind.EVENT: _keywords("id", "messageId", "name", "event", "status", "action")
    # Any JSON: mapped by what comes first, it would refuse what comes later with another type.
    | {"created": _LONG, "output": _OPAQUE},
    EntryKind.MESSAGE: _keywords("messageId", "payload", "queue") | {"created": _LONG},
}


def mapping(kind: EntryKind) -> dict[str, Any]:
    """The mapping of a new index. Members that it doesn't name are stored, and can't be searched."""
    return {"dynamic": False, "properties": {**PROPERTIES[kind], MARKER: _OPAQUE}}


class MappingChange(NamedTuple):
    """What an index that is there lacks.

    Attributes:
        properties: To be added to its mapping; empty: nothing.
        conflicts: Names of fields that have another type than searches need, which can't be changed.
    """

    properties: dict[str, Any]
    conflicts: list[str]


def missing_properties(kind: EntryKind, found: Mapping[str, Any]) -> MappingChange:
    """What is to be added to a mapping, which may be Java's: its fields keep their types and all their other parameters."""
    properties: dict[str, Any] = {}
    conflicts: list[str] = []
    present = found.get("properties", {})
    for name, wanted in {**PROPERTIES[kind], MARKER: _OPAQUE}.items():
        there = present.get(name)
        if there is None:
            properties[name] = wanted
        elif _type_of(there) != _type_of(wanted):
            conflicts.append(name)
        elif (merged := _merged(there, wanted)) != there:
            properties[name] = merged
    return MappingChange(properties, conflicts)


def _type_of(property_: Mapping[str, Any]) -> Any:
    # Objects have no type in a mapping that is read.
    return property_.get("type", "object")


def _merged(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**there, **{key: wanted[key] for key in _LENIENT if key in wanted}}
    for name, sub_field in wanted.get("fields", {}).items():
        fields = there.get("fields", {})
        merged["fields"] = {**fields, name: _merged(fields.get(name, sub_field), sub_field)}
    return merged
