"""The rows of a workflow's partition: what each kind is called, and what is in it."""

from __future__ import annotations

import msgspec

from podium_core.decide import TaskFacts, WorkflowFacts
from podium_core.decide.facts import EventKey
from podium_core.decide.removal_record import RemovalRecord
from podium_core.outbox import OutboxEntry
from podium_core.write_set import Slot, WriteOutcome

WORKFLOW, TASK, SLOT, ENTRY, REQUEST, EVENT = range(6)

# Kind and id.
RowKey = tuple[int, str]
THE_WORKFLOW: RowKey = (WORKFLOW, "")

encode = msgspec.msgpack.Encoder().encode
decode_workflow = msgspec.msgpack.Decoder(WorkflowFacts).decode
decode_task = msgspec.msgpack.Decoder(TaskFacts).decode
decode_removal = msgspec.msgpack.Decoder(RemovalRecord).decode


class StoredEntry(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """An entry of the outbox, as its row has it. ``aside``: it was set aside, for this reason."""

    token: int
    since_ms: int
    due_ms: int = 0
    attempts: int = 0
    body: bytes = b""
    aside: bool = False
    reason: str = ""


decode_entry = msgspec.msgpack.Decoder(StoredEntry).decode


class KeptRequest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outcome of a request, and when it is forgotten."""

    expires_ms: int
    outcome: WriteOutcome


decode_request = msgspec.msgpack.Decoder(KeptRequest).decode


class KeptEvent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a stored event execution; 0: it doesn't expire."""

    expires_ms: int


decode_event = msgspec.msgpack.Decoder(KeptEvent).decode


def task_row(task_id: str) -> RowKey:
    """The row of a task."""
    return TASK, task_id


def slot_row(slot: Slot) -> RowKey:
    """The row of a slot. The number comes first: whatever the name holds, no two slots have one row."""
    return SLOT, f"{slot.retry_count} {slot.reference_task_name}"


def entry_row(kind: str, id_: str) -> RowKey:
    """The row of an entry of the outbox."""
    return ENTRY, f"{kind}\x00{id_}"


def request_row(request_id: str) -> RowKey:
    """The row of a remembered request."""
    return REQUEST, request_id


def event_row(event: EventKey) -> RowKey:
    """The row of an event execution."""
    return EVENT, "\x00".join(event)


def partition_of(owner: str, entry_id: str = "") -> str:
    """The partition of a workflow, or of an entry that belongs to none. No id of a workflow begins so."""
    return owner or f"\x00{entry_id}"


def outbox_entry(row_id: str, owner: str, stored: StoredEntry) -> OutboxEntry:
    """An entry as the drainer sees it."""
    kind, _, id_ = row_id.partition("\x00")
    return OutboxEntry(
        kind=kind,
        id=id_,
        owner=owner,
        token=stored.token,
        since_ms=stored.since_ms,
        due_ms=stored.due_ms,
        attempts=stored.attempts,
        body=stored.body,
    )
