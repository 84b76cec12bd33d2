"""Pages by bytes and rows, and exact, resumable streams from a store that scans in an order of its own."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from podium_core.models.page import Page
from podium_core.paging.ordered_window import ordered_ids
from podium_core.paging.page_builder import PAGE_BYTES, PAGE_ROWS, Found, PageBuilder
from podium_core.paging.pages_of import Row, pages_of
from podium_core.paging.resume_token import resume_key, resume_token

WINDOW = 700


async def rows(count: int, size: int = 1) -> AsyncIterator[Row[int]]:
    for number in range(count):
        yield Row((number,), str(number), Found(number, size))


async def all_of(pages: AsyncIterator[Page[int]]) -> list[Page[int]]:
    return [page async for page in pages]


class TestPagesOf:
    async def test_nothing_is_one_empty_page(self) -> None:
        (page,) = await all_of(pages_of(rows(0)))
        assert (page.items, page.resume_token) == ((), "")

    @pytest.mark.parametrize(
        ("count", "size", "lengths"),
        [
            (PAGE_ROWS, 1, [PAGE_ROWS]),
            (PAGE_ROWS + 1, 1, [PAGE_ROWS, 1]),
            (5, PAGE_BYTES // 2, [2, 2, 1]),
            (3, PAGE_BYTES * 2, [1, 1, 1]),
        ],
    )
    async def test_a_page_ends_with_the_record_that_fills_it(
        self, count: int, size: int, lengths: list[int]
    ) -> None:
        pages = await all_of(pages_of(rows(count, size)))
        assert [len(page.items) for page in pages] == lengths
        assert [item for page in pages for item in page.items] == list(range(count))
        assert [bool(page.resume_token) for page in pages] == [True] * (len(pages) - 1) + [False]

    async def test_tokens_are_the_keys_after_which_the_next_page_begins(self) -> None:
        first, second = await all_of(pages_of(rows(PAGE_ROWS + 1)))
        assert first.resume_token == resume_token(*first.keys[-1])
        assert second.items == (PAGE_ROWS,)

    async def test_what_cannot_be_read_is_named_and_counts(self) -> None:
        async def source() -> AsyncIterator[Row[int]]:
            for number in range(PAGE_ROWS + 1):
                yield Row((number,), str(number), None)

        first, second = await all_of(pages_of(source()))
        assert (len(first.unreadable_ids), second.unreadable_ids) == (PAGE_ROWS, (str(PAGE_ROWS),))
        assert first.resume_token == resume_token(PAGE_ROWS - 1)


def test_a_builder_begins_again_once_its_page_is_taken() -> None:
    builder = PageBuilder[int](max_rows=1, archived=True)
    builder.add(Found(1, PAGE_BYTES), (1,))
    assert builder.is_full
    page = builder.take("t")
    assert (page.items, page.keys, page.archived, page.resume_token) == ((1,), ((1,),), True, "t")
    assert not builder.is_full
    assert not builder.has_items
    assert builder.last_key is None
    assert builder.take("").items == ()


class UnorderedStore:
    """Records that are scanned in an order that changes with every scan, some of them twice."""

    def __init__(self, count: int) -> None:
        self.ids = {f"id{number:05}" for number in range(count)}
        self.scans = 0

    async def scan(self) -> AsyncIterator[list[str]]:
        self.scans += 1
        ids = [*self.ids, *list(self.ids)[: len(self.ids) // 5]]
        random.Random(self.scans).shuffle(ids)
        for at in range(0, len(ids), 100):
            yield ids[at : at + 100]

    async def rows(self, token: str) -> AsyncIterator[Row[str]]:
        (after,) = resume_key(token, tuple[str], ("",))
        async for window in ordered_ids(self.scan, after=after, size=WINDOW):
            for id_ in window:
                yield Row((id_,), id_, Found(id_, PAGE_BYTES // 90))


class TestAnUnorderedStore:
    async def test_streams_what_is_there_throughout_exactly_once(self) -> None:
        store = UnorderedStore(2_000)
        stays = set(store.ids)
        found: list[str] = []
        async for page in pages_of(store.rows("")):
            found += page.items
            # Others come and go before and after the place where the stream is.
            store.ids.add(f"id{random.Random(len(found)).randrange(2_000):05}x")
        assert found == sorted(found)
        assert len(found) == len(set(found))
        assert stays <= set(found)
        assert store.scans <= len(found) // WINDOW + 1

    async def test_goes_on_after_any_page(self) -> None:
        store = UnorderedStore(2_000)
        whole = [page async for page in pages_of(store.rows(""))]
        assert len(whole) > 20
        for at, page in enumerate(whole[:-1]):
            if at % 5 == 0:
                rest = [page async for page in pages_of(store.rows(page.resume_token))]
                items = [item for one in rest for item in one.items]
                assert items == [item for one in whole[at + 1 :] for item in one.items]
