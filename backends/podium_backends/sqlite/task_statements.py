"""Task documents: put, with the slot, the pending sets and the limit place that follow; removed."""

from __future__ import annotations

import sqlite3
from enum import Enum

from podium_backends.sqlite import limit_statements
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import TaskStatus
from podium_core.write_set import PutMode, Slot, TaskPut


class Taken(Enum):
    """Why a task to create wasn't written."""

    BY_ANOTHER = "its slot is another task's"
    BY_ITSELF = "it was created before"


def put_task(conn: sqlite3.Connection, put: TaskPut, now: int) -> int | Taken:
    """Store a task and return its stamp, or say why it was left alone."""
    row = conn.execute(
        "SELECT t.stamp, t.pending, t.status, t.limited, t.definition_name, t.workflow_id, t.queue_name,"
        " w.removal_due_ms FROM tasks AS t LEFT JOIN workflows AS w ON w.id = t.workflow_id WHERE t.id = ?",
        (put.task_id,),
    ).fetchone()
    if put.mode is PutMode.CREATE:
        if row is not None and row[5] != put.workflow_id:
            raise AlreadyExistsError("task", put.task_id)
        taken = _take_slot(conn, put, put.slot) if put.slot else None
        if taken is not None:
            return taken
    if row is None:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("task", put.task_id)
        return _insert(conn, put, now)
    return _update(conn, put, row, now)


def _take_slot(conn: sqlite3.Connection, put: TaskPut, slot: Slot) -> Taken | None:
    key = (put.workflow_id, slot.reference_task_name, slot.retry_count)
    sql = (
        "INSERT INTO slots (workflow_id, reference_task_name, retry_count, task_id) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING"
    )
    if conn.execute(sql, (*key, put.task_id)).rowcount:
        return None
    sql = "SELECT task_id FROM slots WHERE workflow_id = ? AND reference_task_name = ? AND retry_count = ?"
    holder = conn.execute(sql, key).fetchone()[0]
    return Taken.BY_ITSELF if holder == put.task_id else Taken.BY_ANOTHER


def _insert(conn: sqlite3.Connection, put: TaskPut, now: int) -> int:
    due = conn.execute(
        "SELECT removal_due_ms FROM workflows WHERE id = ?", (put.workflow_id,)
    ).fetchone()
    if due is not None and due[0] is not None and due[0] <= now:
        raise NotFoundError("workflow", put.workflow_id)
    pending = put.pending and (due is None or due[0] is None)
    conn.execute(
        "INSERT INTO tasks (id, workflow_id, definition_name, status, stamp, pending, limited, queue_name, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(
                put.task_id,
                put.workflow_id,
                put.definition_name,
                _status(put),
                now,
                pending,
                put.limited,
            ),
            *(put.queue_name, put.document.stamped(now).decode()),
        ),
    )
    if put.limited and put.in_progress:
        limit_statements.set_in_progress(conn, put.definition_name, put.task_id, now)
    return now


_Row = tuple[int, int, str | None, int, str, str, str, int | None]


def _update(conn: sqlite3.Connection, put: TaskPut, row: _Row, now: int) -> int:
    stamp, pending, status, limited, definition_name, workflow_id, queue_name, removal_due_ms = row
    if removal_due_ms is not None and removal_due_ms <= now:
        raise NotFoundError("task", put.task_id)
    stamp = max(now, stamp + 1)
    wanted = put.pending and removal_due_ms is None
    document = put.document.stamped(stamp).decode()
    facts = (wanted, put.definition_name, put.workflow_id, put.queue_name, put.limited)
    if facts == (pending, definition_name, workflow_id, queue_name, limited):
        # No indexed column in the statement: no index is touched.
        conn.execute(
            "UPDATE tasks SET stamp = ?, status = ?, document = ? WHERE id = ?",
            (stamp, _status(put), document, put.task_id),
        )
    else:
        conn.execute(
            "UPDATE tasks SET stamp = ?, status = ?, document = ?, pending = ?, definition_name = ?,"
            " workflow_id = ?, queue_name = ?, limited = ? WHERE id = ?",
            (stamp, _status(put), document, *facts, put.task_id),
        )
    if put.limited or limited:
        _follow_limit(conn, put, definition_name, status, now)
    return stamp


def _follow_limit(
    conn: sqlite3.Connection, put: TaskPut, definition_name: str, status: str | None, now: int
) -> None:
    if put.limited and put.in_progress:
        limit_statements.set_in_progress(conn, put.definition_name, put.task_id, now)
    elif status == TaskStatus.IN_PROGRESS.value or not put.pending:
        # A place held by a task that is still to start stays: only leaving IN_PROGRESS, or the end, frees it.
        limit_statements.release(conn, definition_name, put.task_id)


def _status(put: TaskPut) -> str | None:
    return put.status.value if put.status else None


def remove_task(conn: sqlite3.Connection, task_id: str) -> tuple[str, str] | None:
    """Remove a task with its slot and limit place; (queue name, workflow id), or None if it isn't there."""
    sql = (
        "DELETE FROM tasks WHERE id = ? RETURNING definition_name, limited, queue_name, workflow_id"
    )
    row = conn.execute(sql, (task_id,)).fetchone()
    if row is None:
        return None
    definition_name, limited, queue_name, workflow_id = row
    conn.execute("DELETE FROM slots WHERE task_id = ? AND workflow_id = ?", (task_id, workflow_id))
    if limited:
        limit_statements.release(conn, definition_name, task_id)
    return queue_name, workflow_id
