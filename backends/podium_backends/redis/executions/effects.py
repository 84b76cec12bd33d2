"""The effects of a decided WriteSet as commands of Redis. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podium_backends.redis.executions.days import day_of, days_of
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.facts import (
    FACTS_TTL_SECONDS,
    WORKFLOW_FIELD,
    kept_task_facts,
    kept_workflow_facts,
)
from podium_backends.redis.executions.kept_removal import encode_removal
from podium_backends.redis.executions.plan import Plan
from podium_backends.redis.executions.queue_plan import QueuePlan
from podium_backends.redis.executions.seen import slot_field
from podium_core.decide import TaskFacts, WorkflowFacts, effects as do
from podium_core.index.marks import UPSERT_BODY
from podium_core.outbox import (
    KIND_PAYLOAD,
    KIND_REMOVAL,
    EntryPut,
    later_payload_deletion,
    payload_deletion,
)
from podium_core.removal import next_step_ms
from podium_core.write_set import AckOp, EventRemoval, PushOp, RemoveOp


class EffectPlanner:
    """Adds the effects of one write to its plan."""

    def __init__(
        self,
        plan: Plan,
        queues: QueuePlan,
        workflows: Mapping[str, WorkflowFacts],
        settings: EffectSettings,
        *,
        now_ms: int,
        looked: bool = False,
    ) -> None:
        """Begin a write.

        Args:
            plan: Where the commands go.
            queues: Where the queue operations go.
            workflows: The facts of those that the write is about.
            settings: What the settings say.
            now_ms: Redis's clock.
            looked: Facts are of what was read, not assumed: those that are kept may be missing, and get a time to live.
        """
        self._plan = plan
        self._keys = plan.keys
        self._queues = queues
        self._workflows = workflows
        self._settings = settings
        self._now_ms = now_ms
        self._looked = looked

    def add(self, effects: Sequence[do.Effect]) -> None:
        """Add effects in order."""
        for effect in effects:
            _STEPS[type(effect)](self, effect)

    # documents

    def _store_task(self, effect: do.StoreTask) -> None:
        put, before, after = effect.put, effect.before, effect.after
        plan, keys, id_ = self._plan, self._keys, effect.put.task_id
        document = put.document.with_stamp(effect.stamp).decode()
        plan.set_document(keys.task(id_), document, replaces=before is not None)
        facts = keys.facts(put.workflow_id)
        plan.add("HSET", facts, id_, kept_task_facts(after, put.document))
        if before is None:
            plan.add("SADD", keys.tasks_of_workflow(put.workflow_id), id_)
        elif before.definition_name != after.definition_name:
            plan.add("SREM", keys.pending_tasks(before.definition_name), id_)
        if before is None or self._looked:
            plan.expire(facts, FACTS_TTL_SECONDS)
        name = "SADD" if after.pending else "SREM"
        plan.add(name, keys.pending_tasks(after.definition_name), id_)

    def _store_workflow(self, effect: do.StoreWorkflow) -> None:
        put, before, after = effect.put, effect.before, effect.after
        plan, keys, id_ = self._plan, self._keys, effect.put.workflow_id
        document = put.document.with_stamp(effect.stamp).decode()
        plan.set_document(keys.workflow(id_), document, replaces=before is not None)
        facts = keys.facts(id_)
        plan.add("HSET", facts, WORKFLOW_FIELD, kept_workflow_facts(after, put.document))
        if before is None or self._looked:
            plan.expire(facts, FACTS_TTL_SECONDS)
        if before is None or _sets_of(before) != _sets_of(after):
            self._move(id_, before, after)
        name = "SADD" if after.pending else "SREM"
        plan.add(name, keys.pending_workflows(after.name), id_)

    def _move(self, id_: str, before: WorkflowFacts | None, after: WorkflowFacts) -> None:
        if before is not None:
            self._leave_all_sets(id_, before)
        if not after.listed:
            return
        plan, keys = self._plan, self._keys
        day = day_of(after.create_time, self._settings.time_zone)
        plan.add("SADD", keys.workflows_of_day(after.name, day), id_)
        if after.correlation_id is not None:
            plan.add("SADD", keys.correlated_workflows(after.correlation_id), id_)

    def _store_event(self, effect: do.StoreEvent) -> None:
        put, plan = effect.put, self._plan
        names = (put.handler_name, put.event, put.message_id)
        events, ends = self._keys.event_executions(*names), self._keys.event_ends(*names)
        plan.add("HSET", events, put.id, put.document.decode())
        ttl_ms = self._settings.event_ttl_ms
        if not effect.fresh:
            return
        if ttl_ms:
            plan.add("HSET", ends, put.id, self._now_ms + ttl_ms)
            plan.expire(events, ttl_ms // 1000)
            plan.expire(ends, ttl_ms // 1000)
        else:
            plan.add("HDEL", ends, put.id)

    def _remove_event(self, removal: EventRemoval) -> None:
        names = (removal.handler_name, removal.event, removal.message_id)
        self._plan.add("HDEL", self._keys.event_executions(*names), removal.id)
        self._plan.add("HDEL", self._keys.event_ends(*names), removal.id)

    def _remove_task(self, effect: do.RemoveTaskDocument) -> None:
        facts, id_, plan, keys = effect.facts, effect.task_id, self._plan, self._keys
        plan.add("UNLINK", keys.task(id_))
        plan.add("SREM", keys.tasks_of_workflow(facts.workflow_id), id_)
        plan.add("HDEL", keys.facts(facts.workflow_id), id_)
        self._leave_task_sets(do.LeaveTaskSets(id_, facts))
        self._release(facts.definition_name, id_)
        if effect.remove_message:
            self._queues.unqueue(facts.queue_name, id_, facts.workflow_id)

    def _remove_workflow(self, effect: do.RemoveWorkflowDocument) -> None:
        id_, keys = effect.workflow_id, self._keys
        self._leave_all_sets(id_, effect.facts)
        for key in (
            keys.workflow(id_),
            keys.tasks_of_workflow(id_),
            keys.facts(id_),
        ):
            self._plan.add("UNLINK", key)

    # slots, places, sets

    def _take_slot(self, effect: do.TakeSlot) -> None:
        key = self._keys.slots(effect.workflow_id)
        self._plan.add("HSET", key, slot_field(effect.slot), effect.task_id)

    def _free_slots(self, effect: do.FreeSlots) -> None:
        self._plan.add("UNLINK", self._keys.slots(effect.workflow_id))

    def _occupy_place(self, effect: do.OccupyPlace) -> None:
        name, task_id = effect.definition_name, effect.task_id
        if not effect.certain:
            self._plan.use_place(name, task_id)
            return
        # Score 0: Java counts the first of its bucket, and those are tasks in progress.
        self._plan.add("ZADD", self._keys.limit_places(name), 0, task_id)
        self._plan.add("SADD", self._keys.in_progress(name), task_id)

    def _release_place(self, effect: do.ReleasePlace) -> None:
        self._release(effect.definition_name, effect.task_id)

    def _release(self, definition_name: str, task_id: str) -> None:
        self._plan.add("ZREM", self._keys.limit_places(definition_name), task_id)
        self._plan.add("SREM", self._keys.in_progress(definition_name), task_id)

    def _leave_pending(self, effect: do.LeavePending) -> None:
        self._plan.add("SREM", self._keys.pending_workflows(effect.name), effect.workflow_id)

    def _leave_sets(self, effect: do.LeaveSets) -> None:
        self._leave_all_sets(effect.workflow_id, self._workflows[effect.workflow_id])

    def _leave_all_sets(self, id_: str, facts: WorkflowFacts) -> None:
        plan, keys = self._plan, self._keys
        plan.add("SREM", keys.pending_workflows(facts.name), id_)
        for day in days_of(facts.create_time):
            plan.add("SREM", keys.workflows_of_day(facts.name, day), id_)
        if facts.correlation_id is not None:
            plan.add("SREM", keys.correlated_workflows(facts.correlation_id), id_)

    def _leave_task_sets(self, effect: do.LeaveTaskSets) -> None:
        facts: TaskFacts = effect.facts
        self._plan.add("SREM", self._keys.pending_tasks(facts.definition_name), effect.task_id)
        if facts.slot is not None:
            key = self._keys.slots(facts.workflow_id)
            self._plan.free_slot(key, slot_field(facts.slot), effect.task_id)

    # the outbox

    def _mark_entry(self, effect: do.MarkEntry) -> None:
        if effect.body == UPSERT_BODY:
            self._plan.mark(effect.kind, effect.id, effect.owner)
        else:
            kind, id_, owner = effect.kind, effect.id, effect.owner
            self._plan.put_entry(EntryPut(kind=kind, id=id_, owner=owner, body=effect.body))

    def _drop_mark(self, effect: do.DropMark) -> None:
        self._plan.drop_entry(effect.kind, effect.id, effect.owner)

    def _keep_payloads(self, effect: do.KeepPayloads) -> None:
        for key in effect.keys:
            self._plan.drop_unclaimed(KIND_PAYLOAD, key, effect.owner)

    def _delete_payloads_later(self, effect: do.DeletePayloadsLater) -> None:
        # Whether a document refers to it the outbox asks when the time has come (``RedisOutbox.claim``).
        for key in effect.keys:
            put = later_payload_deletion(key, effect.workflow_id, now_ms=self._now_ms)
            self._plan.put_entry(put)

    def _delete_payloads(self, effect: do.DeletePayloads) -> None:
        for key in effect.keys:
            self._plan.put_entry(payload_deletion(key, effect.owner))

    # removals

    def _set_removal(self, effect: do.SetRemoval) -> None:
        self._plan.set_removal(
            KIND_REMOVAL,
            effect.workflow_id,
            next_step_ms(effect.record, self._now_ms),
            encode_removal(effect.record, self._workflows[effect.workflow_id]),
        )

    def clear_removal(self, workflow_id: str) -> None:
        """Take a removal record away, with its entry in the outbox."""
        self._plan.add("UNLINK", self._keys.removal(workflow_id))
        self._plan.drop_entry(KIND_REMOVAL, workflow_id, workflow_id)

    # queues

    def _queue_op(self, op: AckOp | RemoveOp | PushOp) -> None:
        self._queues.add(op)

    def _unqueue(self, effect: do.Unqueue) -> None:
        self._queues.unqueue(effect.queue_name, effect.message_id, effect.owner)


_STEPS: dict[type[Any], Callable[[EffectPlanner, Any], None]] = {
    do.StoreTask: EffectPlanner._store_task,
    do.StoreWorkflow: EffectPlanner._store_workflow,
    do.StoreEvent: EffectPlanner._store_event,
    do.RemoveTaskDocument: EffectPlanner._remove_task,
    do.TakeSlot: EffectPlanner._take_slot,
    do.OccupyPlace: EffectPlanner._occupy_place,
    do.ReleasePlace: EffectPlanner._release_place,
    do.LeavePending: EffectPlanner._leave_pending,
    do.MarkEntry: EffectPlanner._mark_entry,
    do.DropMark: EffectPlanner._drop_mark,
    do.KeepPayloads: EffectPlanner._keep_payloads,
    do.DeletePayloadsLater: EffectPlanner._delete_payloads_later,
    do.SetRemoval: EffectPlanner._set_removal,
    do.LeaveSets: EffectPlanner._leave_sets,
    do.LeaveTaskSets: EffectPlanner._leave_task_sets,
    do.FreeSlots: EffectPlanner._free_slots,
    do.Unqueue: EffectPlanner._unqueue,
    do.DeletePayloads: EffectPlanner._delete_payloads,
    do.RemoveWorkflowDocument: EffectPlanner._remove_workflow,
    EventRemoval: EffectPlanner._remove_event,
    AckOp: EffectPlanner._queue_op,
    RemoveOp: EffectPlanner._queue_op,
    PushOp: EffectPlanner._queue_op,
}


def _sets_of(facts: WorkflowFacts) -> tuple[object, ...]:
    return facts.name, facts.correlation_id, facts.create_time, facts.listed
