"""One chunk of a result without a bound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A chunk of a stream.

    Attributes:
        items: What it holds.
        resume_token: Hand it back to continue after this chunk; empty after the last.
        unreadable_ids: Ids of records that are stored and can't be read.
        archived: The items are from the archive of a workflow that was removed.
        keys: Each item carries its own resume token, so a chunk may end inside a page. Pages that came over
            the wire have none.
    """

    items: tuple[T, ...]
    resume_token: str = ""
    unreadable_ids: tuple[str, ...] = ()
    archived: bool = False
    keys: tuple[tuple[str | int, ...], ...] = ()


async def collect(pages: AsyncIterator[Page[T]]) -> list[T]:
    """All items of all chunks: for results that are known to be small."""
    return [item async for page in pages for item in page.items]
