"""Task documents: put, with the slot, the pending sets and the limit place that follow; removed."""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import NamedTuple

from podium_backends.sqlite import limit_statements
from podium_backends.sqlite.guard_statements import require_time
from podium_backends.sqlite.outbox_statements import MARK_TASK, IndexMarks
from podium_backends.sqlite.removal_mark import NO_ARCHIVE, NO_MARK, RemovalMark, archive_anew
from podium_backends.sqlite.workflow_statements import payload_column, replace_payloads
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models import TaskStatus
from podium_core.write_set import PutMode, Slot, TaskPut


class Taken(Enum):
    """Why a task to create wasn't written."""

    BY_ANOTHER = "its slot is another task's"
    BY_ITSELF = "it was created before"


class Stored(NamedTuple):
    """What is stored of a task, and of its workflow's removal mark."""

    stamp: int
    pending: int
    status: str | None
    limited: int
    definition_name: str
    workflow_id: str
    queue_name: str
    payloads: str | None
    removal_due_ms: int | None
    archive: int | None

    @property
    def removal(self) -> RemovalMark:
        """The removal mark of its workflow."""
        return RemovalMark(self.removal_due_ms, self.archive or NO_ARCHIVE)


_STORED = (
    "SELECT t.stamp, t.pending, t.status, t.limited, t.definition_name, t.workflow_id, t.queue_name, t.payloads,"
    " w.removal_due_ms, w.archive FROM tasks AS t LEFT JOIN workflows AS w ON w.id = t.workflow_id WHERE t.id = ?"
)


class TaskWrites:
    """What the tasks of one WriteSet share: the removal marks that they have asked for, and their marks for the index."""

    def __init__(self, marks: IndexMarks) -> None:
        self.marks = marks
        self._removals: dict[str, RemovalMark] = {}

    def removal(self, conn: sqlite3.Connection, workflow_id: str) -> RemovalMark:
        """The removal mark of a workflow."""
        if workflow_id not in self._removals:
            sql = "SELECT removal_due_ms, archive FROM workflows WHERE id = ?"
            row = conn.execute(sql, (workflow_id,)).fetchone()
            self._removals[workflow_id] = RemovalMark(*row) if row else NO_MARK
        return self._removals[workflow_id]

    def written(
        self, conn: sqlite3.Connection, put: TaskPut, removal: RemovalMark, *, now_ms: int
    ) -> None:
        """Mark a task that was stored; one whose workflow is to be archived goes with that."""
        if removal.archive == NO_ARCHIVE:
            self.marks.put(MARK_TASK, put.task_id)
        else:
            # Not that the mark of a task removed before deletes the archived entry of this one.
            self.marks.drop(MARK_TASK, put.task_id)
            archive_anew(conn, put.workflow_id, now_ms=now_ms)


def put_task(
    conn: sqlite3.Connection, put: TaskPut, writes: TaskWrites, *, now_ms: int
) -> int | Taken:
    """Store a task and return its stamp, or say why it was left alone."""
    row = conn.execute(_STORED, (put.task_id,)).fetchone()
    stored = None if row is None else Stored(*row)
    if put.mode is PutMode.CREATE:
        return _create(conn, put, stored, writes, now_ms=now_ms)
    if stored is None and put.mode is PutMode.UPSERT and put.expected_time is None:
        return _insert(conn, put, writes, now_ms=now_ms)
    if stored is None or stored.workflow_id != put.workflow_id:
        raise NotFoundError("task", put.task_id)
    if put.expected_time is not None:
        require_time("task", put.task_id, put.expected_time, stored.stamp)
    return _update(conn, put, stored, writes, now_ms=now_ms)


def _create(
    conn: sqlite3.Connection,
    put: TaskPut,
    stored: Stored | None,
    writes: TaskWrites,
    *,
    now_ms: int,
) -> int | Taken:
    if stored is not None and stored.workflow_id != put.workflow_id:
        raise AlreadyExistsError("task", put.task_id)
    taken = _take_slot(conn, put, put.slot) if put.slot else None
    if taken is Taken.BY_ANOTHER:
        return taken
    if stored is None:
        return _insert(conn, put, writes, now_ms=now_ms)
    if taken is None and _slots_held(conn, put.task_id) > 1:
        raise AlreadyExistsError("task", put.task_id)
    return Taken.BY_ITSELF  # also where it takes its slot only now: the document stays as it is


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


def _slots_held(conn: sqlite3.Connection, task_id: str) -> int:
    return int(
        conn.execute("SELECT count(*) FROM slots WHERE task_id = ?", (task_id,)).fetchone()[0]
    )


