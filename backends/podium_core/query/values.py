"""What the text of a value means on a field of a type: numbers, truth values, dates."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import msgspec

from podium_core.query.errors import nearest, text_in_quotes
from podium_core.query.fields import Field, FieldType

# What a value of each type has to be, for messages.
EXPECTED = {
    FieldType.NUMBER: "a number of at most 64 bits, as 3 or 1.5",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date, as 2023-11-16, 2023-11-16T09:30:00.000Z or milliseconds since the epoch",
}

_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_MAX_NUMBER_LENGTH = 64
_INT64 = range(-(2**63), 2**63)
_BOOLEANS = {"true": True, "false": False}

_EPOCH_MS = re.compile(r"-[0-9]{1,19}|[0-9]{1,3}|[0-9]{5,19}")
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{3,9}))?)?)?"
    r"(?P<offset>Z|[-+][0-9]{2}:[0-9]{2})?)?)?)?"
)
_YEAR_OR_MONTH = re.compile(r"[0-9]{4}(?:-[0-9]{2})?")
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_SECOND_MS = 1_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Stretch(msgspec.Struct, frozen=True):
    """The time that a date names: from its first to its last millisecond since the epoch, both included."""

    first: int
    last: int


def typed_value(type_: FieldType, text: str) -> str | int | float | bool | Stretch | None:
    """What the text means on a field of the type; None if it isn't a value of it. Any text is one of KEYWORD and TEXT."""
    if type_ is FieldType.NUMBER:
        return number(text)
    if type_ is FieldType.DATE:
        return stretch(text)
    if type_ is FieldType.BOOLEAN:
        return _BOOLEANS.get(text)
    return text


def value_anywhere(type_: FieldType, text: str) -> str | int | float | bool | Stretch | None:
    """The same where no field is named: a year or a month alone is no date then, it is a word as any other."""
    if type_ is FieldType.DATE and _YEAR_OR_MONTH.fullmatch(text):
        return None
    return typed_value(type_, text)


def misfit(field: Field, text: str) -> str:
    """Why the field can never have this value; empty: it can."""
    if field.choices and text not in field.choices:
        return f"{text_in_quotes(text)} is no {field.name}; {nearest(text, field.choices)}"
    if typed_value(field.type, text) is None:
        return f"{text_in_quotes(text)} is not what {field.name} holds: {EXPECTED[field.type]}"
    return ""


def number(text: str) -> int | float | None:
    """The number, an int where it is whole; None if it isn't one, or is beyond 64 bits."""
    if len(text) > _MAX_NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        return None
    # By Decimal, since a float would round 9007199254740993.0.
    exact = Decimal(text)
    if exact.adjusted() > len(str(_INT64.stop)):
        return None
    value = int(exact) if exact == exact.to_integral_value() else float(exact)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if _INT64.start <= value < _INT64.stop else None


def stretch(text: str) -> Stretch | None:
    """The time that a date names; None if it isn't one.

    ``2023`` is a year, ``2023-11`` a month, ``2023-11-16`` a day, ``2023-11-16T09`` an hour and so on down to the
    millisecond; with a time there can be an offset, ``Z`` or ``+01:00``, and without one it is UTC. Any other integer is
    milliseconds since the epoch.
    """
    if _EPOCH_MS.fullmatch(text):
        ms = int(text)
        return Stretch(ms, ms) if ms in _INT64 else None
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return _stretch(match)
    except ValueError:
        return None


def _stretch(match: re.Match[str]) -> Stretch:
    year, month, day = (int(match[part] or 1) for part in ("year", "month", "day"))
    first = _day_ms(year, month, day)
    if match["day"] is None:
        months = 1 if match["month"] else 12
        over = month - 1 + months
        return Stretch(first, first + _days(year, month, over) * _DAY_MS - 1)
    if match["hour"] is None:
        return Stretch(first, first + _DAY_MS - 1)
    time_ms, length_ms = _time_of_day(match)
    first += time_ms - _offset_ms(match["offset"])
    return Stretch(first, first + length_ms - 1)


def _day_ms(year: int, month: int, day: int) -> int:
    return (date(year, month, day).toordinal() - _EPOCH_DAY) * _DAY_MS


def _days(year: int, first_month: int, last_month: int) -> int:
    # By their last day, as the first day after December 9999 isn't a date.
    return sum(_days_of_month(year, month) for month in range(first_month, last_month + 1))


def _days_of_month(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (date(year, month + 1, 1) - date(year, month, 1)).days


def _time_of_day(match: re.Match[str]) -> tuple[int, int]:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no time of day")
    time_ms = hour * _HOUR_MS + minute * _MINUTE_MS + second * _SECOND_MS
    if match["minute"] is None:
        return time_ms, _HOUR_MS
    if match["second"] is None:
        return time_ms, _MINUTE_MS
    if match["fraction"] is None:
        return time_ms, _SECOND_MS
    return time_ms + int(match["fraction"][:3]), 1


def _offset_ms(offset: str | None) -> int:
    if offset is None or offset == "Z":
        return 0
    hours, minutes = int(offset[1:3]), int(offset[4:])
    if hours > 23 or minutes > 59:
        raise ValueError("no offset")
    return (hours * _HOUR_MS + minutes * _MINUTE_MS) * (-1 if offset[0] == "-" else 1)
