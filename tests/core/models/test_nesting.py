"""The nesting of JSON text, beside a count that takes one byte after the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from podium_core.models.nesting import is_nested_deeper, nesting_depth

LIMIT = 512

_scalars = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('[]{}"\\,: a'))
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.sampled_from('[]{}"\\a'), max_size=4), inner, max_size=5)
    ),
    max_leaves=60,
)


def counted(text: bytes) -> int:
    """One byte after the other."""
    depth = deepest = 0
    in_string = escaped = False
    for char in text.decode():
        if in_string:
            in_string, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


@given(_values, st.sampled_from([None, 1]))
def test_is_what_a_count_gives(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent).encode()
    assert nesting_depth(text) == counted(text)


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 600))
def test_is_what_a_count_gives_of_towers(heights: list[int], below: int) -> None:
    inner = b",".join(b"[" * height + b'"]["' + b"]" * height for height in heights)
    text = b'{"a":' * below + b"[" + inner + b"]" + b"}" * below
    assert nesting_depth(text) == counted(text)


ROWS = b'{"id":17,"name":"a[b","v":[1,2,{"x":"\\"]"}]}'
FILLS = {
    "rows": ROWS,
    "empty": b"[]",
    "pairs": b"[[],[]]",
    "brackets in strings": b'["[","]]","{{"]',
    "escapes": b'["\\\\","\\"[","\\\\\\"{"]',
    "towers": b"[" * 60 + b"]" * 60,
    "strings": b'"[[[["',
}


@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_tells_the_limit_from_one_more(fill: bytes, count: int) -> None:
    many = b",".join([fill] * count)
    above = counted(many)
    for levels in (LIMIT - above, LIMIT - above + 1):
        text = b"[" * levels + many + b"]" * levels
        json.loads(text)
        assert is_nested_deeper(text, LIMIT) == (levels + above > LIMIT)


@pytest.mark.parametrize("text", [b"", b"1", b'"[["', b"{}", b'{"a":"}"}'])
def test_of_little(text: bytes) -> None:
    assert nesting_depth(text) == counted(text)
