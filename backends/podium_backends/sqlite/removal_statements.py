"""Removing a workflow: the mark, then chunks, its own document last. What comes between is in archive_statements.py."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite import limit_statements, outbox_statements, task_statements
from podium_backends.sqlite.archive_statements import drop_index_marks, expiry_of, index_all
from podium_backends.sqlite.outbox_statements import MARK_TASK, MARK_WORKFLOW, IndexMarks
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_backends.sqlite.removal_mark import (
    NO_ARCHIVE,
    TO_ARCHIVE,
    archive_anew,
    is_due,
)
from podium_backends.sqlite.removal_row import LEAVE_PAYLOADS, RemovalRow, row_of
from podium_backends.sqlite.times import later
from podium_core.index.changes import Remove
from podium_core.index.marks import encode_mark
from podium_core.models import DECIDER_QUEUE
from podium_core.outbox import KIND_REMOVAL, WRITER_FIRST_MS
from podium_core.write_set import TaskRemoval, WorkflowRemoval

CHUNK = 200

_REMOVED = encode_mark(Remove())


def remove_task(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    removal: TaskRemoval,
    marks: IndexMarks,
    *,
    now_ms: int,
) -> bool:
    """RemoveTask; false if the task isn't there, or is being removed with its workflow."""
    mark = task_statements.removal_of(conn, removal.task_id)
    if mark.is_due(now_ms):
        return False
    removed = _take_task(conn, queues, removal, marks, now_ms=now_ms)
    if removed is None:
        return False
    if mark.archive != NO_ARCHIVE:
        archive_anew(conn, removed.workflow_id, now_ms=now_ms)
    if removal.take_payloads:
        outbox_statements.leave_payloads(conn, removed.workflow_id, removed.payloads, now_ms=now_ms)
    return True


def _take_task(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    removal: TaskRemoval,
    marks: IndexMarks,
    *,
    now_ms: int,
) -> task_statements.RemovedTask | None:
    removed = task_statements.remove_task(conn, removal.task_id)
    if removed is None:
        return None
    marks.put(MARK_TASK, removal.task_id, _REMOVED)
    if removal.take_message:
        queues.unqueue(conn, removed.queue_name, removal.task_id, now_ms=now_ms)
    return removed


# the mark


def mark(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    removal: WorkflowRemoval,
    *,
    mark_index: bool,
    now_ms: int,
) -> bool:
    """Set the removal mark; of a removal that is due, and archives nothing, carry out the first chunk in the same step.

    Returns:
        Whether the workflow is there (also where an earlier removal isn't over yet).
    """
    row = row_of(conn, removal.workflow_id)
    if row is None:
        return False
    under_way = is_due(row.due_ms, now_ms)
    if not under_way:
        _set_mark(conn, removal, row, mark_index=mark_index, now_ms=now_ms)
        if removal.archive:
            drop_index_marks(conn, removal.workflow_id)
        if removal.ttl_ms:
            _leave_the_sets(conn, queues, removal, now_ms=now_ms)
            if row.archive != NO_ARCHIVE and not removal.archive:
                marks = IndexMarks(conn, now_ms=now_ms, wanted=mark_index)
                index_all(conn, removal.workflow_id, marks)
    if under_way or removal.ttl_ms == 0:
        carry_out_chunk(conn, queues, removal.workflow_id, now_ms=now_ms)
    return True


def _set_mark(
    conn: sqlite3.Connection,
    removal: WorkflowRemoval,
    row: RemovalRow,
    *,
    mark_index: bool,
    now_ms: int,
) -> None:
    # 0 is due whatever the clock does next: a removal that began can't be taken for an expiry to come.
    due_ms = later(now_ms, removal.ttl_ms) if removal.ttl_ms else 0
    # What is archived stays in its sets until the index has it: till then the removal may be taken back.
    leaves = not removal.archive or removal.ttl_ms > 0
    conn.execute(
        "UPDATE workflows SET removal_due_ms = ?, archive = ?, take_messages = ?, take_payloads = ?,"
        " mark_index = ?, pending = iif(?, 0, pending), listed = iif(?, 0, listed) WHERE id = ?",
        (
            due_ms,
            TO_ARCHIVE if removal.archive else NO_ARCHIVE,
            removal.take_messages,
            LEAVE_PAYLOADS if removal.leave_payloads else removal.take_payloads,
            mark_index,
            leaves,
            leaves,
            removal.workflow_id,
        ),
    )
    outbox_statements.put_entry(
        conn,
        KIND_REMOVAL,
        removal.workflow_id,
        now_ms=now_ms,
        due_ms=_first_look_ms(removal, due_ms, now_ms=now_ms),
        body=b"" if row.due_ms is None or removal.ttl_ms else expiry_of(row, row.due_ms),
    )


