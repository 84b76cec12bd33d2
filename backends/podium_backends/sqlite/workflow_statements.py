"""Workflow documents: put, taken out of the pending set."""

from __future__ import annotations

import sqlite3
from typing import Any

from podium_backends.sqlite.removal_mark import is_due
from podium_core.errors import BackendUnavailableError, NotFoundError
from podium_core.write_set import PutMode, WorkflowPut


class RemovalUnderWayError(BackendUnavailableError):
    """The id belongs to a workflow that is being removed; that has to end first."""


def put_workflow(conn: sqlite3.Connection, put: WorkflowPut, *, now_ms: int) -> int | None:
    """Store a workflow and return its stamp; None where CREATE finds one, and nothing is written."""
    sql = (
        "SELECT stamp, removal_due_ms, pending, name, version, correlation_id, status, create_time"
        " FROM workflows WHERE id = ?"
    )
    row = conn.execute(sql, (put.workflow_id,)).fetchone()
    if row is None:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        return _insert(conn, put, now_ms=now_ms)
    stored, removal_due_ms, *columns = row
    if is_due(removal_due_ms, now_ms):
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        raise RemovalUnderWayError("", f"workflow '{put.workflow_id}' is being removed; repeat")
    if put.mode is PutMode.CREATE:
        return None
    expiring = removal_due_ms is not None
    wanted = put.pending and not expiring
    stamp = max(now_ms, int(stored) + 1)
    create_time = (
        put.create_time or columns[-1]
    )  # an update that doesn't say keeps its place in time
    facts = [wanted, put.name, put.version, put.correlation_id, _status(put), create_time]
    if put.mode is PutMode.UPDATE and facts == columns:
        conn.execute(
            "UPDATE workflows SET stamp = ?, document = ? WHERE id = ?",
            (stamp, put.document.stamped(stamp).decode(), put.workflow_id),
        )
        return stamp
    conn.execute(
        "UPDATE workflows SET name = :name, version = :version, correlation_id = :correlation_id,"
        " status = :status, create_time = :create_time, stamp = :stamp, pending = :pending, listed = :listed,"
        " document = :document WHERE id = :id",
        _values(put, stamp=stamp, pending=wanted, listed=not expiring)
        | {"create_time": create_time},
    )
    return stamp


def _insert(conn: sqlite3.Connection, put: WorkflowPut, *, now_ms: int) -> int:
    conn.execute(
        "INSERT INTO workflows (id, name, version, correlation_id, status, create_time, stamp, pending, listed,"
        " document) VALUES (:id, :name, :version, :correlation_id, :status, :create_time, :stamp, :pending, :listed,"
        " :document)",
        _values(put, stamp=now_ms, pending=put.pending, listed=True),
    )
    return now_ms


def _values(put: WorkflowPut, *, stamp: int, pending: bool, listed: bool) -> dict[str, Any]:
    return {
        "id": put.workflow_id,
        "name": put.name,
        "version": put.version,
        "correlation_id": put.correlation_id,
        "status": _status(put),
        "create_time": put.create_time,
        "stamp": stamp,
        "pending": pending,
        "listed": listed,
        "document": put.document.stamped(stamp).decode(),
    }


def _status(put: WorkflowPut) -> str | None:
    return put.status.value if put.status else None


def unpend(conn: sqlite3.Connection, workflow_id: str) -> None:
    """Take a workflow out of the pending set and free its slots."""
    conn.execute("UPDATE workflows SET pending = 0 WHERE id = ? AND pending = 1", (workflow_id,))
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
