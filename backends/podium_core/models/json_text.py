"""JSON text that passes through Podium unread: checked once, stored byte for byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from podium_core.errors import InvalidArgumentError
from podium_core.models.json_members import require_valid
from podium_core.models.nesting import is_nested_deeper

MAX_DEPTH = 512
EMPTY_OBJECT = msgspec.Raw(b"{}")

_BYTE_ORDER_MARK = "\ufeff".encode()


def json_object(text: str | bytes, field: str) -> msgspec.Raw:
    """The text as Raw, once it is known to be one JSON object.

    Args:
        text: What came. UTF-8 where it is bytes.
        field: Path of the field, for the error.
    Raises:
        InvalidArgumentError: Not valid JSON (NaN and trailing text included; an escaped surrogate may be alone), not an
            object, or nested deeper than 512 levels.
    """
    raw = json_value(text, field)
    if not is_object(raw):
        raise InvalidArgumentError(field, "must be a JSON object")
    return raw


def json_value(text: str | bytes, field: str) -> msgspec.Raw:
    """The text as Raw, once it is known to be one JSON value. Raises as ``json_object``."""
    data = text.encode() if isinstance(text, str) else text
    try:
        require_valid(data)
        too_deep = is_nested_deeper(data, MAX_DEPTH)
    except RecursionError:
        too_deep = True
    except msgspec.DecodeError as error:
        raise InvalidArgumentError(field, f"is not valid JSON: {error}") from error
    if too_deep:
        raise InvalidArgumentError(field, f"is nested deeper than {MAX_DEPTH} levels")
    return msgspec.Raw(data)


def json_document(text: str | bytes, field: str) -> msgspec.Raw:
    """As ``json_object``, for what people keep in files: a byte order mark in front of it is kept, too."""
    data = text.encode() if isinstance(text, str) else text
    raw = json_object(without_bom(data), field)
    return msgspec.Raw(_BYTE_ORDER_MARK + bytes(raw)) if data.startswith(_BYTE_ORDER_MARK) else raw


def without_bom(document: bytes) -> bytes:
    """A document without the byte order mark that an editor may have put in front of it."""
    return document.removeprefix(_BYTE_ORDER_MARK)


def is_object(raw: msgspec.Raw) -> bool:
    """Whether JSON text is an object's."""
    return bytes(memoryview(raw)[:1]) == b"{" or raw_bytes(raw).lstrip()[:1] == b"{"


def raw_bytes(raw: msgspec.Raw) -> bytes:
    """The bytes of a Raw."""
    return bytes(memoryview(raw))


def raw_text(raw: msgspec.Raw) -> str:
    """The text of a Raw."""
    return str(memoryview(raw), "utf-8")


def to_raw(value: Any) -> msgspec.Raw:
    """A Python value as JSON text; a surrogate that is alone is escaped."""
    try:
        return msgspec.Raw(msgspec.json.encode(value))
    except UnicodeEncodeError:
        return msgspec.Raw(json.dumps(value).encode())


def from_raw(raw: msgspec.Raw) -> Any:
    """The Python value of JSON text. Integers stay exact, decimals become floats, surrogates may be alone."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(raw_bytes(raw))
