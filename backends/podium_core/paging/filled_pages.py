"""Pages whose records are read one by one, each large: a page ends where it would grow, so memory stays flat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from podium_core.closing import closing
from podium_core.errors import CorruptRecordError, ResultTooLargeError
from podium_core.models.page import Page
from podium_core.paging.page_builder import Found, PageBuilder
from podium_core.paging.resume_token import resume_token

T = TypeVar("T")
R = TypeVar("R")


async def filled_pages(
    pages: AsyncIterator[Page[T]],
    fill: Callable[[T], Awaitable[Found[R] | None]],
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
    fill: Callable[[T], Awaitable[Found[R] | None]],
    id_of: Callable[[T], str],
) -> AsyncGenerator[Page[R]]:
    part = PageBuilder[R](archived=page.archived)
    for id_ in page.unreadable_ids:
        part.add_unreadable(id_)
    for item, key in zip(page.items, page.keys, strict=True):
        try:
            found = await fill(item)
        except CorruptRecordError:
            part.add_unreadable(id_of(item))
            continue
        except ResultTooLargeError:
            if part.has_items and part.last_key is not None:
                yield part.take(resume_token(*part.last_key))
            raise
        await asyncio.sleep(0)
        if found is None:
            continue
        part.add(found, key)
        if part.is_full and key != page.keys[-1]:
            yield part.take(resume_token(*key))
    yield part.take(page.resume_token)
