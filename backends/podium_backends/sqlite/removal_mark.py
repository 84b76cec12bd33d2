"""The removal mark of a workflow: none, to come (it is expiring), or due (it is being removed, and absent to everybody)."""

from __future__ import annotations

# Of a row of ``workflows``; its one argument is the time.
LIVE = "(removal_due_ms IS NULL OR removal_due_ms > ?)"


def is_due(due_ms: int | None, now_ms: int) -> bool:
    """Whether there is a mark whose time has come."""
    return due_ms is not None and due_ms <= now_ms
