"""JSON text that passes through Podium unread: checked once, stored byte for byte."""

from __future__ import annotations

from typing import Any

import msgspec

from podium_core.errors import InvalidArgumentError

MAX_DEPTH = 512
EMPTY_OBJECT = msgspec.Raw(b"{}")

_skim = msgspec.json.Decoder(msgspec.Raw)
_QUOTE, _ESCAPE = ord('"'), ord("\\")
_OPENING, _CLOSING = frozenset(b"{["), frozenset(b"}]")


def json_object(text: str | bytes, field: str) -> msgspec.Raw:
    """The text as Raw, once it is known to be one JSON object.

    Args:
        text: What came. UTF-8 where it is bytes.
        field: Path of the field, for the error.
    Raises:
        InvalidArgumentError: Not valid JSON (NaN, lone surrogates and trailing text included), not an object,
            or nested deeper than 512 levels.
    """
    raw = json_value(text, field)
    if raw_bytes(raw).lstrip()[:1] != b"{":
        raise InvalidArgumentError(field, "must be a JSON object")
    return raw


def json_value(text: str | bytes, field: str) -> msgspec.Raw:
    """The text as Raw, once it is known to be one JSON value. Raises as ``json_object``."""
    data = text.encode() if isinstance(text, str) else text
    try:
        raw = _skim.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidArgumentError(field, f"is not valid JSON: {error}") from error
    brackets = data.count(b"{") + data.count(b"[")
    if brackets > MAX_DEPTH and nesting_depth(data) > MAX_DEPTH:
        raise InvalidArgumentError(field, f"is nested deeper than {MAX_DEPTH} levels")
    return msgspec.Raw(data) if len(raw_bytes(raw)) != len(data) else raw


def nesting_depth(data: bytes) -> int:
    """The deepest level of brackets outside strings; of valid JSON."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            if escaped:
                escaped = False
            elif byte == _ESCAPE:
                escaped = True
            elif byte == _QUOTE:
                in_string = False
        elif byte == _QUOTE:
            in_string = True
        elif byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSING:
            depth -= 1
    return deepest


def raw_bytes(raw: msgspec.Raw) -> bytes:
    """The bytes of a Raw."""
    return bytes(memoryview(raw))


def raw_text(raw: msgspec.Raw) -> str:
    """The text of a Raw."""
    return str(memoryview(raw), "utf-8")


def to_raw(value: Any) -> msgspec.Raw:
    """A Python value as JSON text."""
    return msgspec.Raw(msgspec.json.encode(value))


def from_raw(raw: msgspec.Raw) -> Any:
    """The Python value of JSON text. Integers stay exact, decimals become floats."""
    return msgspec.json.decode(raw)
