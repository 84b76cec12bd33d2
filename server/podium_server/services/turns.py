"""Long answers are made in turns of a few milliseconds, so that other calls go on between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")

TURN_SECONDS = 0.004


async def append_in_turns(field: Any, items: Iterable[T], convert: Callable[[T], Any]) -> None:
    """Append items to a repeated field. After a long one the caller has a turn of its own.

    Args:
        field: Of the answer.
        items: What it shall hold.
        convert: To what the field holds.
    """
    begun = perf_counter()
    turns = 0
    for item in items:
        field.append(convert(item))
        if perf_counter() - begun > TURN_SECONDS:
            turns += 1
            await asyncio.sleep(0)
            begun = perf_counter()
    if turns:
        await asyncio.sleep(0)
