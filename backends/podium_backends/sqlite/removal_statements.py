"""Removing a workflow: the mark, then chunks of bounded size, the workflow's own document last."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite import limit_statements, outbox_statements, task_statements
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_core.models import DECIDER_QUEUE
from podium_core.outbox import KIND_REMOVAL
from podium_core.write_set import TaskRemoval, WorkflowRemoval

CHUNK = 200


def remove_task(
    conn: sqlite3.Connection, queues: QueueEffects, removal: TaskRemoval, now: int
) -> bool:
    """Remove a task; false if it isn't there."""
    removed = task_statements.remove_task(conn, removal.task_id)
    if removed is None:
        return False
    if removal.take_message:
        queues.unqueue(conn, removed[0], removal.task_id, now)
    return True


def mark(
    conn: sqlite3.Connection, queues: QueueEffects, removal: WorkflowRemoval, now: int
) -> bool:
    """Set the removal mark; a removal that is due carries out its first chunk in the same step.

    Returns:
        Whether the workflow is there (also where an earlier removal isn't over yet).
    """
    sql = "SELECT removal_due_ms, take_messages FROM workflows WHERE id = ?"
    row = conn.execute(sql, (removal.workflow_id,)).fetchone()
    if row is None:
        return False
    due, takes = row
    if due is None or due > now:
        takes = removal.take_messages
        _set_mark(conn, removal, now)
    if removal.ttl_ms == 0 or (due is not None and due <= now):
        carry_out_chunk(conn, queues, removal.workflow_id, now)
    else:
        _leave_the_sets(conn, queues, removal.workflow_id, now, take_messages=bool(takes))
    return True


def _set_mark(conn: sqlite3.Connection, removal: WorkflowRemoval, now: int) -> None:
    # 0 is due whatever the clock does next: a removal that began can't be taken for an expiry to come.
    due = now + removal.ttl_ms if removal.ttl_ms else 0
    conn.execute(
        "UPDATE workflows SET removal_due_ms = ?, take_messages = ?, pending = 0, listed = 0 WHERE id = ?",
        (due, removal.take_messages, removal.workflow_id),
    )
    outbox_statements.put_entry(conn, KIND_REMOVAL, removal.workflow_id, now_ms=now, due_ms=due)


def _leave_the_sets(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    workflow_id: str,
    now: int,
    *,
    take_messages: bool,
) -> None:
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    sql = (
        "UPDATE tasks SET pending = 0 WHERE workflow_id = ? AND pending = 1"
        " RETURNING id, definition_name, limited, queue_name"
    )
    for id_, definition_name, limited, queue_name in conn.execute(sql, (workflow_id,)).fetchall():
        if limited:
            limit_statements.release(conn, definition_name, id_)
        if take_messages:
            queues.unqueue(conn, queue_name, id_, now)
    if take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now)


def carry_out_chunk(
    conn: sqlite3.Connection, queues: QueueEffects, workflow_id: str, now: int
) -> bool | None:
    """Remove the next tasks of a workflow whose mark is due, or at last the workflow itself.

    Returns:
        True while there is more to do, False when all is gone, None without a due mark.
    """
    sql = "SELECT removal_due_ms, take_messages FROM workflows WHERE id = ?"
    row = conn.execute(sql, (workflow_id,)).fetchone()
    if row is None or row[0] is None or row[0] > now:
        # The entry may outlive its workflow only by a removal mark that was set anew, later.
        if row is None:
            outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)
        return None
    if row[0] != 0:
        conn.execute("UPDATE workflows SET removal_due_ms = 0 WHERE id = ?", (workflow_id,))
    take_messages = bool(row[1])
    sql = "SELECT id FROM tasks WHERE workflow_id = ? LIMIT ?"
    ids = [found[0] for found in conn.execute(sql, (workflow_id, CHUNK))]
    for id_ in ids:
        remove_task(conn, queues, TaskRemoval(task_id=id_, take_message=take_messages), now)
    if len(ids) == CHUNK:
        return True
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    if take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now)
    conn.execute("DELETE FROM workflows WHERE id = ?", (workflow_id,))
    outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)
    return False
