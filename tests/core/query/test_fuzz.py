"""Whatever text comes, it is a tree or an error that says where; and a tree is one that can be walked and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from podium_core.query import (
    MAX_DEPTH,
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    And,
    Not,
    Or,
    Query,
    QueryError,
    parse_free_text,
    parse_query,
    parse_sort,
)
from tests.core.query.evaluate import matches
from tests.core.query.golden import documents, searches

FIELDS = {"workflow": WORKFLOW_FIELDS, "task": TASK_FIELDS}

_ANY_TEXT = st.text(st.characters(), max_size=40) | st.text(
    st.characters(categories=["Cs", "Zs", "Cc", "Nd", "Lu"]), max_size=10
)

_NAMES = ["status", "version", "startTime", "input", "archived", "taskType", "rawJSON", "nosuch"]
_VALUES = [
    "'a'",
    '"b c"',
    "1",
    "-1.5",
    "2023-11-16",
    "true",
    "null",
    "x*",
    "a:b",
    "",
    "\\",
    "é",
    "😀",
]
_WORDS = ["AND", "OR", "NOT", "and", "IN", "IS", "NULL", "BETWEEN", "STARTS_WITH", "ASC", ":DESC"]
_SIGNS = [
    "=",
    "!=",
    "<",
    ">=",
    "==",
    "(",
    ")",
    ",",
    "'",
    '"',
    ":",
    "*",
    "~",
    "[",
    "/",
    "-",
    "&&",
    "\0",
]
_TOKENS = st.sampled_from([*_NAMES, *_VALUES, *_WORDS, *_SIGNS])
_SOUP = st.builds(
    lambda tokens, space: space.join(tokens),
    st.lists(_TOKENS, max_size=14),
    st.sampled_from([" ", ""]),
)

_VALID = st.sampled_from(
    sorted({text for each in searches() for text in (each.query, each.free_text)})
)


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """A golden query of which a piece is gone, doubled, or replaced by something else."""
    text = draw(_VALID)
    first, last = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    piece = draw(st.sampled_from(["", text[first:last] * 2]) | _TOKENS | _ANY_TEXT)
    return text[:first] + piece + text[last:]


def _depth(query: Query) -> int:
    if isinstance(query, Not):
        return 1 + _depth(query.part)
    if isinstance(query, And | Or):
        assert len(query.parts) > 1
        assert not any(type(part) is type(query) for part in query.parts)
        return 1 + max(_depth(part) for part in query.parts)
    return 1


def _check(text: str, kind: str) -> None:
    fields = FIELDS[kind]
    readings: Sequence[Any] = (
        lambda: parse_query(text, fields),
        lambda: parse_query(text, fields, right_grouping=True),
        lambda: parse_free_text(text, fields),
        lambda: parse_sort([text], fields),
    )
    for read in readings:
        try:
            tree = read()
        except QueryError as error:
            assert 0 <= error.position <= len(text)  # noqa: PT017 - most texts are refused
            continue
        if not isinstance(tree, tuple):
            assert _depth(tree) <= MAX_DEPTH
            assert matches(tree, documents(kind)[0]) in (True, False)


def _fuzzed(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


@_fuzzed(4_000)
@given(_SOUP, st.sampled_from(list(FIELDS)))
def test_token_soup(text: str, kind: str) -> None:
    _check(text, kind)


@_fuzzed(4_000)
@given(_mutated(), st.sampled_from(list(FIELDS)))
def test_mutated_queries(text: str, kind: str) -> None:
    _check(text, kind)


@_fuzzed(2_000)
@given(_ANY_TEXT, st.sampled_from(list(FIELDS)))
def test_any_text(text: str, kind: str) -> None:
    _check(text, kind)


# In rounds, since one run keeps in memory what it has tried; and at random, whatever the profile of the machine says.
@pytest.mark.nightly
@pytest.mark.parametrize("_round", range(100))
@settings(_fuzzed(10_000), derandomize=False)
@given(text=st.one_of(_SOUP, _mutated(), _ANY_TEXT), kind=st.sampled_from(list(FIELDS)))
def test_a_million_texts(_round: int, text: str, kind: str) -> None:
    _check(text, kind)
