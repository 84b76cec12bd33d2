"""Which field of a record is which field of its message, found by looking at both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

import msgspec
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from msgspec import Raw
from msgspec.structs import FieldInfo, fields

from podium_core.models.documents import DocumentType

R = TypeVar("R", bound=msgspec.Struct)
M = TypeVar("M", bound=Message)

EXTRA = "extra"
EXTRA_JSON = "extra_json"


class FieldKind(Enum):
    """How a field crosses from record to message and back."""

    TEXT = auto()
    NUMBER = auto()
    FLAG = auto()
    ENUM = auto()
    JSON_OBJECT = auto()
    JSON_VALUE = auto()
    TEXTS = auto()
    TEXT_MAP = auto()
    RECORDS = auto()
    DERIVED = auto()  # computed by the store's writer: it travels in extra_json


class EnumTable(msgspec.Struct, frozen=True):
    """An enum both ways: proto numbers by stored text, members by proto number."""

    numbers: Mapping[str, int]
    members: Mapping[int, Enum]


class Nested(msgspec.Struct, frozen=True):
    """The codec of the records inside a record."""

    to_proto: Callable[[Any], Any]
    from_proto: Callable[[Sequence[Any], str], tuple[Any, ...]]


class RecordField(msgspec.Struct, frozen=True, kw_only=True):
    """One field.

    Attributes:
        name: In the record.
        key: In the stored document.
        proto: In the message; empty for a derived field.
        default: What the record has where nothing is said.
    """

    name: str
    key: str
    proto: str
    kind: FieldKind
    default: Any
    type: Any
    enum: EnumTable | None = None
    nested: Nested | None = None

    def is_set(self, message: Message) -> bool:
        """Whether the message says something for this field."""
        if self.kind in (FieldKind.TEXTS, FieldKind.TEXT_MAP, FieldKind.RECORDS):
            return bool(getattr(message, self.proto))
        return message.HasField(self.proto)


class RecordTable(msgspec.Struct, Generic[R, M], frozen=True, kw_only=True):
    """A record type, its message type, and the fields of both."""

    document: DocumentType[R]
    message_type: type[M]
    fields: tuple[RecordField, ...]

    @property
    def derived(self) -> tuple[RecordField, ...]:
        """The derived fields."""
        return tuple(field for field in self.fields if field.kind is FieldKind.DERIVED)


def record_table(
    document: DocumentType[R],
    message_type: type[M],
    *,
    derived: Sequence[str] = (),
    any_json: Sequence[str] = (),
    nested: Nested | None = None,
) -> RecordTable[R, M]:
    """The table of a record type.

    Args:
        document: The record type, as it is stored.
        message_type: Its message.
        derived: Fields that travel in ``extra_json``.
        any_json: Free-form fields that needn't be objects.
        nested: The codec of the records inside.
    Raises:
        TypeError: Record and message don't fit.
    """
    infos = [info for info in fields(document.record_type) if info.name != EXTRA]
    protos: Mapping[str, Any] = message_type.DESCRIPTOR.fields_by_name
    table = tuple(_field(info, protos, derived, any_json, nested) for info in infos)
    surplus = set(protos) - {field.proto for field in table} - {EXTRA_JSON}
    if surplus:
        raise TypeError(f"{message_type.__name__} has fields of no record: {sorted(surplus)}")
    return RecordTable(document=document, message_type=message_type, fields=table)


def _field(
    info: FieldInfo,
    protos: Mapping[str, Any],
    derived: Sequence[str],
    any_json: Sequence[str],
    nested: Nested | None,
) -> RecordField:
    default = info.default if info.default is not msgspec.NODEFAULT else info.default_factory()
    own_type = _without_unset(info.type)
    if info.name in derived:
        kind, proto = FieldKind.DERIVED, ""
    else:
        proto = f"{info.name}_json" if own_type is Raw else info.name
        if proto not in protos:
            raise TypeError(f"no message field for {info.name}")
        json_kind = FieldKind.JSON_VALUE if info.name in any_json else FieldKind.JSON_OBJECT
        kind = json_kind if own_type is Raw else _kind(protos[proto])
    return RecordField(
        name=info.name,
        key=info.encode_name,
        proto=proto,
        kind=kind,
        default=default,
        type=info.type,
        enum=enum_table(own_type, protos[proto].enum_type) if kind is FieldKind.ENUM else None,
        nested=nested if kind is FieldKind.RECORDS else None,
    )


_KINDS = {
    FieldDescriptor.TYPE_STRING: FieldKind.TEXT,
    FieldDescriptor.TYPE_INT32: FieldKind.NUMBER,
    FieldDescriptor.TYPE_INT64: FieldKind.NUMBER,
    FieldDescriptor.TYPE_BOOL: FieldKind.FLAG,
    FieldDescriptor.TYPE_ENUM: FieldKind.ENUM,
}


def _kind(proto: FieldDescriptor) -> FieldKind:
    if proto.message_type is not None:
        return (
            FieldKind.TEXT_MAP if proto.message_type.GetOptions().map_entry else FieldKind.RECORDS
        )
    return FieldKind.TEXTS if proto.is_repeated else _KINDS[proto.type]


def _without_unset(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (arg for arg in get_args(annotation) if arg is not msgspec.UnsetType)
    return annotation


def enum_table(members: type[Enum], descriptor: EnumDescriptor) -> EnumTable:
    """The table of an enum, whose proto names are the enum's own name followed by the members'.

    Raises:
        TypeError: They don't fit.
    """
    unspecified = descriptor.values_by_number[0].name
    prefix = unspecified.removesuffix("UNSPECIFIED")
    names = {
        value.name.removeprefix(prefix): value.number for value in descriptor.values if value.number
    }
    if set(names) != set(members.__members__):
        raise TypeError(f"{descriptor.name} and {members.__name__} have different values")
    return EnumTable(
        numbers={member.value: names[member.name] for member in members},
        members={names[member.name]: member for member in members},
    )
