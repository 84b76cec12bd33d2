"""The columns of a removal mark, in conditions on rows of ``workflows``."""

from __future__ import annotations

# The column ``archive``.
NO_ARCHIVE = 0
TO_ARCHIVE = 1
ARCHIVED = 2

# The one argument is the time. Until documents begin to go they can be read, since the removal may be taken back.
READABLE = f"(removal_due_ms IS NULL OR removal_due_ms > ? OR archive = {TO_ARCHIVE})"


def is_due(due_ms: int | None, now_ms: int) -> bool:
    """Whether there is a mark whose time has come."""
    return due_ms is not None and due_ms <= now_ms
