"""Ending streams when the server stops: those that would otherwise wait for their client for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import TypeVar

T = TypeVar("T")


async def until(draining: asyncio.Event, items: AsyncIterable[T]) -> AsyncIterator[T]:
    """The items that come before the server drains."""
    iterator = aiter(items)
    drained = asyncio.ensure_future(draining.wait())
    try:
        while True:
            item = asyncio.ensure_future(anext(iterator, _END))
            await asyncio.wait({item, drained}, return_when=asyncio.FIRST_COMPLETED)
            if not item.done():
                item.cancel()
                return
            value = item.result()
            if isinstance(value, _End):
                return
            yield value
    finally:
        drained.cancel()


class _End:
    """Stands for the end of a stream."""


_END = _End()
