"""Waiting for what comes about by itself: the index and the drainers are eventual."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.patience import PATIENCE_SECONDS

T = TypeVar("T")

Delivered = Callable[[], Awaitable[None]]
"""Waits for the queues' part of the writes before."""

PAUSE_SECONDS = 0.02


async def eventually(
    look: Callable[[], Awaitable[T]], holds: Callable[[T], object] = bool, *, seconds: float = 0
) -> T:
    """Look until what is seen holds, and return that; within the patience of tests, unless said otherwise.

    Raises:
        AssertionError: It doesn't come about; the message shows what was seen last.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + (seconds or PATIENCE_SECONDS)
    while not holds(seen := await look()):
        assert loop.time() < end, f"still {seen!r}"
        await asyncio.sleep(PAUSE_SECONDS)
    return seen
