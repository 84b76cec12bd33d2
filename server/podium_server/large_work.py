"""Work on a document: on the event loop where that takes a moment, in a thread where the document is large."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Bytes or characters.
LARGE = 256 * 1024


async def done_by_size(work: Callable[[], T], size: int, *, large: int = LARGE) -> T:
    """What the work gives.

    Args:
        work: May run in any thread.
        size: Of the document.
        large: A document above this is worked on in a thread.
    """
    return await asyncio.to_thread(work) if size > large else work()
