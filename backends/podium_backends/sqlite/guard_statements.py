"""Guards of a WriteSet, checked before its first write."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite import queue_statements
from podium_backends.sqlite.removal_mark import LIVE
from podium_core.errors import ConflictError, FailedPreconditionError, NotFoundError
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set import (
    ExpectedWorkflowTime,
    Guard,
    HeldReceipt,
    Queueable,
    WorkflowExists,
    WorkflowTerminal,
)


def check(conn: sqlite3.Connection, guard: Guard, *, now_ms: int) -> None:
    """Raise what the guard says if it doesn't hold."""
    match guard:
        case WorkflowExists():
            _live_workflow(conn, guard.workflow_id, now_ms=now_ms)
        case ExpectedWorkflowTime():
            _, stamp = _live_workflow(conn, guard.workflow_id, now_ms=now_ms)
            require_time("workflow", guard.workflow_id, guard.expected, stamp)
        case WorkflowTerminal():
            _terminal(conn, guard.workflow_id, now_ms=now_ms)
        case Queueable():
            _queueable(conn, guard)
        case HeldReceipt():
            if not queue_statements.holds(
                conn, guard.queue_name, guard.message_id, receipt=guard.receipt, now_ms=now_ms
            ):
                raise ConflictError(
                    "STALE_RECEIPT", f"message/{guard.queue_name}/{guard.message_id}"
                )


def _live_workflow(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> tuple[str, int]:
    sql = f"SELECT status, stamp FROM workflows WHERE id = ? AND {LIVE}"
    row = conn.execute(sql, (workflow_id, now_ms)).fetchone()
    if row is None:
        raise NotFoundError("workflow", workflow_id)
    status, stamp = row
    return status, stamp


def require_time(kind: str, name: str, expected: int, stamp: int) -> None:
    """Raise ConflictError unless the stored stamp is the expected one."""
    if stamp != expected:
        raise ConflictError(
            "STALE_UPDATE_TIME", f"{kind}/{name}", expected=str(expected), actual=str(stamp)
        )


def _queueable(conn: sqlite3.Connection, guard: Queueable) -> None:
    sql = "SELECT 1 FROM workflows WHERE id = ? AND removal_due_ms IS NULL"
    if conn.execute(sql, (guard.workflow_id,)).fetchone() is None:
        raise NotFoundError("workflow", guard.workflow_id)
    if not guard.task_id:
        return
    sql = "SELECT 1 FROM tasks WHERE id = ? AND workflow_id = ? AND status = ?"
    task = (guard.task_id, guard.workflow_id, TaskStatus.SCHEDULED.value)
    if conn.execute(sql, task).fetchone() is None:
        raise NotFoundError("task", guard.task_id)


def _terminal(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> None:
    row = conn.execute(
        f"SELECT status FROM workflows WHERE id = ? AND {LIVE}", (workflow_id, now_ms)
    ).fetchone()
    if row is not None and (row[0] is None or not WorkflowStatus(row[0]).is_terminal):
        raise FailedPreconditionError(
            "WORKFLOW_NOT_TERMINAL",
            f"workflow/{workflow_id}",
            f"workflow '{workflow_id}' is {row[0]}, not terminal",
        )
