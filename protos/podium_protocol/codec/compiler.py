"""Makes the two functions of a record's codec: source text from the field table, compiled once at import.

One constructor call with everything in it is several times as fast as a loop over the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Generic, get_args

import msgspec
from google.protobuf.message import Message
from msgspec import UNSET

from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models.json_text import EMPTY_OBJECT, json_object, json_value
from podium_protocol.codec.extra import extra_reader, extra_splitter, extra_writer
from podium_protocol.codec.field_table import EXTRA_JSON, FieldKind, M, R, RecordField, RecordTable


class RecordCodec(msgspec.Struct, Generic[R, M], frozen=True):
    """A record to its message and back. ``from_proto`` takes the path of the message, for its errors."""

    to_proto: Callable[[R], M]
    from_proto: Callable[[M, str], R]


def compile_table(table: RecordTable[R, M], *, skip: tuple[str, ...] = ()) -> RecordCodec[R, M]:
    """The codec of a table.

    Args:
        table: The fields.
        skip: Fields that ``from_proto`` leaves at their default.
    """
    none, split = extra_splitter(table)
    scope: dict[str, Any] = {
        "UNSET": UNSET,
        "EMPTY_OBJECT": EMPTY_OBJECT,
        "InvalidArgumentError": InvalidArgumentError,
        "json_object": json_object,
        "json_value": json_value,
        "member_of": member_of,
        "encode": msgspec.json.encode,
        "Message": table.message_type,
        "Record": table.document.record_type,
        "write_extra": extra_writer(table),
        "read_extra": extra_reader(table),
        "split_extra": split,
        "NOTHING_DERIVED": none,
        "refused": lambda record, error: refusal_of(record, table, error),
    }
    for field in table.fields:
        scope[f"default_{field.name}"] = field.default
        if field.enum is not None:
            scope[f"numbers_{field.name}"] = field.enum.numbers
            scope[f"members_{field.name}"] = field.enum.members
        if field.nested is not None:
            scope[f"nested_to_{field.name}"] = field.nested.to_proto
            scope[f"nested_from_{field.name}"] = field.nested.from_proto
    source = _to_proto_source(table) + _from_proto_source(table, skip)
    exec(compile(source, f"<codec of {table.message_type.__name__}>", "exec"), scope)  # noqa: S102 - our own text
    return RecordCodec(scope["to_proto"], scope["from_proto"])


# record → message


def _to_proto_source(table: RecordTable[R, M]) -> str:
    typed = [field for field in table.fields if field.kind is not FieldKind.DERIVED]
    lines = ["def to_proto(record):", " try:"]
    lines += [
        f"  {field.name} = {_text_of(field)}"
        for field in typed
        if field.kind is FieldKind.JSON_OBJECT
    ]
    lines += [
        f"  {field.name} = record.{field.name}"
        for field in (*table.derived, *_kinds(typed, FieldKind.TEXTS))
    ]
    lines += ["  message = Message("]
    lines += [f"   {field.proto}={_to_proto_expression(field)}," for field in typed]
    lines += [
        "  )",
        f"  if not ({' and '.join(_plainness(typed))}):",
        "   write_extra(record, message)",
    ]
    if table.derived:
        lines += [
            f"  elif {' and '.join(f'{field.name} is not UNSET' for field in table.derived)}:",
            f"   message.{EXTRA_JSON} = {_derived_text(table.derived)}",
            f"  elif {' or '.join(f'{field.name} is not UNSET' for field in table.derived)}:",
            "   write_extra(record, message)",
        ]
    lines += [
        "  return message",
        " except (ValueError, TypeError) as error:",
        "  raise refused(record, error) from error",
    ]
    return "\n".join(lines) + "\n"


def _kinds(fields: Iterable[RecordField], kind: FieldKind) -> list[RecordField]:
    return [field for field in fields if field.kind is kind]


def _plainness(typed: list[RecordField]) -> list[str]:
    # What sends a record down the slow path; `extra` first, since it decides most often.
    checks = ["record.extra is UNSET"]
    for field in typed:
        if field.kind is FieldKind.JSON_OBJECT:
            absent = f"{field.name} is None or " if field.default is UNSET else ""
            checks.append(f"({absent}{field.name}[:1] == '{{')")
        elif field.kind is FieldKind.TEXTS and field.default is UNSET:
            checks.append(f"({field.name} is UNSET or {field.name})")
    return checks


def _text_of(field: RecordField) -> str:
    if field.default is UNSET:
        return f"str(value, 'utf-8') if (value := record.{field.name}) is not UNSET else None"
    return f"str(record.{field.name}, 'utf-8')"


def _to_proto_expression(field: RecordField) -> str:
    name = field.name
    match field.kind:
        case FieldKind.JSON_OBJECT:
            return name
        case FieldKind.JSON_VALUE:
            return _text_of(field)
        case FieldKind.TEXTS:
            return f"{name} or None"
        case FieldKind.RECORDS:
            return f"[nested_to_{name}(item) for item in record.{name}]"
        case FieldKind.TEXT_MAP:
            return f"record.{name}"
        case FieldKind.ENUM:
            # By the stored text: Enum's own hash is a Python function.
            return (
                f"numbers_{name}[value._value_] if (value := record.{name}) is not UNSET else None"
            )
    if field.default is UNSET:
        return f"value if (value := record.{name}) is not UNSET else None"
    return f"record.{name}"


def _derived_text(derived: tuple[RecordField, ...]) -> str:
    members = ",".join(f'"{field.key}":{{{_json_text_of(field)}}}' for field in derived)
    return f"f'''{{{{{members}}}}}'''"


def _json_text_of(field: RecordField) -> str:
    types = get_args(field.type)
    if msgspec.Raw in types:
        return f'str({field.name}, "utf-8")'
    if bool in types:
        return f'"true" if {field.name} else "false"'
    return f'str(encode({field.name}), "utf-8")'


def refusal_of(record: R, table: RecordTable[R, M], error: Exception) -> Exception:
    """Why a record can't become a message: bytes that aren't UTF-8 are a corrupt record, all else is the caller's."""
    if isinstance(error, UnicodeDecodeError):
        return CorruptRecordError(table.document.resource_type, _name_of(record), "it isn't UTF-8")
    for field in table.fields:
        value = getattr(record, field.name)
        if value is not UNSET and field.kind in (FieldKind.TEXT, FieldKind.NUMBER, FieldKind.FLAG):
            try:
                table.message_type(**{field.proto: value})
            except (ValueError, TypeError) as reason:
                return InvalidArgumentError(field.name, str(reason))
    return InvalidArgumentError("", str(error))


