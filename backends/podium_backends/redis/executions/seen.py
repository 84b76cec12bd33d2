"""What is there of a WriteSet's needs: as Redis holds it, as facts for the core, and as checks that it is unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from podium_backends.redis.executions.answers import decode_request
from podium_backends.redis.executions.checks import Checks
from podium_backends.redis.executions.kept_removal import decode_removal
from podium_backends.redis.keys import Keys
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_core.decide import Known, Needs, TaskFacts, WorkflowFacts
from podium_core.decide.facts import EventKey, SlotKey
from podium_core.decide.facts_of import task_facts_of, workflow_facts_of
from podium_core.decide.removal_record import RemovalRecord
from podium_core.errors import CorruptRecordError
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.outbox import KIND_PAYLOAD
from podium_core.payload_keys import is_owned
from podium_core.write_set import PutMode, Slot, TaskPut, WriteSet
from podium_core.write_set.write_limits import workflows_of

K = TypeVar("K")

Receipt = tuple[str, str, str]
QueueKeys = Callable[[str], Sequence[str]]
UNKNOWN_WORKFLOW = WorkflowFacts(
    stamp=0,
    name="",
    version=1,
    status=None,
    correlation_id=None,
    create_time=0,
    pending=False,
    listed=False,
)


def unknown_task(workflow_id: str) -> TaskFacts:
    """The facts of a task whose document can't be read."""
    return TaskFacts(
        workflow_id=workflow_id,
        stamp=0,
        definition_name="",
        status=None,
        pending=False,
        limited=False,
        queue_name="",
    )


def slot_field(slot: Slot) -> str:
    """What Java calls a slot: ``a1`` + 0 and ``a`` + 10 are one."""
    return f"{slot.reference_task_name}{slot.retry_count}"


class Seen(msgspec.Struct, kw_only=True):
    """Of each need what is there, by its key: bytes, or None for nothing; of what the script judges ``b"1"`` or ``b"0"``.

    Attributes:
        assumes: What was found brought needs of its own, at which nobody has looked yet.
    """

    request: dict[str, bytes | None] = {}
    removals: dict[str, bytes | None] = {}
    workflows: dict[str, bytes | None] = {}
    tasks: dict[str, bytes | None] = {}
    slots: dict[SlotKey, bytes | None] = {}
    events: dict[EventKey, bytes] = {}
    receipts: dict[Receipt, bytes] = {}
    uploads: dict[tuple[str, str], bytes] = {}
    assumes: bool = False

    @classmethod
    def nothing_yet(cls, needs: Needs, write_set: WriteSet) -> Seen:
        """Every need, as if nothing was there."""
        return cls(
            request={needs.request_id: None} if needs.request_id else {},
            removals=dict.fromkeys((*needs.workflows, *needs.removals)),
            workflows=dict.fromkeys(needs.workflows),
            tasks=dict.fromkeys(needs.tasks),
            slots=dict.fromkeys(needs.slots),
            events=dict.fromkeys(needs.events, b"0"),
            receipts=dict.fromkeys(needs.receipts, b"0"),
            uploads=dict.fromkeys(_with_owners(needs.uploads, write_set), b"0"),
        )

    def facts(self, write_set: WriteSet, *, now_ms: int) -> Known:
        """The facts for the core.

        Raises:
            CorruptRecordError: A record that this write doesn't replace can't be read.
        """
        for request_id, text in self.request.items():
            kept = text and decode_request(text, request_id, now_ms=now_ms)
            if kept:
                return Known(remembered=kept)
        puts = {put.task_id: put for put in write_set.task_puts}
        tasks = {
            id_: _task_facts(id_, text, puts.get(id_))
            for id_, text in self.tasks.items()
            if text is not None
        }
        for id_, facts in tasks.items():
            # A task brings needs of its own: the record of its workflow, the slot that it says it has.
            self._also(self.removals, facts.workflow_id)
            if id_ in puts and puts[id_].mode is PutMode.CREATE and facts.slot is not None:
                holder = self._also(self.slots, (facts.workflow_id, facts.slot))
                tasks[id_] = facts if holder else msgspec.structs.replace(facts, slot=None)
        removals = {id_: _record(text, id_) for id_, text in self.removals.items() if text}
        return Known(
            workflows={
                id_: _with_record(_workflow_facts(id_, text), removals.get(id_))
                for id_, text in self.workflows.items()
                if text is not None
            },
            removals=removals,
            tasks={
                id_: _with_record(facts, removals.get(facts.workflow_id))
                for id_, facts in tasks.items()
            },
            slots=self._holders(tasks),
            events={key for key, there in self.events.items() if there == b"1"},
            held_receipts={key for key, held in self.receipts.items() if held == b"1"},
            unclaimed_payloads={key for (key, _), free in self.uploads.items() if free == b"1"},
        )

    def _also(self, seen: dict[K, bytes | None], key: K) -> bytes | None:
        """What is there of one need more. Nobody has looked yet: that there is nothing is assumed."""
        if key not in seen:
            seen[key] = None
            self.assumes = True
        return seen[key]

    def _holders(self, tasks: Mapping[str, TaskFacts]) -> dict[SlotKey, str]:
        found = {key: holder.decode() for key, holder in self.slots.items() if holder is not None}
        # Java points a slot at a duplicate that it then rejects. That has no document: the task that has one has the slot.
        for id_, facts in tasks.items():
            if facts.slot is None:
                continue
            holder = found.get((facts.workflow_id, facts.slot))
            if holder is not None and self._also(self.tasks, holder) is None:
                found[facts.workflow_id, facts.slot] = id_
        return found


