"""Carries out the effects of a decided WriteSet: each is one or two statements, and nothing is decided here."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from podium_backends.sqlite.executions import limit_places, outbox_statements
from podium_backends.sqlite.executions.outbox_statements import MarkWriter
from podium_backends.sqlite.executions.queue_effects import QueueEffects
from podium_backends.sqlite.executions.rows import ARCHIVE_NUMBERS, payload_column, remove_task
from podium_backends.sqlite.file.times import time_after
from podium_core.decide import effects as do
from podium_core.decide.facts import WorkflowFacts
from podium_core.outbox import KIND_REMOVAL, EntryPut, OutboxEntry
from podium_core.removal import next_step_ms
from podium_core.write_set import AckOp, EventRemoval, PushOp, QueueOp, RemoveOp, Slot

_INSERT_TASK = (
    "INSERT INTO tasks (id, workflow_id, definition_name, status, stamp, pending, limited, queue_name, payloads,"
    " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# No indexed column in the statement: no index is touched.
_UPDATE_TASK_DOCUMENT = "UPDATE tasks SET stamp = ?, status = ?, document = ? WHERE id = ?"
_UPDATE_TASK = (
    "UPDATE tasks SET stamp = ?, status = ?, document = ?, pending = ?, definition_name = ?, queue_name = ?,"
    " limited = ?, payloads = ? WHERE id = ?"
)
_INSERT_WORKFLOW = (
    "INSERT INTO workflows (stamp, document, name, version, correlation_id, status, create_time, pending, listed,"
    " payloads, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE_WORKFLOW_DOCUMENT = "UPDATE workflows SET stamp = ?, document = ? WHERE id = ?"
_UPDATE_WORKFLOW = (
    "UPDATE workflows SET stamp = ?, document = ?, name = ?, version = ?, correlation_id = ?, status = ?,"
    " create_time = ?, pending = ?, listed = ?, payloads = ? WHERE id = ?"
)
_encode = msgspec.msgpack.Encoder().encode
_TAKE_SLOT = (
    "INSERT INTO slots (workflow_id, reference_task_name, retry_count, task_id) VALUES (?, ?, ?, ?)"
)


class EffectRunner:
    """Carries out the effects of one WriteSet, in one transaction.

    Attributes:
        acked: For each AckOp, whether it took a message.
        removed: For each RemoveOp, whether it took a message.
        pushed: For each PushOp with ``if_absent``, whether it pushed.
        intents: What was left to be done in queues that are another store.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        queues: QueueEffects,
        *,
        event_ttl_ms: int,
        now_ms: int,
    ) -> None:
        self.acked: list[bool] = []
        self.removed: list[bool] = []
        self.pushed: list[bool] = []
        self.intents: list[OutboxEntry] = []
        self._conn = conn
        self._queues = queues
        self._event_ttl_ms = event_ttl_ms
        self._now_ms = now_ms
        self._marks = MarkWriter(conn, now_ms=now_ms)

    def run(self, effects: Sequence[do.Effect]) -> None:
        """Carry them out in order."""
        for effect in effects:
            _STEPS[type(effect)](self, effect)

    # documents

    def _store_task(self, effect: do.StoreTask) -> None:
        put, before, after = effect.put, effect.before, effect.after
        status = put.status.value if put.status else None
        document = put.document.with_stamp(effect.stamp).decode()
        if before is None:
            self._conn.execute(
                _INSERT_TASK,
                (
                    put.task_id,
                    put.workflow_id,
                    put.definition_name,
                    status,
                    effect.stamp,
                    after.pending,
                    put.limited,
                    put.queue_name,
                    payload_column(put.payload_keys),
                    document,
                ),
            )
        elif (
            after.pending == before.pending
            and after.definition_name == before.definition_name
            and after.queue_name == before.queue_name
            and after.limited == before.limited
            and after.payload_keys == before.payload_keys
        ):
            self._conn.execute(_UPDATE_TASK_DOCUMENT, (effect.stamp, status, document, put.task_id))
        else:
            facts = (after.pending, after.definition_name, after.queue_name, after.limited)
            payloads = payload_column(after.payload_keys)
            self._conn.execute(
                _UPDATE_TASK, (effect.stamp, status, document, *facts, payloads, put.task_id)
            )

    def _store_workflow(self, effect: do.StoreWorkflow) -> None:
        before, after, id_ = effect.before, effect.after, effect.put.workflow_id
        document = effect.put.document.with_stamp(effect.stamp).decode()
        columns = _columns(after)
        if before is not None and columns == _columns(before):
            self._conn.execute(_UPDATE_WORKFLOW_DOCUMENT, (effect.stamp, document, id_))
        else:
            sql = _INSERT_WORKFLOW if before is None else _UPDATE_WORKFLOW
            self._conn.execute(sql, (effect.stamp, document, *columns, id_))

    def _store_event(self, effect: do.StoreEvent) -> None:
        put = effect.put
        expires_ms = time_after(self._now_ms, self._event_ttl_ms) if self._event_ttl_ms else None
        sql = (
            "INSERT INTO event_executions (handler_name, event, message_id, id, expires_ms, document)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (handler_name, event, message_id, id) DO UPDATE SET document = excluded.document"
        )
        if effect.fresh:
            sql += ", expires_ms = excluded.expires_ms"
        key = (put.handler_name, put.event, put.message_id, put.id)
        self._conn.execute(sql, (*key, expires_ms, put.document.decode()))

    def _remove_event(self, removal: EventRemoval) -> None:
        self._conn.execute(
            "DELETE FROM event_executions WHERE handler_name = ? AND event = ? AND message_id = ? AND id = ?",
            (removal.handler_name, removal.event, removal.message_id, removal.id),
        )

    def _remove_task(self, effect: do.RemoveTaskDocument) -> None:
        facts = effect.facts
        remove_task(self._conn, effect.task_id, facts.workflow_id, facts.definition_name)
        if effect.remove_message:
            self._remove_message(facts.queue_name, effect.task_id, facts.workflow_id)

    # slots, places, sets

    def _take_slot(self, effect: do.TakeSlot) -> None:
        slot: Slot = effect.slot
        key = (effect.workflow_id, slot.reference_task_name, slot.retry_count)
        self._conn.execute(_TAKE_SLOT, (*key, effect.task_id))

    def _occupy_place(self, effect: do.OccupyPlace) -> None:
        name, task_id = effect.definition_name, effect.task_id
        if effect.certain:
            limit_places.set_in_progress(self._conn, name, task_id, now_ms=self._now_ms)
        else:
            limit_places.use(self._conn, name, task_id)

    def _release_place(self, effect: do.ReleasePlace) -> None:
        limit_places.release(self._conn, effect.definition_name, effect.task_id)

    def _leave_pending(self, effect: do.LeavePending) -> None:
        sql = "UPDATE workflows SET pending = 0 WHERE id = ? AND pending = 1"
        self._conn.execute(sql, (effect.workflow_id,))

    def _free_slots(self, effect: do.FreeSlots) -> None:
        self._conn.execute("DELETE FROM slots WHERE workflow_id = ?", (effect.workflow_id,))

    # the outbox

    def _mark_entry(self, effect: do.MarkEntry) -> None:
        self._marks.put(effect.kind, effect.id, effect.owner, effect.body)

    def _drop_mark(self, effect: do.DropMark) -> None:
        outbox_statements.drop_entry(self._conn, effect.kind, effect.id)

    def _keep_payloads(self, effect: do.KeepPayloads) -> None:
        outbox_statements.keep_payloads(self._conn, effect.keys)

    def _delete_payloads_later(self, effect: do.DeletePayloadsLater) -> None:
        outbox_statements.delete_payloads_later(
            self._conn, effect.workflow_id, effect.keys, now_ms=self._now_ms
        )

    # removals

    def _set_removal(self, effect: do.SetRemoval) -> None:
        record = effect.record
        self._conn.execute(
            "UPDATE workflows SET removal = ?, removal_due_ms = ?, archive = ? WHERE id = ?",
            (
                _encode(record),
                None if record.cancelled else record.due_ms,
                ARCHIVE_NUMBERS[record.archive],
                effect.workflow_id,
            ),
        )
        outbox_statements.put_entry(
            self._conn,
            EntryPut(
                kind=KIND_REMOVAL,
                id=effect.workflow_id,
                owner=effect.workflow_id,
                due_ms=next_step_ms(record, self._now_ms),
            ),
            now_ms=self._now_ms,
        )

    def clear_removal(self, workflow_id: str) -> None:
        """Take a removal record away, with its entry in the outbox."""
        self._conn.execute(
            "UPDATE workflows SET removal = NULL, removal_due_ms = NULL, archive = 0 WHERE id = ?",
            (workflow_id,),
        )
        outbox_statements.drop_entry(self._conn, KIND_REMOVAL, workflow_id)

    def _leave_sets(self, effect: do.LeaveSets) -> None:
        sql = "UPDATE workflows SET pending = 0, listed = 0 WHERE id = ?"
        self._conn.execute(sql, (effect.workflow_id,))

    def _leave_task_sets(self, effect: do.LeaveTaskSets) -> None:
        self._conn.execute("DELETE FROM slots WHERE task_id = ?", (effect.task_id,))
        self._conn.execute(
            "UPDATE tasks SET pending = 0 WHERE id = ? AND pending = 1", (effect.task_id,)
        )

    def _remove_workflow(self, effect: do.RemoveWorkflowDocument) -> None:
        self._conn.execute("DELETE FROM workflows WHERE id = ?", (effect.workflow_id,))

    def _delete_payloads(self, effect: do.DeletePayloads) -> None:
        outbox_statements.delete_payloads(
            self._conn, effect.owner, effect.keys, now_ms=self._now_ms
        )

    # queues

    def _ack(self, op: AckOp) -> None:
        self.acked.append(self._carry_out(op))

    def _remove(self, op: RemoveOp) -> None:
        self.removed.append(self._carry_out(op))

    def _push(self, op: PushOp) -> None:
        new = self._carry_out(op)
        if op.if_absent:
            self.pushed.append(new)

    def _carry_out(self, op: QueueOp) -> bool:
        done, intents = self._queues.carry_out(self._conn, op, now_ms=self._now_ms)
        self.intents += intents
        return done

    def _unqueue(self, effect: do.Unqueue) -> None:
        self._remove_message(effect.queue_name, effect.message_id, effect.owner)

    def _remove_message(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        self.intents += self._queues.unqueue(
            self._conn, queue_name, message_id, workflow_id, now_ms=self._now_ms
        )


_STEPS: dict[type[Any], Callable[[EffectRunner, Any], None]] = {
    do.StoreTask: EffectRunner._store_task,
    do.StoreWorkflow: EffectRunner._store_workflow,
    do.StoreEvent: EffectRunner._store_event,
    do.RemoveTaskDocument: EffectRunner._remove_task,
    do.TakeSlot: EffectRunner._take_slot,
    do.OccupyPlace: EffectRunner._occupy_place,
    do.ReleasePlace: EffectRunner._release_place,
    do.LeavePending: EffectRunner._leave_pending,
    do.MarkEntry: EffectRunner._mark_entry,
    do.DropMark: EffectRunner._drop_mark,
    do.KeepPayloads: EffectRunner._keep_payloads,
    do.DeletePayloadsLater: EffectRunner._delete_payloads_later,
    do.SetRemoval: EffectRunner._set_removal,
    do.LeaveSets: EffectRunner._leave_sets,
    do.LeaveTaskSets: EffectRunner._leave_task_sets,
    do.FreeSlots: EffectRunner._free_slots,
    do.Unqueue: EffectRunner._unqueue,
    do.DeletePayloads: EffectRunner._delete_payloads,
    do.RemoveWorkflowDocument: EffectRunner._remove_workflow,
    EventRemoval: EffectRunner._remove_event,
    AckOp: EffectRunner._ack,
    RemoveOp: EffectRunner._remove,
    PushOp: EffectRunner._push,
}


def _columns(facts: WorkflowFacts) -> tuple[Any, ...]:
    status = facts.status.value if facts.status else None
    columns = (facts.name, facts.version, facts.correlation_id, status, facts.create_time)
    return (*columns, facts.pending, facts.listed, payload_column(facts.payload_keys))
