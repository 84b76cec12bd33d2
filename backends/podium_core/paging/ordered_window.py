"""Order from a scan without one: the next ids in order, in memory that doesn't grow with the scan.

A stream is exact and resumable where its pages come in order of their keys. Some stores only scan in an order of their own,
and may give an id twice. Such a store scans once for each window, and pages within it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable

WINDOW = 100_000


async def ordered_window(
    scan: AsyncIterable[Iterable[str]], *, after: str = "", size: int = WINDOW
) -> list[str]:
    """The smallest ids after a key, in order of code points, each once.

    Args:
        scan: Batches of ids in any order. Ids that are there throughout the scan have to come at least once.
        after: Only ids greater than this one.
        size: How many ids at the most: fewer mean that there are no more.
    """
    window: set[str] = set()
    # No id from this one on can be in the window any more.
    bound: str | None = None
    async for batch in scan:
        if bound is None:
            window.update(id_ for id_ in batch if id_ > after)
        else:
            window.update(id_ for id_ in batch if after < id_ < bound)
        # Sorted only when it has doubled, so that each id is sorted a few times at the most.
        if len(window) >= 2 * size:
            kept = sorted(window)[:size]
            bound = kept[-1]
            window = set(kept)
    return sorted(window)[:size]


async def ordered_ids(
    scan: Callable[[], AsyncIterable[Iterable[str]]], *, after: str = "", size: int = WINDOW
) -> AsyncGenerator[list[str]]:
    """All ids after a key in order, window after window; each takes a scan of its own.

    Args:
        scan: Begins a scan, as ``ordered_window`` takes it.
        after: Only ids greater than this one.
        size: How many ids are held at once.
    """
    while window := await ordered_window(scan(), after=after, size=size):
        yield window
        if len(window) < size:
            return
        after = window[-1]
