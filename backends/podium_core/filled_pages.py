"""Pages whose records are read one by one, each large: a page ends where it would grow, so memory stays flat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Generic, NamedTuple, TypeVar

from podium_core.closing import closing
from podium_core.errors import CorruptRecordError, ResultTooLargeError
from podium_core.models.page import Page
from podium_core.resume_token import resume_token

T = TypeVar("T")
R = TypeVar("R")

PAGE_BYTES = 256 * 1024

Key = tuple[str | int, ...]


class Sized(NamedTuple, Generic[T]):
    """A record, and the bytes that were read for it."""

    item: T
    size: int


async def filled_pages(
    pages: AsyncIterator[Page[T]],
    fill: Callable[[T], Awaitable[Sized[R] | None]],
    *,
    id_of: Callable[[T], str],
) -> AsyncGenerator[Page[R]]:
    """The pages with each item filled; they are cut smaller where the records are large.

    Args:
        pages: With their keys.
        fill: Reads the record of an item; None: it is gone.
        id_of: What an item is called where its record can't be read.
    Raises:
        ResultTooLargeError: One record is above what an answer may hold. Every record before it has come.
    """
    async with closing(pages) as found:
        async for page in found:
            async for part in _parts(page, fill, id_of):
                yield part


async def _parts(
    page: Page[T],
    fill: Callable[[T], Awaitable[Sized[R] | None]],
    id_of: Callable[[T], str],
) -> AsyncGenerator[Page[R]]:
    part = _Part[R](page)
    for item, key in zip(page.items, page.keys, strict=True):
        try:
            filled = await fill(item)
        except CorruptRecordError:
            part.unreadable_ids.append(id_of(item))
            continue
        except ResultTooLargeError:
            if part.items:
                yield part.taken(resume_token(*part.keys[-1]))
            raise
        if filled is None:
            continue
        part.add(filled, key)
        await asyncio.sleep(0)
        if part.size >= PAGE_BYTES and key != page.keys[-1]:
            yield part.taken(resume_token(*key))
    yield part.taken(page.resume_token)


class _Part(Generic[R]):
    """What the next page will hold."""

    def __init__(self, whole: Page[Any]) -> None:
        """Takes the page that it is a part of."""
        self._archived = whole.archived
        self._clear()
        self.unreadable_ids += whole.unreadable_ids

    def _clear(self) -> None:
        self.items: list[R] = []
        self.keys: list[Key] = []
        self.unreadable_ids: list[str] = []
        self.size = 0

    def add(self, filled: Sized[R], key: Key) -> None:
        self.items.append(filled.item)
        self.keys.append(key)
        self.size += filled.size

    def taken(self, token: str) -> Page[R]:
        """The page with what is there; after it there is nothing."""
        page = Page(
            items=tuple(self.items),
            keys=tuple(self.keys),
            unreadable_ids=tuple(self.unreadable_ids),
            resume_token=token,
            archived=self._archived,
        )
        self._clear()
        return page
