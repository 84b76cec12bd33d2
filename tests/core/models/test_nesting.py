"""The nesting of JSON text, beside a count that takes one byte after the other."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from podium_core.models.nesting import is_nested_deeper

LIMIT = 512


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


LEVELS = {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}"), "both": (b'[1,{"a":2,"b":', b"}]")}


@pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
@pytest.mark.parametrize("fill", FILLS.values(), ids=FILLS)
@pytest.mark.parametrize("size", [2, 2_000, 200_000])
def test_tells_the_limit_from_one_more(fill: bytes, size: int, level: tuple[bytes, bytes]) -> None:
    many = b"[" + b",".join([fill] * (size // len(fill) + 1)) + b"]"
    opening, closing = level
    each = opening.count(b"[") + opening.count(b"{")
    for wanted in (LIMIT - 2, LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 2):
        above = counted(many)
        outer, inner = divmod(wanted - above, each)
        text = b"[" * inner + opening * outer + many + closing * outer + b"]" * inner
        assert counted(text) == wanted
        assert is_nested_deeper(text, LIMIT) == (wanted > LIMIT)


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(440, 560))
def test_is_what_a_count_gives_of_towers(heights: list[int], below: int) -> None:
    inner = b",".join(b"[" * height + b'"]["' + b"]" * height for height in heights)
    text = b'{"a":' * below + b"[" + inner + b"]" + b"}" * below
    assert is_nested_deeper(text, LIMIT) == (counted(text) > LIMIT)


@pytest.mark.parametrize("calls", [0, 50, 200])
def test_does_not_depend_on_the_calls_under_way(calls: int) -> None:
    def below(calls: int, text: bytes) -> bool:
        return below(calls - 1, text) if calls else is_nested_deeper(text, LIMIT)

    assert not below(calls, b"[" * LIMIT + b" " * 1_000 + b"]" * LIMIT)
    assert below(calls, b"[" * (LIMIT + 1) + b" " * 1_000 + b"]" * (LIMIT + 1))


def test_half_of_a_surrogate_pair_is_no_matter() -> None:
    inner = b'"\\ud83d"'
    assert not is_nested_deeper(b"[" * LIMIT + inner + b"]" * LIMIT, LIMIT)
    assert is_nested_deeper(b"[" * (LIMIT + 1) + inner + b"]" * (LIMIT + 1), LIMIT)
