"""Workflow documents: put, taken out of the pending set."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from podium_backends.sqlite.outbox_statements import MARK_WORKFLOW, IndexMarks, leave_payloads
from podium_backends.sqlite.removal_mark import NO_ARCHIVE, archive_anew, is_due
from podium_core.errors import NotFoundError
from podium_core.write_set import PutMode, TaskPut, WorkflowPut
from podium_core.write_set.refusals import RemovalUnderWayError


def put_workflow(
    conn: sqlite3.Connection, put: WorkflowPut, marks: IndexMarks, *, now_ms: int
) -> int | None:
    """Store a workflow and return its stamp; None where CREATE finds one, and nothing is written."""
    sql = (
        "SELECT stamp, removal_due_ms, archive, payloads, pending, name, version, correlation_id, status,"
        " create_time FROM workflows WHERE id = ?"
    )
    row = conn.execute(sql, (put.workflow_id,)).fetchone()
    if row is None:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        marks.put(MARK_WORKFLOW, put.workflow_id)
        return _insert(conn, put, now_ms=now_ms)
    stored, removal_due_ms, archive, payloads, *columns = row
    if is_due(removal_due_ms, now_ms):
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        raise RemovalUnderWayError(put.workflow_id)
    if put.mode is PutMode.CREATE:
        return None
    expiring = removal_due_ms is not None
    if archive == NO_ARCHIVE:
        marks.put(MARK_WORKFLOW, put.workflow_id)
    else:
        archive_anew(conn, put.workflow_id, now_ms=now_ms)
    replace_payloads(conn, put, payloads, now_ms=now_ms)
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
        " document, payloads) VALUES (:id, :name, :version, :correlation_id, :status, :create_time, :stamp, :pending,"
        " :listed, :document, :payloads)",
        _values(put, stamp=now_ms, pending=put.pending, listed=True)
        | {"payloads": payload_column(put.payload_keys)},
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


def payload_column(keys: Sequence[str]) -> str | None:
    """What the column ``payloads`` holds."""
    return " ".join(keys) or None


def replace_payloads(
    conn: sqlite3.Connection, put: WorkflowPut | TaskPut, stored: str | None, *, now_ms: int
) -> None:
    """Note which payloads a document refers to now, and have those deleted to which it did before."""
    wanted = payload_column(put.payload_keys)
    if stored == wanted:
        return
    table, id_ = (
        ("tasks", put.task_id) if isinstance(put, TaskPut) else ("workflows", put.workflow_id)
    )
    conn.execute(f"UPDATE {table} SET payloads = ? WHERE id = ?", (wanted, id_))
    left = [key for key in (stored or "").split() if key not in put.payload_keys]
    leave_payloads(conn, put.workflow_id, left, now_ms=now_ms)


def unpend(conn: sqlite3.Connection, workflow_id: str) -> None:
    """Take a workflow out of the pending set and free its slots."""
    conn.execute("UPDATE workflows SET pending = 0 WHERE id = ? AND pending = 1", (workflow_id,))
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
