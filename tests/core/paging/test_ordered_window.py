"""Windows in order from a scan in no order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from hypothesis import given, strategies as st

from podium_core.paging.ordered_window import ordered_window

ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)


async def scan(batches: Iterable[Sequence[str]]) -> AsyncIterator[Sequence[str]]:
    for batch in batches:
        yield batch


@given(st.lists(st.lists(ids, max_size=9), max_size=9), st.integers(1, 9))
async def test_windows_together_are_the_sorted_ids(batches: list[list[str]], size: int) -> None:
    expected = sorted({id_ for batch in batches for id_ in batch})
    found: list[str] = []
    while window := await ordered_window(
        scan(batches), after=found[-1] if found else "", size=size
    ):
        assert len(window) == min(size, len(expected) - len(found))
        found += window
    assert found == expected


async def test_starts_after_a_key_that_is_not_there() -> None:
    assert await ordered_window(scan([["c", "a"], ["d"]]), after="b", size=5) == ["c", "d"]
