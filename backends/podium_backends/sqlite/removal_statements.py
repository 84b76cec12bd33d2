"""Removing a workflow: the mark, then chunks of bounded size, the workflow's own document last."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite import limit_statements, outbox_statements, task_statements
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_backends.sqlite.removal_mark import is_due
from podium_backends.sqlite.times import later
from podium_core.models import DECIDER_QUEUE
from podium_core.outbox import KIND_REMOVAL
from podium_core.write_set import TaskRemoval, WorkflowRemoval

CHUNK = 200


def remove_task(
    conn: sqlite3.Connection, queues: QueueEffects, removal: TaskRemoval, *, now_ms: int
) -> bool:
    """Remove a task; false if it isn't there."""
    queue_name = task_statements.remove_task(conn, removal.task_id)
    if queue_name is None:
        return False
    if removal.take_message:
        queues.unqueue(conn, queue_name, removal.task_id, now_ms=now_ms)
    return True


def mark(
    conn: sqlite3.Connection, queues: QueueEffects, removal: WorkflowRemoval, *, now_ms: int
) -> bool:
    """Set the removal mark; a removal that is due carries out its first chunk in the same step.

    Returns:
        Whether the workflow is there (also where an earlier removal isn't over yet).
    """
    sql = "SELECT removal_due_ms, take_messages FROM workflows WHERE id = ?"
    row = conn.execute(sql, (removal.workflow_id,)).fetchone()
    if row is None:
        return False
    due_ms, takes = row
    under_way = is_due(due_ms, now_ms)
    if not under_way:
        takes = removal.take_messages
        _set_mark(conn, removal, now_ms=now_ms)
    if removal.ttl_ms == 0 or under_way:
        carry_out_chunk(conn, queues, removal.workflow_id, now_ms=now_ms)
    else:
        _leave_the_sets(conn, queues, removal.workflow_id, take_messages=bool(takes), now_ms=now_ms)
    return True


def _set_mark(conn: sqlite3.Connection, removal: WorkflowRemoval, *, now_ms: int) -> None:
    # 0 is due whatever the clock does next: a removal that began can't be taken for an expiry to come.
    due_ms = later(now_ms, removal.ttl_ms) if removal.ttl_ms else 0
    conn.execute(
        "UPDATE workflows SET removal_due_ms = ?, take_messages = ?, pending = 0, listed = 0 WHERE id = ?",
        (due_ms, removal.take_messages, removal.workflow_id),
    )
    outbox_statements.put_entry(
        conn, KIND_REMOVAL, removal.workflow_id, now_ms=now_ms, due_ms=due_ms
    )


def _leave_the_sets(
    conn: sqlite3.Connection,
    queues: QueueEffects,
    workflow_id: str,
    *,
    take_messages: bool,
    now_ms: int,
) -> None:
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    sql = (
        "UPDATE tasks SET pending = 0 WHERE workflow_id = ? AND pending = 1"
        " RETURNING id, definition_name, queue_name"
    )
    for id_, definition_name, queue_name in conn.execute(sql, (workflow_id,)).fetchall():
        limit_statements.release(conn, definition_name, id_)
        if take_messages:
            queues.unqueue(conn, queue_name, id_, now_ms=now_ms)
    if take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now_ms=now_ms)


def carry_out_chunk(
    conn: sqlite3.Connection, queues: QueueEffects, workflow_id: str, *, now_ms: int
) -> bool | None:
    """Remove the next tasks of a workflow whose mark is due, or at last the workflow itself.

    Returns:
        True while there is more to do, False when all is gone, None without a due mark.
    """
    sql = "SELECT removal_due_ms, take_messages FROM workflows WHERE id = ?"
    row = conn.execute(sql, (workflow_id,)).fetchone()
    if row is None or not is_due(row[0], now_ms):
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
        removal = TaskRemoval(task_id=id_, take_message=take_messages)
        remove_task(conn, queues, removal, now_ms=now_ms)
    if len(ids) == CHUNK:
        return True
    conn.execute("DELETE FROM slots WHERE workflow_id = ?", (workflow_id,))
    if take_messages:
        queues.unqueue(conn, DECIDER_QUEUE, workflow_id, now_ms=now_ms)
    conn.execute("DELETE FROM workflows WHERE id = ?", (workflow_id,))
    outbox_statements.drop_entry(conn, KIND_REMOVAL, workflow_id)
    return False
