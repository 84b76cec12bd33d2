"""Carries out the effects of a decided WriteSet on a partition in memory; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.partition import Partition
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_core.decide import effects as do
from podium_core.decide.facts import TaskFacts
from podium_core.decide.needs import event_key
from podium_core.decide.removal_record import RemovalRecord
from podium_core.intents import intents_of, unqueue_intents
from podium_core.outbox import (
    CLAIMED,
    KIND_PAYLOAD,
    KIND_REMOVAL,
    EntryChange,
    EntryDrop,
    EntryPut,
    later_payload_deletion,
    payload_deletion,
)
from podium_core.removal import next_step_ms
from podium_core.write_set import AckOp, EventRemoval, PushOp, QueueOp, RemoveOp


class PlaceChange(NamedTuple):
    """What a task's place of a concurrency limit follows: OccupyPlace (``certain`` as there), or where None ReleasePlace."""

    definition_name: str
    task_id: str
    certain: bool | None

    @property
    def place(self) -> tuple[str, str]:
        """The definition, and the task."""
        return self.definition_name, self.task_id


class EffectRunner:
    """Carries out the effects of one WriteSet.

    Attributes:
        acked: For each AckOp, whether it took a message: nobody knows yet.
        removed: For each RemoveOp, the same.
        pushed: For each PushOp with ``if_absent``, whether its intent was written.
        intents: The rows of the entries that are intents.
        places: What limits have to follow, in order.
    """

    def __init__(self, partition: Partition, *, event_ttl_ms: int, now_ms: int) -> None:
        self.acked: list[bool] = []
        self.removed: list[bool] = []
        self.pushed: list[bool] = []
        self.intents: list[EntryPut] = []
        self.places: list[PlaceChange] = []
        self._partition = partition
        self._event_ttl_ms = event_ttl_ms
        self._now_ms = now_ms

    def run(self, effects: Sequence[do.Effect]) -> None:
        """Carry them out in order."""
        for effect in effects:
            _STEPS[type(effect)](self, effect)

    # documents

    def _store_task(self, effect: do.StoreTask) -> None:
        put = effect.put
        stored = self._partition.task(put.task_id) if effect.before else None
        after = replace(effect.after, slot=stored.slot if stored else None)
        self._partition.put_task(put.task_id, after, put.document.with_stamp(effect.stamp))
        if put.slot is not None and stored is None and self._holds(put.slot, put.task_id):
            self._partition.put_task(put.task_id, replace(after, slot=put.slot))

    def _holds(self, slot: Any, task_id: str) -> bool:
        return self._partition.holder(slot) == task_id

    def _store_workflow(self, effect: do.StoreWorkflow) -> None:
        document = effect.put.document.with_stamp(effect.stamp)
        self._partition.put_workflow(effect.after, document)

    def _store_event(self, effect: do.StoreEvent) -> None:
        key = rows.event_row(event_key(effect.put))
        expires_ms = self._partition.event_expires_ms(key)
        if effect.fresh or expires_ms is None:
            expires_ms = self._now_ms + self._event_ttl_ms if self._event_ttl_ms else 0
        ttl_seconds = max(-(-(expires_ms - self._now_ms) // 1000), 1) if expires_ms else 0
        self._partition.put_event(
            key, effect.put.document, expires_ms=expires_ms, ttl_seconds=ttl_seconds
        )

    def _remove_event(self, removal: EventRemoval) -> None:
        self._partition.delete(rows.event_row(event_key(removal)))

    def _remove_task(self, effect: do.RemoveTaskDocument) -> None:
        stored = self._partition.task(effect.task_id)
        self._free_slot(effect.task_id, stored)
        self._partition.delete(rows.task_row(effect.task_id))
        self.places.append(PlaceChange(effect.facts.definition_name, effect.task_id, None))
        if effect.remove_message:
            self._unqueue_message(effect.facts.queue_name, effect.task_id, effect.facts.workflow_id)

    # slots, places, sets

    def _take_slot(self, effect: do.TakeSlot) -> None:
        self._partition.put_slot(effect.slot, effect.task_id)
        stored = self._partition.task(effect.task_id)
        if stored is not None:
            self._partition.put_task(effect.task_id, replace(stored, slot=effect.slot))

    def _free_slot(self, task_id: str, stored: TaskFacts | None) -> None:
        slot = stored.slot if stored else None
        if slot is not None and not self._partition.slots_gone and self._holds(slot, task_id):
            self._partition.delete(rows.slot_row(slot))

    def _occupy_place(self, effect: do.OccupyPlace) -> None:
        self.places.append(PlaceChange(effect.definition_name, effect.task_id, effect.certain))

    def _release_place(self, effect: do.ReleasePlace) -> None:
        self.places.append(PlaceChange(effect.definition_name, effect.task_id, None))

    def _leave_pending(self, effect: do.LeavePending) -> None:
        del effect
        facts = self._partition.workflow()
        if facts is not None and facts.pending:
            self._partition.put_workflow(replace(facts, pending=False))

    def _leave_sets(self, effect: do.LeaveSets) -> None:
        del effect
        facts = self._partition.workflow()
        if facts is not None:
            self._partition.put_workflow(replace(facts, pending=False, listed=False))

    def _leave_task_sets(self, effect: do.LeaveTaskSets) -> None:
        stored = self._partition.task(effect.task_id)
        self._free_slot(effect.task_id, stored)
        if stored is not None:
            self._partition.put_task(effect.task_id, replace(stored, pending=False, slot=None))

    def _free_slots(self, effect: do.FreeSlots) -> None:
        del effect
        self._partition.free_slots()

    # the outbox

    def put_entry(self, put: EntryPut, *, since_ms: int = 0) -> None:
        """Write an entry under the token of the round."""
        entry = StoredEntry(
            token=0, since_ms=since_ms or self._now_ms, due_ms=put.due_ms, body=put.body
        )
        self._partition.put_entry(put.kind, put.id, entry)

    def _mark_entry(self, effect: do.MarkEntry) -> None:
        self.put_entry(
            EntryPut(kind=effect.kind, id=effect.id, owner=effect.owner, body=effect.body)
        )

    def _drop_mark(self, effect: do.DropMark) -> None:
        self._partition.delete(rows.entry_row(effect.kind, effect.id))

    def _keep_payloads(self, effect: do.KeepPayloads) -> None:
        for key in effect.keys:
            waiting = self._partition.entry(KIND_PAYLOAD, key)
            if waiting is not None and waiting.body != CLAIMED:
                self._partition.delete(rows.entry_row(KIND_PAYLOAD, key))

    def _delete_payloads_later(self, effect: do.DeletePayloadsLater) -> None:
        # Whether a document refers to them is asked when they are due.
        for key in effect.keys:
            self.put_entry(later_payload_deletion(key, effect.workflow_id, now_ms=self._now_ms))

    def _delete_payloads(self, effect: do.DeletePayloads) -> None:
        for key in effect.keys:
            self.put_entry(payload_deletion(key, effect.owner))

    # removals

    def _set_removal(self, effect: do.SetRemoval) -> None:
        self.set_removal(effect.workflow_id, effect.record)

    def set_removal(self, workflow_id: str, record: RemovalRecord) -> None:
        """Write a removal record, and its entry in the outbox."""
        self._partition.set_removal(record)
        due_ms = next_step_ms(record, self._now_ms)
        self.put_entry(
            EntryPut(kind=KIND_REMOVAL, id=workflow_id, owner=workflow_id, due_ms=due_ms)
        )

    def clear_removal(self, workflow_id: str) -> None:
        """Take a removal record away, with its entry in the outbox."""
        self._partition.set_removal(None)
        self._partition.delete(rows.entry_row(KIND_REMOVAL, workflow_id))

    def _remove_workflow(self, effect: do.RemoveWorkflowDocument) -> None:
        del effect
        self._partition.delete(rows.THE_WORKFLOW)

    # queues are another store, always

    def _ack(self, op: AckOp) -> None:
        self._carry_out(op)
        self.acked.append(False)

    def _remove(self, op: RemoveOp) -> None:
        self._carry_out(op)
        self.removed.append(False)

    def _push(self, op: PushOp) -> None:
        written = self._carry_out(op)
        if op.if_absent:
            self.pushed.append(written)

    def _carry_out(self, op: QueueOp) -> bool:
        return self._change_entries(intents_of(op, now_ms=self._now_ms))

    def _unqueue(self, effect: do.Unqueue) -> None:
        self._unqueue_message(effect.queue_name, effect.message_id, effect.owner)

    def _unqueue_message(self, queue_name: str, message_id: str, workflow_id: str) -> None:
        self._change_entries(unqueue_intents(queue_name, message_id, workflow_id))

    def _change_entries(self, changes: Sequence[EntryChange]) -> bool:
        """Whether entries were written."""
        written = False
        for change in changes:
            if isinstance(change, EntryDrop):
                self._partition.delete(rows.entry_row(change.kind, change.id))
            elif not (change.if_absent and self._partition.entry(change.kind, change.id)):
                self.put_entry(change)
                self.intents.append(change)
                written = True
        return written


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
