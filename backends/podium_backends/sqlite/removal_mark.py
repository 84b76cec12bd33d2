"""The removal mark of a workflow: none, to come (it is expiring), or due (it is being archived, or removed)."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from podium_backends.sqlite import outbox_statements
from podium_core.outbox import KIND_REMOVAL

# The column ``archive``.
NO_ARCHIVE = 0
TO_ARCHIVE = 1
ARCHIVED = 2

# Of a row of ``workflows``; its one argument is the time. Written to: only without a mark that is due.
LIVE = "(removal_due_ms IS NULL OR removal_due_ms > ?)"
# Read: until documents begin to go, since until then the removal may be taken back.
READABLE = f"(removal_due_ms IS NULL OR removal_due_ms > ? OR archive = {TO_ARCHIVE})"


class RemovalMark(NamedTuple):
    """What the row of a workflow says of its removal."""

    due_ms: int | None
    archive: int = NO_ARCHIVE

    def is_due(self, now_ms: int) -> bool:
        """Whether there is a mark whose time has come."""
        return is_due(self.due_ms, now_ms)

    @property
    def expiring(self) -> bool:
        """Whether there is a mark at all; asked where it is known not to be due."""
        return self.due_ms is not None


NO_MARK = RemovalMark(None)


def is_due(due_ms: int | None, now_ms: int) -> bool:
    """Whether there is a mark whose time has come."""
    return due_ms is not None and due_ms <= now_ms


def archive_anew(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> None:
    """A workflow that expires, and is archived, was written: archive it again, before its unchanged due time."""
    sql = f"UPDATE workflows SET archive = {TO_ARCHIVE} WHERE id = ?"
    conn.execute(sql, (workflow_id,))
    outbox_statements.put_entry(conn, KIND_REMOVAL, workflow_id, now_ms=now_ms)
