"""Times in the future, kept within what a column holds."""

from __future__ import annotations

# Later than any time that matters; sums of two still fit 64 bits.
MAX_TIME_MS = 2**53


def time_after(now_ms: int, offset_ms: int) -> int:
    """The time so long from now."""
    return min(now_ms + offset_ms, MAX_TIME_MS)
