"""Workflow documents: put, taken out of the pending set."""

from __future__ import annotations

import sqlite3

from podium_core.errors import BackendUnavailableError, NotFoundError
from podium_core.write_set import PutMode, WorkflowPut


class RemovalUnderWayError(BackendUnavailableError):
    """The id belongs to a workflow that is being removed; that has to end first."""


def put_workflow(conn: sqlite3.Connection, put: WorkflowPut, now: int) -> int | None:
    """Store a workflow and return its stamp; None where CREATE finds one, and nothing is written."""
    sql = "SELECT stamp, pending, status, name, removal_due_ms FROM workflows WHERE id = ?"
    row = conn.execute(sql, (put.workflow_id,)).fetchone()
    if row is None:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        return _insert(conn, put, now)
    stored, pending, status, name, removal_due_ms = row
    if removal_due_ms is not None and removal_due_ms <= now:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        raise RemovalUnderWayError("", f"workflow '{put.workflow_id}' is being removed; repeat")
    if put.mode is PutMode.CREATE:
        return None
    expiring = removal_due_ms is not None
    wanted = put.pending and not expiring
    stamp = max(now, int(stored) + 1)
    document = put.document.stamped(stamp).decode()
    if put.mode is PutMode.UPDATE and (pending, status, name) == (wanted, _status(put), put.name):
        conn.execute(
            "UPDATE workflows SET stamp = ?, document = ? WHERE id = ?",
            (stamp, document, put.workflow_id),
        )
        return stamp
    conn.execute(
        "UPDATE workflows SET stamp = ?, document = ?, name = ?, version = ?, correlation_id = ?, status = ?,"
        " create_time = ?, pending = ?, listed = ? WHERE id = ?",
        (
            *(stamp, document, put.name, put.version, put.correlation_id, _status(put)),
            *(put.create_time, wanted, not expiring, put.workflow_id),
        ),
    )
    return stamp


def _insert(conn: sqlite3.Connection, put: WorkflowPut, now: int) -> int:
    conn.execute(
        "INSERT INTO workflows (id, name, version, correlation_id, status, create_time, stamp, pending, listed,"
        " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (
            *(put.workflow_id, put.name, put.version, put.correlation_id, _status(put)),
            *(put.create_time, now, put.pending, put.document.stamped(now).decode()),
        ),
    )
    return now


def _status(put: WorkflowPut) -> str | None:
    return put.status.value if put.status else None


def unpend(conn: sqlite3.Connection, workflow_id: str) -> None:
    """Take a workflow out of the pending set and free its slots."""
    conn.execute("UPDATE workflows SET pending = 0 WHERE id = ? AND pending = 1", (workflow_id,))
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
