"""``extra_json``: what typed fields can't carry, and derived fields; the slow half of the codec.

Where a key is both a typed field that is set and in ``extra_json``, the typed field wins, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec
from google.protobuf.message import Message
from msgspec import UNSET, Raw
from msgspec.structs import replace

from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models.documents import EXTRA_KEY
from podium_core.models.json_members import Members, members_of_object, object_of_members
from podium_core.models.json_text import is_object, json_object
from podium_protocol.codec.field_table import (
    EXTRA,
    EXTRA_JSON,
    FieldKind,
    M,
    R,
    RecordField,
    RecordTable,
)

_encode = msgspec.json.encode


def extra_writer(table: RecordTable[R, M]) -> Callable[[R, M], None]:
    """Makes the function that puts into a message what its typed fields couldn't carry."""
    typed = tuple(field for field in table.fields if field.kind is not FieldKind.DERIVED)
    derived = table.derived

    def write(record: R, message: M) -> None:
        members = _extra_members(record, table.document.resource_type)
        for field in typed:
            _set_aside(field, record, message, members)
        for field in derived:
            value = getattr(record, field.name)
            if value is not UNSET:
                members[field.key] = value if isinstance(value, Raw) else Raw(_encode(value))
        if members:
            setattr(message, EXTRA_JSON, str(object_of_members(members), "utf-8"))

    return write


def _extra_members(record: Any, resource_type: str) -> Members:
    if record.extra is UNSET:
        return {}
    try:
        return members_of_object(record.extra)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CorruptRecordError(resource_type, "", f"extra: {error}") from error


def _set_aside(field: RecordField, record: Any, message: Message, members: Members) -> None:
    value = getattr(record, field.name)
    if field.key in members:
        if value == field.default:
            message.ClearField(field.proto)
        else:
            del members[field.key]
    elif field.kind is FieldKind.JSON_OBJECT and value is not UNSET and not is_object(value):
        # A reader may count on an object there; the document's own text still travels.
        members[field.key] = value
        message.ClearField(field.proto)
    elif field.kind is FieldKind.TEXTS and value == () and field.default is UNSET:
        # A repeated field doesn't tell empty from absent.
        members[field.key] = Raw(b"[]")


Split = tuple[Any, Members | None]


def extra_splitter(table: RecordTable[R, M]) -> tuple[Any, Callable[[str], Split]]:
    """Makes the function that takes ``extra_json`` apart: derived fields, and the other members if there are any.

    Returns:
        What it gives for derived fields where there are none, and the function.
    """
    derived = {field.key: field for field in table.derived}
    derived_type = msgspec.defstruct(
        f"Derived{table.document.record_type.__name__}",
        [
            (field.name, field.type, msgspec.field(default=UNSET, name=key))
            for key, field in derived.items()
        ],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    strict = msgspec.json.Decoder(derived_type)
    readers: dict[str, Callable[[Raw], Any]] = {
        key: _as_it_is if Raw in get_args(field.type) else msgspec.json.Decoder(field.type).decode
        for key, field in derived.items()
    }
    none = derived_type()

    def split(text: str) -> Split:
        raw = json_object(text, EXTRA_JSON)
        try:
            return strict.decode(raw), None
        except msgspec.DecodeError:
            members = members_of_object(raw)
        if EXTRA_KEY in members:
            raise InvalidArgumentError(EXTRA_JSON, f"the key '{EXTRA_KEY}' is reserved")
        values = {}
        for key in derived.keys() & members.keys():
            try:
                values[derived[key].name] = readers[key](members[key])
            except msgspec.DecodeError:
                continue
            del members[key]
        return derived_type(**values), members

    return none, split


def _as_it_is(raw: Raw) -> Raw:
    return raw


def extra_reader(table: RecordTable[R, M]) -> Callable[[R, M, Members], R]:
    """Makes the function that gives a record the members of ``extra_json`` that no set field overrides."""
    by_key = {field.key: field for field in table.fields if field.kind is not FieldKind.DERIVED}

    def read(record: R, message: M, members: Members) -> R:
        values: dict[str, Any] = {}
        kept: Members = {}
        for key, raw in members.items():
            field = by_key.get(key)
            if field is None or (
                not field.is_set(message) and not _carry(field, raw, values, table)
            ):
                kept[key] = raw
        return replace(record, **values, **{EXTRA: Raw(object_of_members(kept)) if kept else UNSET})

    return read


def _carry(field: RecordField, raw: Raw, values: dict[str, Any], table: RecordTable[R, M]) -> bool:
    # What the typed field can hold goes there: the facts that sets and indexes follow from are read from it.
    if field.kind is FieldKind.JSON_OBJECT and not is_object(raw):
        return False
    alone: Any = table.document.from_members({field.key: raw})
    if alone.extra is not UNSET:
        return False
    values[field.name] = getattr(alone, field.name)
    return True
