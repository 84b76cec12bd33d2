"""The sort order of a search: ``field``, ``field:ASC`` or ``field:DESC``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from podium_core.errors import InvalidArgumentError
from podium_core.query.errors import QueryError, nearest, text_in_quotes
from podium_core.query.fields import Field

MAX_SORT_KEYS = 32
SCORE = "_score"

_DESCENDING = {"ASC": False, "asc": False, "DESC": True, "desc": True}


class SortKey(msgspec.Struct, frozen=True):
    """One key of a sort order.

    Attributes:
        field: What to compare; None is the score, how well an entry matches.
        descending: Whether the greatest comes first.
    """

    field: Field | None
    descending: bool = False


def parse_sort(sort: Sequence[str], fields: Mapping[str, Field]) -> tuple[SortKey, ...]:
    """The keys of a sort order, the first one the most important.

    Args:
        sort: A field or ``_score``, each followed by ``:ASC`` (the default) or ``:DESC``, upper or lower case.
        fields: What there is.
    Raises:
        QueryError: Of ``sort[i]``: an unknown field, one that can't be sorted by, or another direction.
        InvalidArgumentError: More than 32 keys.
    """
    if len(sort) > MAX_SORT_KEYS:
        raise InvalidArgumentError("sort", f"{len(sort)} keys are more than {MAX_SORT_KEYS}")
    return tuple(_sort_key(entry, f"sort[{at}]", fields) for at, entry in enumerate(sort))


def _sort_key(entry: str, path: str, fields: Mapping[str, Field]) -> SortKey:
    name, colon, direction = entry.partition(":")
    field = None if name == SCORE else _sortable(name, path, fields)
    if not colon:
        return SortKey(field)
    if direction not in _DESCENDING:
        reason = f"{text_in_quotes(direction)} is no direction; there are ASC and DESC"
        raise QueryError(path, len(name) + 1, reason)
    return SortKey(field, _DESCENDING[direction])


def _sortable(name: str, path: str, fields: Mapping[str, Field]) -> Field:
    field = fields.get(name)
    if field is not None and field.sortable:
        return field
    names = [SCORE, *(each.name for each in fields.values() if each.sortable)]
    if field is not None:
        raise QueryError(path, 0, f"{name} is a text and can't be sorted by; {nearest('', names)}")
    raise QueryError(path, 0, f"{text_in_quotes(name)} can't be sorted by; {nearest(name, names)}")
