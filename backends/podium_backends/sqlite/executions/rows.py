"""Rows of workflows and tasks: how columns hold facts, and what goes with a task's row."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite import limit_statements
from podium_core.removal import ArchiveState

# The column ``archive`` of workflows.
ARCHIVE_NUMBERS = {ArchiveState.UNWANTED: 0, ArchiveState.WANTED: 1, ArchiveState.CONFIRMED: 2}
ARCHIVE_STATES = tuple(ARCHIVE_NUMBERS)


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
    limit_statements.release(conn, definition_name, task_id)