def check_unchanged(seen: Seen, checks: Checks, keys: Keys, queue_keys: QueueKeys) -> None:
    """Check that everything is there as it was seen."""
    for request_id, text in seen.request.items():
        checks.text(keys.request(request_id), text, (seen.request, request_id))
    for id_, text in seen.removals.items():
        checks.text(keys.removal(id_), text, (seen.removals, id_))
    for id_, text in seen.workflows.items():
        checks.text(keys.workflow(id_), text, (seen.workflows, id_))
    for id_, text in seen.tasks.items():
        checks.text(keys.task(id_), text, (seen.tasks, id_))
    for slot_key, holder in seen.slots.items():
        workflow_id, slot = slot_key
        need = (seen.slots, slot_key)
        checks.field(keys.slots(workflow_id), slot_field(slot), holder, need)
    check_judged(seen, checks, keys, queue_keys)


def check_judged(seen: Seen, checks: Checks, keys: Keys, queue_keys: QueueKeys) -> None:
    """Check what only the script can judge: events that may have ended, leases that may have lapsed, uploads."""
    for event, there in seen.events.items():
        *names, id_ = event
        event_keys = (keys.event_executions(*names), keys.event_ends(*names))
        checks.event(event_keys, id_, there.decode(), (seen.events, event))
    for upload, free in seen.uploads.items():
        key, owner = upload
        marks, _, entries = keys.outbox(KIND_PAYLOAD, bucket_of_owner(owner))
        member = member_of(key, owner)
        checks.upload((marks, entries), member, free.decode(), (seen.uploads, upload))
    for receipt, held in seen.receipts.items():
        queue_name, message_id, text = receipt
        need = (seen.receipts, receipt)
        checks.receipt(queue_keys(queue_name), message_id, text, held.decode(), need)


def _with_owners(uploads: Sequence[str], write_set: WriteSet) -> list[tuple[str, str]]:
    """Each upload with the workflow that it was made for."""
    owners = workflows_of(write_set) if uploads else ()
    return [(key, next((id_ for id_ in owners if is_owned(key, id_)), "")) for key in uploads]


def _record(text: bytes, workflow_id: str) -> RemovalRecord:
    return decode_removal(text, workflow_id)[1].record


def _with_record(facts: Any, record: RemovalRecord | None) -> Any:
    return facts if record is None else msgspec.structs.replace(facts, removal=record)


def _task_facts(id_: str, text: bytes, put: TaskPut | None) -> TaskFacts:
    try:
        return task_facts_of(TASK.decode(text, id_))
    except CorruptRecordError:
        if put is None:
            raise
        # The write mends it.
        return unknown_task(put.workflow_id)


def _workflow_facts(id_: str, text: bytes) -> WorkflowFacts:
    try:
        return workflow_facts_of(WORKFLOW.decode(text, id_))
    except CorruptRecordError:
        # The write mends it, or removes it.
        return UNKNOWN_WORKFLOW
