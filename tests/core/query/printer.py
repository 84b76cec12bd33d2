"""Writes trees as query texts, with no more parentheses than needed, so that parsing them can be checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from podium_core.query import (
    And,
    Equals,
    Exists,
    Field,
    FieldType,
    MatchAll,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    StartsWith,
    Word,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPECIAL = re.compile(r"""[\s"()\\:*?~^\[\]{}!&|]|^[-+/<>]""")
_OPERATORS = {"AND", "OR", "NOT"}


def structured(query: Query) -> str:
    """The tree as a structured query."""
    match query:
        case MatchAll():
            return ""
        case Equals(field, value):
            return f"{field.name} = {_value(field, value)}"
        case OneOf(field, values):
            return f"{field.name} IN ({', '.join(_value(field, value) for value in values)})"
        case Range():
            return f"{query.field.name} {_bounds(query)}"
        case StartsWith(field, prefix):
            return f"{field.name} STARTS_WITH {_quoted(prefix)}"
        case Exists(field):
            return f"{field.name} IS NOT NULL"
        case And() | Or() | Not():
            return _composite(query, structured)
    raise AssertionError(query)


def free_text(query: Query) -> str:
    """The tree as a free text."""
    match query:
        case MatchAll():
            return "*"
        case Exists(field):
            return f"{field.name}:*"
        case Word(text, field):
            return _scope(field) + _escaped(text)
        case Prefix(text, field):
            return f"{_scope(field)}{_escaped(text)}*"
        case Phrase(text, field):
            return _scope(field) + _quoted(text)
        case And() | Or() | Not():
            return _composite(query, free_text)
    raise AssertionError(query)


def _composite(query: And | Or | Not, leaf: Callable[[Query], str]) -> str:
    def part_of(part: Query, *kinds: type) -> str:
        text = leaf(part)
        return f"({text})" if isinstance(part, kinds) else text

    match query:
        case Or(parts):
            return " OR ".join(part_of(part) for part in parts)
        case And(parts):
            return " AND ".join(part_of(part, Or) for part in parts)
        case Not(part):
            return f"NOT {part_of(part, Or, And)}"


# structured


def _bounds(range_: Range) -> str:
    above, below = range_.above, range_.below
    if above is not None and below is not None:
        assert range_.above_included
        assert range_.below_included
        return f"BETWEEN {_value(range_.field, above)} AND {_value(range_.field, below)}"
    if above is not None:
        return f"{'>=' if range_.above_included else '>'} {_value(range_.field, above)}"
    assert below is not None
    return f"{'<=' if range_.below_included else '<'} {_value(range_.field, below)}"


def _value(field: Field, value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if field.type is FieldType.DATE and 1000 <= value <= 9999:
        # Four digits would be a year.
        return (_EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds")
    return repr(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# free text


def _scope(field: Field | None) -> str:
    return f"{field.name}:" if field else ""


def _escaped(text: str) -> str:
    if text in _OPERATORS:
        return "\\" + text
    return _SPECIAL.sub(r"\\\g<0>", text)
