"""JSON values as Jackson reads them into the fields of Conductor's classes, with Conductor's settings of it.

Numbers may be text or have a fraction, which is cut off; booleans may be text or numbers; text may be a number or a boolean.
Each gives None for null, and for text that Jackson takes for null; and raises ValueError for what Jackson refuses.

Source: ``StdDeserializer`` and ``StringDeserializer`` of jackson-databind 2.13.
"""

from __future__ import annotations

import math
import re

import msgspec
from msgspec import Raw

from podium_core.models.json_text import raw_text

INT = range(-(2**31), 2**31)
LONG = range(-(2**63), 2**63)

# Java's String.trim.
_BLANK = "".join(map(chr, range(33)))
_DIGITS = re.compile(r"[+-]?[0-9]{1,40}")
_BOOLEANS = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_decode_text = msgspec.json.Decoder(str).decode


def read_number(raw: Raw, within: range = INT) -> int | None:
    """A number, as for a field of type int, or of type long with ``LONG``."""
    text = raw_text(raw).strip()
    if text == "null":
        return None
    if text.startswith('"'):
        text = _string(raw).strip(_BLANK)
        if text in {"", "null"}:
            return None
        if not _DIGITS.fullmatch(text):
            raise ValueError("must be a whole number")
        number = int(text)
    else:
        number = _number(text)
    if number not in within:
        raise ValueError(f"must be from {within.start} to {within.stop - 1}")
    return number


def _number(text: str) -> int:
    if text[0] not in "-0123456789":
        raise ValueError("must be a number")
    if _DIGITS.fullmatch(text):
        return int(text)
    # With a fraction, or so many digits that it is out of every range.
    number = float(text)
    return math.trunc(number) if math.isfinite(number) else LONG.stop


def read_boolean(raw: Raw) -> bool | None:
    """A boolean: every whole number but 0 is true."""
    text = raw_text(raw).strip()
    if text == "null":
        return None
    if text in {"true", "false"}:
        return text == "true"
    if text.startswith('"'):
        text = _string(raw).strip(_BLANK)
        if text in {"", "null"}:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
    elif text.removeprefix("-").isdigit():
        return text.strip("-0") != ""
    raise ValueError("must be true or false")


def read_text(raw: Raw) -> str | None:
    """Text; a number or a boolean is its own text."""
    text = raw_text(raw).strip()
    if text == "null":
        return None
    if text.startswith('"'):
        return _string(raw)
    if text[0] in "{[":
        raise ValueError("must be text")
    return text


def _string(raw: Raw) -> str:
    try:
        return _decode_text(raw)
    except msgspec.DecodeError as error:
        raise ValueError("must not hold half of a surrogate pair") from error