def _first_look_ms(removal: WorkflowRemoval, due_ms: int, *, now_ms: int) -> int:
    """When a drainer has something to do about it."""
    if not removal.archive:
        return due_ms
    # Who removes at once also archives: the drainer only if that fails. What expires is archived now, removed later.
    return 0 if removal.ttl_ms else now_ms + WRITER_FIRST_MS


def _leave_the_sets(
    conn: sqlite3.Connection, queues: QueueEffects, removal: WorkflowRemoval, *, now_ms: int
) -> None:
    workflow_id = removal.workflow_id
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    sql = (
        "UPDATE tasks SET pending = 0 WHERE workflow_id = ? AND pending = 1"
        " RETURNING id, definition_name, queue_name"
    )
    for id_, definition_name, queue_name in conn.execute(sql, (workflow_id,)).fetchall():
        limit_statements.release(conn, definition_name, id_)
        if removal.take_messages:
            queues.unqueue(conn, queue_name, id_, now_ms=now_ms)
    if removal.take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now_ms=now_ms)


# the deletion


def carry_out_chunk(
    conn: sqlite3.Connection, queues: QueueEffects, workflow_id: str, *, now_ms: int
) -> bool | None:
    """Remove the next tasks of a workflow whose mark is due and archived, or at last the workflow itself.

    Returns:
        True while there is more to do, False when all is gone, None where nothing may go.
    """
    row = row_of(conn, workflow_id)
    if row is None:
        # The entry may outlive its workflow only by a removal mark that was set anew, later.
        outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)
        return None
    if not is_due(row.due_ms, now_ms) or row.archive == TO_ARCHIVE:
        return None
    if row.due_ms != 0:
        conn.execute("UPDATE workflows SET removal_due_ms = 0 WHERE id = ?", (workflow_id,))
    # An archived entry is all that is left of its document.
    marks = IndexMarks(conn, now_ms=now_ms, wanted=bool(row.mark_index) and not row.archive)
    ids = _next_tasks(conn, workflow_id)
    for id_ in ids:
        removal = TaskRemoval(task_id=id_, take_message=bool(row.take_messages))
        removed = _take_task(conn, queues, removal, marks, now_ms=now_ms)
        if removed:
            _end_payloads(conn, workflow_id, row, removed.payloads, now_ms=now_ms)
    if len(ids) == CHUNK:
        return True
    _remove_itself(conn, queues, workflow_id, row, now_ms=now_ms)
    marks.put(MARK_WORKFLOW, workflow_id, _REMOVED)
    return False


def _next_tasks(conn: sqlite3.Connection, workflow_id: str) -> list[str]:
    sql = "SELECT id FROM tasks WHERE workflow_id = ? LIMIT ?"
    return [row[0] for row in conn.execute(sql, (workflow_id, CHUNK))]


def _remove_itself(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    workflow_id: str,
    row: RemovalRow,
    *,
    now_ms: int,
) -> None:
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    if row.take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now_ms=now_ms)
    conn.execute("DELETE FROM workflows WHERE id = ?", (workflow_id,))
    _end_payloads(conn, workflow_id, row, (row.payloads or "").split(), now_ms=now_ms)
    outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)


def _end_payloads(
    conn: sqlite3.Connection,
    workflow_id: str,
    row: RemovalRow,
    keys: Sequence[str],
    *,
    now_ms: int,
) -> None:
    if row.take_payloads == LEAVE_PAYLOADS:
        # The workflow may be created again at once, with what it refers to.
        outbox_statements.leave_payloads(conn, workflow_id, keys, now_ms=now_ms)
    elif row.take_payloads:
        # Whatever else refers to them goes too.
        outbox_statements.delete_payloads(conn, keys, now_ms=now_ms)
