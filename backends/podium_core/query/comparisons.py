"""One comparison of a structured query: field, operator and values become a node of the tree, types checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from podium_core.query.errors import QueryError
from podium_core.query.fields import Field, FieldType
from podium_core.query.texts import require_short
from podium_core.query.tree import Equals, Not, OneOf, Or, Query, Range, StartsWith
from podium_core.query.values import Stretch, misfit, typed_value


class Operator(StrEnum):
    """The operators, as they are written."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    BETWEEN = "BETWEEN"
    IN = "IN"
    STARTS_WITH = "STARTS_WITH"
    IS = "IS"


OPERATORS = "=, !=, <, <=, >, >=, BETWEEN … AND …, IN (…), STARTS_WITH, IS NULL and IS NOT NULL"

_ALWAYS = (Operator.EQUAL, Operator.NOT_EQUAL, Operator.IN)
_ORDER = (
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
    Operator.BETWEEN,
)
_SERVED = {
    FieldType.KEYWORD: (*_ALWAYS, *_ORDER, Operator.STARTS_WITH, Operator.IS),
    FieldType.TEXT: (*_ALWAYS, Operator.STARTS_WITH, Operator.IS),
    FieldType.DATE: (*_ALWAYS, *_ORDER, Operator.IS),
    FieldType.NUMBER: (*_ALWAYS, *_ORDER, Operator.IS),
    FieldType.BOOLEAN: (*_ALWAYS, Operator.IS),
}

Value = str | int | float | bool | Stretch


class Written(msgspec.Struct, frozen=True):
    """A value as it is written, and where."""

    text: str
    position: int


def require_served(field: Field, operator: Operator, position: int) -> None:
    """Refuse an operator that fields of this type don't have."""
    served = _SERVED[field.type]
    if operator not in served:
        reason = f"{field.name} is a {field.type} field and has no {operator}; it has {', '.join(served)}"
        raise QueryError("query", position, reason)


def comparison(field: Field, operator: Operator, values: Sequence[Written]) -> Query:
    """The node of a comparison.

    Args:
        field: What is compared.
        operator: One that the field has; not IS.
        values: What it is compared with: two for BETWEEN, one or more for IN, else one.
    Raises:
        QueryError: A value isn't one of the field's type, or a prefix or bound is too long.
    """
    if operator is Operator.STARTS_WITH or operator in _ORDER:
        for value in values:
            require_short(value.text, "query", value.position)
    if operator is Operator.STARTS_WITH:
        return StartsWith(field, values[0].text)
    # A bound, unlike a value, needs not be one that there is.
    known = msgspec.structs.replace(field, choices=()) if operator in _ORDER else field
    return _BUILDERS[operator](field, *(_value_of(known, value) for value in values))


def _value_of(field: Field, written: Written) -> Value:
    value = typed_value(field.type, written.text)
    reason = misfit(field, written.text)
    if reason or value is None:
        raise QueryError("query", written.position, reason)
    return value


def _equal(field: Field, value: Value) -> Query:
    if isinstance(value, Stretch):
        return Range(field, above=value.first, below=value.last)
    return Equals(field, value)


def _not_equal(field: Field, value: Value) -> Query:
    return Not(_equal(field, value))


def _one_of(field: Field, *values: Value) -> Query:
    plain = tuple(value for value in values if not isinstance(value, Stretch))
    if plain:
        return OneOf(field, plain)
    stretches = tuple(_equal(field, value) for value in values)
    return stretches[0] if len(stretches) == 1 else Or(stretches)


def _less(field: Field, value: Value) -> Query:
    return Range(field, below=_first(value), below_included=False)


def _less_or_equal(field: Field, value: Value) -> Query:
    return Range(field, below=_last(value))


def _greater(field: Field, value: Value) -> Query:
    return Range(field, above=_last(value), above_included=False)


def _greater_or_equal(field: Field, value: Value) -> Query:
    return Range(field, above=_first(value))


def _between(field: Field, least: Value, most: Value) -> Query:
    return Range(field, above=_first(least), below=_last(most))


def _first(value: Value) -> str | int | float:
    return value.first if isinstance(value, Stretch) else value


def _last(value: Value) -> str | int | float:
    return value.last if isinstance(value, Stretch) else value


_BUILDERS: dict[Operator, Callable[..., Query]] = {
    Operator.EQUAL: _equal,
    Operator.NOT_EQUAL: _not_equal,
    Operator.LESS: _less,
    Operator.LESS_OR_EQUAL: _less_or_equal,
    Operator.GREATER: _greater,
    Operator.GREATER_OR_EQUAL: _greater_or_equal,
    Operator.BETWEEN: _between,
    Operator.IN: _one_of,
}
