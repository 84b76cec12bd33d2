"""What the row of a workflow says of its removal."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

# The column ``take_payloads`` is 0, 1 for those that go at once, or this for those that stay for a while.
LEAVE_PAYLOADS = 2


class RemovalRow(NamedTuple):
    """What the row of a workflow says of its removal."""

    due_ms: int | None
    archive: int
    take_messages: int
    take_payloads: int
    mark_index: int
    payloads: str | None


def row_of(conn: sqlite3.Connection, workflow_id: str) -> RemovalRow | None:
    """The row; None without a workflow."""
    sql = (
        "SELECT removal_due_ms, archive, take_messages, take_payloads, mark_index, payloads"
        " FROM workflows WHERE id = ?"
    )
    row = conn.execute(sql, (workflow_id,)).fetchone()
    return None if row is None else RemovalRow(*row)