def _insert(conn: sqlite3.Connection, put: TaskPut, writes: TaskWrites, *, now_ms: int) -> int:
    removal = writes.removal(conn, put.workflow_id)
    if removal.is_due(now_ms):
        raise NotFoundError("workflow", put.workflow_id)
    conn.execute(
        "INSERT INTO tasks (id, workflow_id, definition_name, status, stamp, pending, limited, queue_name, payloads,"
        " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            put.task_id,
            put.workflow_id,
            put.definition_name,
            _status(put),
            now_ms,
            put.pending and not removal.expiring,
            put.limited,
            put.queue_name,
            payload_column(put.payload_keys),
            put.document.stamped(now_ms).decode(),
        ),
    )
    writes.written(conn, put, removal, now_ms=now_ms)
    if put.in_progress and not removal.expiring:
        _occupy(conn, put, now_ms=now_ms)
    return now_ms


def _update(
    conn: sqlite3.Connection, put: TaskPut, stored: Stored, writes: TaskWrites, *, now_ms: int
) -> int:
    if stored.removal.is_due(now_ms):
        raise NotFoundError("task", put.task_id)
    replace_payloads(conn, put, stored.payloads, now_ms=now_ms)
    writes.written(conn, put, stored.removal, now_ms=now_ms)
    stamp = max(now_ms, stored.stamp + 1)
    wanted = put.pending and stored.removal_due_ms is None
    document = put.document.stamped(stamp).decode()
    facts = (wanted, put.definition_name, put.queue_name, put.limited)
    if facts == (stored.pending, stored.definition_name, stored.queue_name, stored.limited):
        # No indexed column in the statement: no index is touched.
        conn.execute(
            "UPDATE tasks SET stamp = ?, status = ?, document = ? WHERE id = ?",
            (stamp, _status(put), document, put.task_id),
        )
    else:
        conn.execute(
            "UPDATE tasks SET stamp = ?, status = ?, document = ?, pending = ?, definition_name = ?,"
            " queue_name = ?, limited = ? WHERE id = ?",
            (stamp, _status(put), document, *facts, put.task_id),
        )
    if (
        put.limited
        or _status(put) != stored.status
        or put.definition_name != stored.definition_name
    ):
        _follow_limit(conn, put, stored, now_ms=now_ms)
    return stamp


def _follow_limit(conn: sqlite3.Connection, put: TaskPut, stored: Stored, *, now_ms: int) -> None:
    """Places belong to tasks, wherever the limit came from: they follow a task whose document names none, too."""
    if put.definition_name != stored.definition_name:
        limit_statements.release(conn, stored.definition_name, put.task_id)
    if put.in_progress and stored.removal_due_ms is None:
        _occupy(conn, put, now_ms=now_ms)
    elif stored.status == TaskStatus.IN_PROGRESS.value or not put.pending:
        # A place held by a task that is still to start stays: only leaving IN_PROGRESS, or the end, frees it.
        limit_statements.release(conn, put.definition_name, put.task_id)


def _occupy(conn: sqlite3.Connection, put: TaskPut, *, now_ms: int) -> None:
    if put.limited:
        limit_statements.set_in_progress(conn, put.definition_name, put.task_id, now_ms=now_ms)
    else:
        limit_statements.use(conn, put.definition_name, put.task_id)


def _status(put: TaskPut) -> str | None:
    return put.status.value if put.status else None


class RemovedTask(NamedTuple):
    """What a removed task leaves to be done."""

    workflow_id: str
    queue_name: str
    payloads: tuple[str, ...]


def remove_task(conn: sqlite3.Connection, task_id: str) -> RemovedTask | None:
    """Remove a task with its slot and limit place; None if it isn't there."""
    sql = "DELETE FROM tasks WHERE id = ? RETURNING definition_name, queue_name, workflow_id, payloads"
    row = conn.execute(sql, (task_id,)).fetchone()
    if row is None:
        return None
    definition_name, queue_name, workflow_id, payloads = row
    conn.execute("DELETE FROM slots WHERE task_id = ? AND workflow_id = ?", (task_id, workflow_id))
    limit_statements.release(conn, definition_name, task_id)
    return RemovedTask(workflow_id, queue_name, tuple((payloads or "").split()))


def removal_of(conn: sqlite3.Connection, task_id: str) -> RemovalMark:
    """The removal mark of a task's workflow."""
    row = conn.execute(_STORED, (task_id,)).fetchone()
    return NO_MARK if row is None else Stored(*row).removal
