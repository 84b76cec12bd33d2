"""Values as fields hold them: numbers and times are integers of 64 bits, so that no store compares fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from podium_core.query.fields import FieldType
from podium_core.query.tree import Range
from podium_core.query.values import Stretch, number, typed_value, value_anywhere

ExactValue = str | int | bool

_LEAST, _GREATEST = -(2**63), 2**63 - 1


class ValuesAnywhere(NamedTuple):
    """What words of free text are as values of the fields of each type but TEXT.

    Attributes:
        keywords: Texts.
        numbers: Integers of 64 bits.
        booleans: Truth values.
        stretches: Times; a year or a month alone is none.
    """

    keywords: Sequence[str]
    numbers: Sequence[int]
    booleans: Sequence[bool]
    stretches: Sequence[Stretch]


def values_anywhere(words: Sequence[str]) -> ValuesAnywhere:
    """The values that these words are where no field is named."""
    booleans = [value_anywhere(FieldType.BOOLEAN, word) for word in words]
    dates = [value_anywhere(FieldType.DATE, word) for word in words]
    return ValuesAnywhere(
        keywords=words,
        numbers=[found for word in words if isinstance(found := number(word), int)],
        booleans=[value for value in booleans if isinstance(value, bool)],
        stretches=[value for value in dates if isinstance(value, Stretch)],
    )


def stretches(words: Iterable[str]) -> list[Stretch]:
    """The times that these words name in a DATE field."""
    found = (typed_value(FieldType.DATE, word) for word in words)
    return [value for value in found if isinstance(value, Stretch)]


def exact_values(type_: FieldType, values: Iterable[str | int | float | bool]) -> list[ExactValue]:
    """Those of the values that a KEYWORD, NUMBER or BOOLEAN field can have; texts are read as values of the type."""
    if type_ is FieldType.KEYWORD:
        return list(dict.fromkeys(str(value) for value in values))
    found: dict[ExactValue, None] = {}
    for value in values:
        read = typed_value(type_, value) if isinstance(value, str) else value
        if isinstance(read, float) and read.is_integer():
            read = int(read)
        if isinstance(read, int) and _LEAST <= read <= _GREATEST:
            found[read] = None
    return list(found)


def whole_bounds(bounds: Range) -> tuple[int | None, int | None] | None:
    """The first and last integer of a range of NUMBER or DATE, None being no bound; None if there is none between."""
    first, last = _first(bounds), _last(bounds)
    if first > last:
        return None
    return (first if first > _LEAST else None), (last if last < _GREATEST else None)


def _first(bounds: Range) -> int:
    above = bounds.above
    if above is None or isinstance(above, str):
        return _LEAST
    # Infinity has no ceiling.
    above = max(_LEAST - 1, min(above, _GREATEST + 1))
    return max(_LEAST, math.ceil(above) if bounds.above_included else math.floor(above) + 1)


def _last(bounds: Range) -> int:
    below = bounds.below
    if below is None or isinstance(below, str):
        return _GREATEST
    below = max(_LEAST - 1, min(below, _GREATEST + 1))
    return min(_GREATEST, math.floor(below) if bounds.below_included else math.ceil(below) - 1)
