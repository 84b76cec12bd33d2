"""The error of a text that isn't a query, which says where; and how it names what could have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from podium_core.errors import InvalidArgumentError

_SHOWN = 40


class QueryError(InvalidArgumentError):
    """A query or a sort order can't be understood.

    Attributes:
        position: Index of the character that it is about, from 0 to the text's length. The message counts from 1.
    """

    def __init__(self, field: str, position: int, reason: str) -> None:
        super().__init__(field, f"column {position + 1}: {reason}")
        self.position = position


def text_in_quotes(text: str) -> str:
    """The text as messages show it: quoted, on one line, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def nearest(name: str, names: Iterable[str]) -> str:
    """A sentence that names what is near to a wrong name, or else all there is."""
    known = {each.lower(): each for each in names}
    near = get_close_matches(name[:_SHOWN].lower(), known, n=3)
    if near:
        return f"perhaps {' or '.join(known[each] for each in near)} is meant"
    return f"there are {', '.join(sorted(known.values()))}"
