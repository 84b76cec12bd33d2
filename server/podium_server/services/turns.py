"""Long answers are made in turns of a few milliseconds, so that other calls go on between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from podium_server.interceptors.short_turns import ShortTurns

T = TypeVar("T")


async def append_in_turns(field: Any, items: Iterable[T], convert: Callable[[T], Any]) -> None:
    """Append items to a repeated field. After a long one the caller has a turn of its own.

    Args:
        field: Of the answer.
        items: What it shall hold.
        convert: To what the field holds.
    """
    turns = ShortTurns()
    for item in items:
        field.append(convert(item))
        await turns.next_if_long()
    if turns.taken:
        await turns.next()
