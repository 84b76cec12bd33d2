"""The syntax tree of queries: what structured and free-text queries both become, and what stores compile.

The ``And`` and ``Or`` of the parsers have at least two parts, none of their own kind. No tree is deeper than
``MAX_DEPTH``, so that it can be walked by recursion.
"""

from __future__ import annotations

import msgspec

from podium_core.query.fields import Field

MAX_DEPTH = 100


class MatchAll(msgspec.Struct, frozen=True):
    """Every entry."""


class And(msgspec.Struct, frozen=True):
    """Entries that match all the parts."""

    parts: tuple[Query, ...]


class Or(msgspec.Struct, frozen=True):
    """Entries that match at least one of the parts."""

    parts: tuple[Query, ...]


class Not(msgspec.Struct, frozen=True):
    """Entries that don't match the part; those that lack its field are among them."""

    part: Query


class Equals(msgspec.Struct, frozen=True):
    """KEYWORD: the whole text. NUMBER, BOOLEAN: the value. TEXT: the value's words, one after the other; none match nothing.

    Never on DATE, where a value is a stretch of time: a ``Range``.
    """

    field: Field
    value: str | int | float | bool


class OneOf(msgspec.Struct, frozen=True):
    """At least one of the values, each as ``Equals``; but on TEXT each lower-cased value is one word of the field.

    Never on DATE.
    """

    field: Field
    values: tuple[str | int | float | bool, ...]


class Range(msgspec.Struct, frozen=True):
    """Values between the bounds, None being no bound. Never on TEXT or BOOLEAN.

    Bounds are numbers on NUMBER, milliseconds since the epoch on DATE, and text on KEYWORD, compared by code points.
    """

    field: Field
    above: int | float | str | None = None
    above_included: bool = True
    below: int | float | str | None = None
    below_included: bool = True


class StartsWith(msgspec.Struct, frozen=True):
    """KEYWORD: the text starts so, case sensitive. TEXT: one of its words starts with the lower-cased prefix."""

    field: Field
    prefix: str


class Exists(msgspec.Struct, frozen=True):
    """The entry has a value there: an empty text is one, an empty list isn't."""

    field: Field


class Word(msgspec.Struct, frozen=True):
    """A word of free text, in ``field`` or, with None, in any.

    TEXT: at least one of the tokens of the word. KEYWORD: equal to the whole text. NUMBER, DATE, BOOLEAN: equal to it,
    if ``values.typed_value`` can read it, else no match; for a date that is a stretch of time.
    """

    text: str
    field: Field | None = None


class Phrase(msgspec.Struct, frozen=True):
    """A quoted text, in ``field`` or, with None, in any. TEXT: its tokens, one after the other. Other types as ``Word``."""

    text: str
    field: Field | None = None


class Prefix(msgspec.Struct, frozen=True):
    """A word with a star after it, in ``field`` or, with None, in any. As ``StartsWith``; no match on other types."""

    text: str
    field: Field | None = None


Query = (
    MatchAll
    | And
    | Or
    | Not
    | Equals
    | OneOf
    | Range
    | StartsWith
    | Exists
    | Word
    | Phrase
    | Prefix
)
