"""Looks up the facts by which a WriteSet is decided: one statement for each record, on the writer's connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from podium_backends.sqlite.executions import outbox_statements, requests
from podium_backends.sqlite.executions.rows import payload_keys
from podium_backends.sqlite.queues import lease_statements
from podium_core.decide import Known, Needs, TaskFacts, WorkflowFacts
from podium_core.decide.facts import EventKey, SlotKey
from podium_core.decide.removal_record import RemovalRecord
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set import Slot

Row = tuple[Any, ...]

_removal_record = msgspec.msgpack.Decoder(RemovalRecord)
# A text that none of ours is, which only a broken disk writes, counts as no status: the next write mends the row.
_WORKFLOW_STATUSES = {status.value: status for status in WorkflowStatus}
_TASK_STATUSES = {status.value: status for status in TaskStatus}

_WORKFLOW = (
    "SELECT w.stamp, w.name, w.version, w.status, w.correlation_id, w.create_time, w.pending, w.listed,"
    " w.payloads, w.removal FROM workflows AS w WHERE w.id = ?"
)
_TASK = (
    "SELECT t.workflow_id, t.stamp, t.definition_name, t.status, t.pending, t.limited, t.queue_name, t.payloads,"
    " w.removal FROM tasks AS t LEFT JOIN workflows AS w ON w.id = t.workflow_id WHERE t.id = ?"
)
_REMOVAL = "SELECT removal FROM workflows WHERE id = ?"
_HOLDER = "SELECT task_id FROM slots WHERE workflow_id = ? AND reference_task_name = ? AND retry_count = ?"
_SLOT = "SELECT reference_task_name, retry_count FROM slots WHERE task_id = ? LIMIT 1"
_EVENT = (
    "SELECT 1 FROM event_executions WHERE handler_name = ? AND event = ? AND message_id = ? AND id = ?"
    " AND (expires_ms IS NULL OR expires_ms > ?)"
)


def look_up(conn: sqlite3.Connection, needs: Needs, *, now_ms: int) -> Known:
    """What is stored of all that was asked for; of a remembered request nothing else."""
    if needs.request_id:
        remembered = requests.find_outcome(conn, needs.request_id, now_ms=now_ms)
        if remembered is not None:
            return Known(remembered=remembered)
    tasks = _tasks(conn, needs)
    return Known(
        workflows=_workflows(conn, needs.workflows) if needs.workflows else {},
        removals=_removals(conn, needs.removals, tasks.values()),
        tasks=tasks,
        slots=_slots(conn, needs.slots) if needs.slots else {},
        events=_events(conn, needs.events, now_ms) if needs.events else frozenset(),
        held_receipts=_held_receipts(conn, needs.receipts, now_ms)
        if needs.receipts
        else frozenset(),
        unclaimed_payloads=outbox_statements.unclaimed_payloads(conn, needs.uploads),
    )


def workflow_facts(conn: sqlite3.Connection, workflow_id: str) -> WorkflowFacts | None:
    """The facts of a workflow."""
    row = conn.execute(_WORKFLOW, (workflow_id,)).fetchone()
    if row is None:
        return None
    (
        stamp,
        name,
        version,
        status,
        correlation_id,
        create_time,
        pending,
        listed,
        payloads,
        removal,
    ) = row
    return WorkflowFacts(
        stamp=stamp,
        name=name,
        version=version,
        status=_WORKFLOW_STATUSES.get(status),
        correlation_id=correlation_id,
        create_time=create_time,
        pending=bool(pending),
        listed=bool(listed),
        payload_keys=payload_keys(payloads),
        removal=None if removal is None else _removal_record.decode(removal),
    )


def _workflows(conn: sqlite3.Connection, ids: Sequence[str]) -> dict[str, WorkflowFacts]:
    found = ((id_, workflow_facts(conn, id_)) for id_ in ids)
    return {id_: facts for id_, facts in found if facts is not None}


def task_facts(
    conn: sqlite3.Connection, task_id: str, *, with_slot: bool = False
) -> TaskFacts | None:
    """The facts of a task, with its workflow's removal record."""
    row = conn.execute(_TASK, (task_id,)).fetchone()
    if row is None:
        return None
    workflow_id, stamp, definition_name, status, pending, limited, queue_name, payloads, removal = (
        row
    )
    return TaskFacts(
        workflow_id=workflow_id,
        stamp=stamp,
        definition_name=definition_name,
        status=_TASK_STATUSES.get(status),
        pending=bool(pending),
        limited=bool(limited),
        queue_name=queue_name,
        payload_keys=payload_keys(payloads),
        slot=_slot(conn, task_id) if with_slot else None,
        removal=None if removal is None else _removal_record.decode(removal),
    )


def _tasks(conn: sqlite3.Connection, needs: Needs) -> dict[str, TaskFacts]:
    found = (
        (id_, task_facts(conn, id_, with_slot=id_ in needs.created_tasks)) for id_ in needs.tasks
    )
    return {id_: facts for id_, facts in found if facts is not None}


def _slot(conn: sqlite3.Connection, task_id: str) -> Slot | None:
    row = conn.execute(_SLOT, (task_id,)).fetchone()
    return None if row is None else Slot(*row)


def _removals(
    conn: sqlite3.Connection, ids: Sequence[str], tasks: Iterable[TaskFacts]
) -> dict[str, RemovalRecord]:
    # A stored task has brought its workflow's removal record along.
    found = {facts.workflow_id: facts.removal for facts in tasks}
    for id_ in ids:
        if id_ not in found:
            row = conn.execute(_REMOVAL, (id_,)).fetchone()
            found[id_] = None if row is None or row[0] is None else _removal_record.decode(row[0])
    return {id_: record for id_, record in found.items() if record is not None}


def _slots(conn: sqlite3.Connection, keys: Sequence[SlotKey]) -> dict[SlotKey, str]:
    found = {}
    for key in keys:
        workflow_id, slot = key
        row = conn.execute(
            _HOLDER, (workflow_id, slot.reference_task_name, slot.retry_count)
        ).fetchone()
        if row is not None:
            found[key] = row[0]
    return found


def _events(conn: sqlite3.Connection, keys: Sequence[EventKey], now_ms: int) -> frozenset[EventKey]:
    return frozenset(key for key in keys if conn.execute(_EVENT, (*key, now_ms)).fetchone())


def _held_receipts(
    conn: sqlite3.Connection, receipts: Sequence[tuple[str, str, str]], now_ms: int
) -> frozenset[tuple[str, str, str]]:
    def is_held(queue_name: str, message_id: str, receipt: str) -> bool:
        return lease_statements.holds(conn, queue_name, message_id, receipt=receipt, now_ms=now_ms)

    return frozenset(receipt for receipt in receipts if is_held(*receipt))
