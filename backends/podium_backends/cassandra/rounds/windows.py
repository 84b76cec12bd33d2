"""Windows of time: a log's partitions, and those of entries that are delayed."""

from __future__ import annotations

# How long a process writes its hints into one partition.
LOG_WINDOW_MS = 5 * 60_000
DUE_WINDOW_MS = 10 * 60_000
# Entries that are due in this window or the next two wait in memory; later ones stand in a partition of their window. So
# nobody reads a window while something is written there, as long as clocks differ by less than 20 minutes.
SOON_WINDOWS = 2
# An heir keeps entries up to this one in memory: by another clock, their window may have been read.
NEAR_WINDOWS = 6


def log_window(now_ms: int) -> int:
    """The window of a hint that is written now."""
    return now_ms // LOG_WINDOW_MS


def due_window(due_ms: int) -> int:
    """The window of a delayed entry."""
    return due_ms // DUE_WINDOW_MS


def is_soon(due_ms: int, now_ms: int, windows: int = SOON_WINDOWS) -> bool:
    """Whether an entry waits in memory: it is due within so many windows after this one."""
    return due_window(due_ms) <= due_window(now_ms) + windows
