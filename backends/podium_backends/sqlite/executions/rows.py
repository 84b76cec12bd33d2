"""Rows of workflows and tasks: how columns hold facts, and what goes with a task's row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.executions import limit_places
from podium_core.decide.removal_record import ArchiveState

# The one argument is the time. Until documents begin to go they can be read, since the removal may be cancelled.
READABLE = "(removal_due_ms IS NULL OR removal_due_ms > ? OR archive = 1)"
# The column ``archive`` of workflows.
ARCHIVE_NUMBERS = {ArchiveState.UNWANTED: 0, ArchiveState.WANTED: 1, ArchiveState.CONFIRMED: 2}


def payload_column(keys: Sequence[str]) -> str | None:
    """What the column ``payloads`` holds."""
    return " ".join(keys) or None


def payload_keys(column: str | None) -> tuple[str, ...]:
    """The keys in a column ``payloads``."""
    return tuple(column.split()) if column else ()


def remove_task(
    conn: sqlite3.Connection, task_id: str, workflow_id: str, definition_name: str
) -> None:
    """Remove a task's row, slots and limit place."""
    conn.execute("DELETE FROM tasks WHERE id = ?", (task_id,))
    conn.execute("DELETE FROM slots WHERE task_id = ? AND workflow_id = ?", (task_id, workflow_id))
    limit_places.release(conn, definition_name, task_id)