def _name_of(record: Any) -> str:
    for name in ("task_id", "workflow_id", "id", "queue_name"):
        if isinstance(value := getattr(record, name, None), str):
            return value
    return ""


# message → record


def _from_proto_source(table: RecordTable[R, M], skip: tuple[str, ...]) -> str:
    fields = [field for field in table.fields if field.name not in skip]
    lines = [
        "def from_proto(message, path):",
        " try:",
        f"  text = message.{EXTRA_JSON}",
        f"  if text or message.HasField('{EXTRA_JSON}'):",
        "   derived, members = split_extra(text)",
        "  else:",
        "   derived, members = NOTHING_DERIVED, None",
        "  record = Record(",
        *(f"   {field.name}={_from_proto_expression(field)}," for field in fields),
        "  )",
        "  return record if members is None else read_extra(record, message, members)",
        " except InvalidArgumentError as error:",
        "  raise (error.under(path) if path else error) from None",
    ]
    return "\n".join(lines) + "\n"


def _from_proto_expression(field: RecordField) -> str:
    proto, name = field.proto, field.name
    # Reading a value costs half of asking for presence, which only the empty ones leave open.
    present = f"(value := message.{proto}) or message.HasField('{proto}')"
    default = "EMPTY_OBJECT" if field.default is not UNSET else "UNSET"
    match field.kind:
        case FieldKind.DERIVED:
            return f"derived.{name}"
        case FieldKind.ENUM:
            return (
                f"(members_{name}.get(value) or member_of(members_{name}, value, '{proto}'))"
                f" if {present} else UNSET"
            )
        case FieldKind.JSON_OBJECT:
            checked = f"json_object(value, '{proto}') if value != '{{}}' else EMPTY_OBJECT"
            return f"({checked}) if {present} else {default}"
        case FieldKind.JSON_VALUE:
            return f"json_value(value, '{proto}') if {present} else {default}"
        case FieldKind.TEXTS:
            return f"tuple(message.{proto}) or default_{name}"
        case FieldKind.TEXT_MAP:
            return f"dict(message.{proto})"
        case FieldKind.RECORDS:
            return f"nested_from_{name}(message.{proto}, '{proto}')"
    if field.default is UNSET:
        return f"value if {present} else UNSET"
    if field.default:
        return f"message.{proto} if message.HasField('{proto}') else default_{name}"
    return f"message.{proto}"


def member_of(members: Mapping[int, Enum], number: int, field: str) -> Enum:
    """The enum member of a proto number.

    Raises:
        InvalidArgumentError: The enum has no such number.
    """
    member = members.get(number)
    if member is None:
        hint = (
            f"must be a value of the enum, is {number}"
            if number
            else "leave it out, or name a value"
        )
        raise InvalidArgumentError(field, hint)
    return member


def each_from_proto(
    convert: Callable[[Any, str], Any], messages: Iterable[Message], path: str
) -> list[Any]:
    """``convert`` for each message; the path of one is put together only for an error."""
    records = []
    for message in messages:
        try:
            records.append(convert(message, ""))
        except InvalidArgumentError as error:
            raise error.under(f"{path}[{len(records)}]") from None
    return records
