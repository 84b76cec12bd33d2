"""Times in the future, kept within what a column holds; and the clock of tokens."""

from __future__ import annotations

import time

# Later than any time that matters; sums of two still fit 64 bits.
MAX_TIME_MS = 2**53


def time_after(now_ms: int, offset_ms: int) -> int:
    """The time so long from now."""
    return min(now_ms + offset_ms, MAX_TIME_MS)


def token_now() -> int:
    """Microseconds since the epoch: pushes and intents are ordered by it, across the files of one machine.

    Not the store's clock, whose milliseconds hold many of both.
    """
    return time.time_ns() // 1_000
