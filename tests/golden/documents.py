"""The golden documents, and a way of our own from a document to its message and back, by the descriptors alone.

Not the codec that is under test: a mistake that it made in both directions would show in nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

FOLDER = Path(__file__).parent
Value = Any
Members = dict[str, msgspec.Raw]

DERIVED = ("taskDefinition", "loopOverTask", "queueWaitTime", "workflowName", "workflowVersion")
"""The members that are computed anew at every write: the only ones that no comparison looks at."""

_members = msgspec.json.Decoder(Members)
_TEXT, _BOOL, _ENUM = (
    FieldDescriptor.CPPTYPE_STRING,
    FieldDescriptor.CPPTYPE_BOOL,
    FieldDescriptor.CPPTYPE_ENUM,
)
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: range(-(2**31), 2**31),
    FieldDescriptor.CPPTYPE_INT64: range(-(2**63), 2**63),
}


class Number(str):
    """A number of a JSON text, as it is written there: 1.0, 1.00 and 1E0 are three."""

    __slots__ = ()


def exact(text: str | bytes) -> Value:
    """The value of a JSON text, numbers as they are written. A key twice is an error."""
    return json.loads(
        text,
        parse_int=Number,
        parse_float=Number,
        parse_constant=_refuse,
        object_pairs_hook=_object,
    )


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    assert len(members) == len(pairs), "a key twice"
    return members


@cache
def _file(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def _stored(kind: str) -> Iterator[str]:
    """Every text that a Redis command of the golden run, or the stock server, stored under keys of a kind."""
    at = {"SET": 2, "HSET": 3, "HSETNX": 3}
    for step in _file("redis-golden.json")["steps"]:
        for command, key, *arguments in step["redis_commands"]:
            if command in at and key.split(".")[1:2] == [kind]:
                yield arguments[at[command] - 2]
    for key, found in _file("server-golden.json")["redis"].items():
        if key.split(".")[2:3] == [kind]:
            values = found["value"]
            yield from values.values() if isinstance(values, dict) else [values]


def documents(kind: str) -> list[str]:
    """The different documents of a kind, in the order in which they were stored."""
    return list(dict.fromkeys(_stored(kind)))


def message_of(document: str, message_type: type[Message]) -> Any:
    """The message of a document: what a typed field can carry there, all else in ``extra_json``."""
    message: Any = message_type()
    fields = {_key(field): field for field in message_type.DESCRIPTOR.fields}
    rest: Members = {}
    for key, raw in _members.decode(document).items():
        field = fields.get(key)
        if key == "tasks" and bytes(raw) == b"[]":
            continue
        if field is None or not _put(message, field, bytes(raw).decode()):
            rest[key] = raw
    if rest:
        message.extra_json = msgspec.json.encode(rest).decode()
    return message


def document_of(message: Any) -> dict[str, Value]:
    """The document of a message."""
    extra = getattr(message, "extra_json", "")
    document: dict[str, Value] = exact(extra) if extra else {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.name == "extra_json":
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            document.setdefault(_key(field), dict(value))
        elif field.message_type is not None:
            document.setdefault(_key(field), [document_of(item) for item in value])
        elif field.is_repeated:
            if value:
                document[_key(field)] = list(value)
        elif message.HasField(field.name):
            document[_key(field)] = _read(field, value)
    return document


def _key(field: Any) -> str:
    name: str = field.name.removesuffix("_json") if field.name != "extra_json" else field.name
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _put(message: Any, field: Any, raw: str) -> bool:
    value = exact(raw)
    if field.message_type is not None:
        if not isinstance(value, dict) or not all(type(item) is str for item in value.values()):
            return False
        getattr(message, field.name).update(value)
    elif field.is_repeated:
        if not isinstance(value, list) or not value or any(type(item) is not str for item in value):
            return False
        getattr(message, field.name).extend(value)
    else:
        single = _single(field, raw, value)
        if single is None:
            return False
        setattr(message, field.name, single)
    return True


def _single(field: Any, raw: str, value: Value) -> Any:
    """What the field holds for this value; None where it can't."""
    if field.name.endswith("_json"):
        return raw if isinstance(value, dict) else None
    if field.cpp_type == _BOOL:
        return value if isinstance(value, bool) else None
    if field.cpp_type in _RANGES:
        whole = isinstance(value, Number) and str(value).removeprefix("-").isdigit()
        return int(value) if whole and int(value) in _RANGES[field.cpp_type] else None
    if type(value) is not str:
        return None
    if field.cpp_type == _ENUM:
        found = field.enum_type.values_by_name.get(_prefix(field) + value.upper())
        return None if found is None else found.number
    return value


def _read(field: Any, value: Any) -> Value:
    if field.name.endswith("_json"):
        return exact(value)
    if field.cpp_type == _ENUM:
        name: str = field.enum_type.values_by_number[value].name.removeprefix(_prefix(field))
        return name.lower() if field.enum_type.name == "EventAction" else name
    if field.cpp_type in (_TEXT, _BOOL):
        return value
    return Number(value)


def _prefix(field: Any) -> str:
    first: str = field.enum_type.values_by_number[0].name
    return first.removesuffix("UNSPECIFIED")
