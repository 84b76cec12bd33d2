"""Conditions on entries: SQL over the columns, and what can be found by words alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

# FTS5's parser and SQLite's have a stack of 100; each level takes a few of it.
MAX_DEPTH = 12
# SQLite takes a chain of a thousand for a depth of a thousand, which is its limit.
_CHAIN = 100


class Condition(NamedTuple):
    """Which entries are meant.

    Attributes:
        sql: A condition on a row; empty if ``match`` says it all. Null counts as false.
        arguments: Its values.
        match: An FTS5 expression that finds the same entries.
        unmatched: An FTS5 expression that finds all other entries.
        depth: How deep parentheses go.
    """

    sql: str = ""
    arguments: tuple[Any, ...] = ()
    match: str = ""
    unmatched: str = ""
    depth: int = 0


EVERYTHING = Condition("1")
NOTHING = Condition("0")


def sql_of(condition: Condition, words: str) -> tuple[str, tuple[Any, ...]]:
    """A condition as SQL, with its arguments; ``words`` is the table of the words."""
    found = f"(SELECT rowid FROM {words} WHERE {words} MATCH ?)"
    if condition.match:
        return f"number IN {found}", (condition.match,)
    if condition.unmatched:
        return f"number NOT IN {found}", (condition.unmatched,)
    return condition.sql, condition.arguments


def all_of(parts: Sequence[Condition], words: str) -> Condition:
    """Entries that meet all the parts."""
    parts = [part for part in dict.fromkeys(parts) if part != EVERYTHING]
    if not parts:
        return EVERYTHING
    if NOTHING in parts:
        return NOTHING
    matches = [part for part in parts if part.match]
    if matches:
        # The rest of a NOT is checked together with the words that are looked for.
        against = [part for part in parts if part.unmatched]
        rest = [part for part in parts if not part.match and not part.unmatched]
        parts = [_join_matches(matches, against), *rest]
    return _join(parts, "AND", words)


def any_of(parts: Sequence[Condition], words: str) -> Condition:
    """Entries that meet at least one of the parts."""
    parts = [part for part in dict.fromkeys(parts) if part != NOTHING]
    if not parts:
        return NOTHING
    if EVERYTHING in parts:
        return EVERYTHING
    matches = [part for part in parts if part.match]
    if len(matches) > 1:
        rest = [part for part in parts if not part.match]
        either = " OR ".join(f"({part.match})" for part in matches)
        parts = [Condition(match=either, depth=_depth(matches)), *rest]
    return _join(parts, "OR", words)


def none_of(part: Condition, words: str) -> Condition:
    """Entries that don't meet the part."""
    if part == EVERYTHING:
        return NOTHING
    if part == NOTHING:
        return EVERYTHING
    if part.match:
        return Condition(unmatched=part.match, depth=part.depth)
    if part.unmatched:
        return Condition(match=part.unmatched, depth=part.depth)
    sql, arguments = sql_of(part, words)
    return Condition(f"({sql}) IS NOT TRUE", arguments, depth=part.depth + 1)


def _join_matches(matches: Sequence[Condition], against: Sequence[Condition]) -> Condition:
    if len(matches) == 1 and not against:
        return matches[0]
    expression = " AND ".join(f"({part.match})" for part in matches)
    if against:
        others = " OR ".join(f"({part.unmatched})" for part in against)
        expression = f"({expression}) NOT ({others})"
    return Condition(match=expression, depth=_depth([*matches, *against]) + 1)


def _join(parts: Sequence[Condition], operator: str, words: str) -> Condition:
    if len(parts) == 1:
        return parts[0]
    texts: list[str] = []
    arguments: list[Any] = []
    for part in parts:
        sql, values = sql_of(part, words)
        texts.append(f"({sql})")
        arguments += values
    return Condition(_join_texts(texts, operator), tuple(arguments), depth=_depth(parts))


def _join_texts(texts: list[str], operator: str) -> str:
    """The texts joined, in groups where they are many."""
    while len(texts) > _CHAIN:
        chunks = [texts[at : at + _CHAIN] for at in range(0, len(texts), _CHAIN)]
        texts = [f"({f' {operator} '.join(chunk)})" for chunk in chunks]
    return f" {operator} ".join(texts)


def _depth(parts: Sequence[Condition]) -> int:
    return max(part.depth for part in parts) + 1
