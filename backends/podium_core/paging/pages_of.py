"""Pages from any asynchronous source of records in order of their keys."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Generic, NamedTuple, TypeVar

from podium_core.closing import closing
from podium_core.errors import CorruptRecordError
from podium_core.models.page import Page
from podium_core.paging.page_builder import Found, Key, PageBuilder
from podium_core.paging.resume_token import resume_token

T = TypeVar("T")


class Row(NamedTuple, Generic[T]):
    """A record of a source, or its id where it can't be read (``found`` is None)."""

    key: Key
    id: str
    found: Found[T] | None


def found_if_readable(parse: Callable[[], T], size: int) -> Found[T] | None:
    """What ``parse`` gives, and the bytes that were read for it; None where it can't be read."""
    try:
        return Found(parse(), size)
    except CorruptRecordError:
        return None


async def pages_of(rows: AsyncIterator[Row[T]]) -> AsyncGenerator[Page[T]]:
    """Page after page; the last one, which may be empty, has no resume token.

    Args:
        rows: In order of their keys, from after the key of the token that the caller handed back.
    """
    page = PageBuilder[T]()
    async with closing(rows) as source:
        async for key, id_, found in source:
            if page.is_full and page.last_key is not None:
                yield page.take(resume_token(*page.last_key))
            if found is None:
                page.add_unreadable(id_, key)
            else:
                page.add(found, key)
    yield page.take("")
