"""Removing a workflow: the mark, then chunks, its own document last. What comes between is in archive_statements.py."""

from __future__ import annotations

import sqlite3

import msgspec

from podium_backends.sqlite import limit_statements, outbox_statements
from podium_backends.sqlite.archive_statements import drop_index_marks, index_all
from podium_backends.sqlite.executions.rows import ARCHIVE_NUMBERS, remove_task
from podium_backends.sqlite.outbox_statements import MARK_TASK, MARK_WORKFLOW, IndexMarks
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_backends.sqlite.removal_mark import TO_ARCHIVE, is_due
from podium_backends.sqlite.removal_row import RemovalRow, row_of
from podium_core.decide import WorkflowFacts
from podium_core.index.changes import Remove
from podium_core.index.marks import encode_mark
from podium_core.models import DECIDER_QUEUE
from podium_core.outbox import KIND_REMOVAL, WRITER_FIRST_MS
from podium_core.removal import RemovalMark

CHUNK = 200

_REMOVED = encode_mark(Remove())


# the mark


def set_removal(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    workflow_id: str,
    before: WorkflowFacts,
    mark: RemovalMark,
    *,
    now_ms: int,
) -> None:
    """Set the removal mark of a workflow, and do at once what follows from it."""
    _write_mark(conn, workflow_id, mark, now_ms=now_ms)
    if mark.archives:
        drop_index_marks(conn, workflow_id)
    if mark.due_ms:
        _leave_the_sets(conn, queues, workflow_id, mark, now_ms=now_ms)
        if before.removal is not None and before.removal.archives and not mark.archives:
            index_all(conn, workflow_id, IndexMarks(conn, now_ms=now_ms, wanted=mark.mark_index))


def _write_mark(
    conn: sqlite3.Connection, workflow_id: str, mark: RemovalMark, *, now_ms: int
) -> None:
    # What is archived stays in its sets until the index has it: till then the removal may be taken back.
    leaves = not mark.archives or mark.due_ms > 0
    conn.execute(
        "UPDATE workflows SET removal_due_ms = ?, archive = ?, take_messages = ?, take_payloads = ?,"
        " mark_index = ?, pending = iif(?, 0, pending), listed = iif(?, 0, listed) WHERE id = ?",
        (
            mark.due_ms,
            ARCHIVE_NUMBERS[mark.archive],
            mark.take_messages,
            mark.take_payloads,
            mark.mark_index,
            leaves,
            leaves,
            workflow_id,
        ),
    )
    outbox_statements.put_entry(
        conn,
        KIND_REMOVAL,
        workflow_id,
        now_ms=now_ms,
        due_ms=_first_look_ms(mark, now_ms=now_ms),
        body=b"" if mark.expiry is None else msgspec.msgpack.encode(mark.expiry),
    )


def _first_look_ms(mark: RemovalMark, *, now_ms: int) -> int:
    """When a drainer has something to do about it."""
    if not mark.archives:
        return mark.due_ms
    # The call that removes at once also archives: the drainer only if that fails. What expires is archived now.
    return 0 if mark.due_ms else now_ms + WRITER_FIRST_MS


def _leave_the_sets(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    workflow_id: str,
    mark: RemovalMark,
    *,
    now_ms: int,
) -> None:
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    sql = (
        "UPDATE tasks SET pending = 0 WHERE workflow_id = ? AND pending = 1"
        " RETURNING id, definition_name, queue_name"
    )
    for id_, definition_name, queue_name in conn.execute(sql, (workflow_id,)).fetchall():
        limit_statements.release(conn, definition_name, id_)
        if mark.take_messages:
            queues.unqueue(conn, queue_name, id_, now_ms=now_ms)
    if mark.take_messages:
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
    tasks = _next_tasks(conn, workflow_id)
    for id_, definition_name, queue_name, payloads in tasks:
        remove_task(conn, id_, workflow_id, definition_name)
        marks.put(MARK_TASK, id_, _REMOVED)
        if row.take_messages:
            queues.unqueue(conn, queue_name, id_, now_ms=now_ms)
        if row.take_payloads:
            # Whatever else refers to them goes too.
            outbox_statements.delete_payloads(conn, (payloads or "").split(), now_ms=now_ms)
    if len(tasks) == CHUNK:
        return True
    _remove_itself(conn, queues, workflow_id, row, now_ms=now_ms)
    marks.put(MARK_WORKFLOW, workflow_id, _REMOVED)
    return False


def _next_tasks(conn: sqlite3.Connection, workflow_id: str) -> list[tuple[str, str, str, str]]:
    sql = (
        "SELECT id, definition_name, queue_name, payloads FROM tasks WHERE workflow_id = ? LIMIT ?"
    )
    return conn.execute(sql, (workflow_id, CHUNK)).fetchall()


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
    if row.take_payloads:
        outbox_statements.delete_payloads(conn, (row.payloads or "").split(), now_ms=now_ms)
    conn.execute("DELETE FROM workflows WHERE id = ?", (workflow_id,))
    outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)
