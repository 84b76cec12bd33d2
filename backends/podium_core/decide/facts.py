"""What a store has to know before a WriteSet can be decided, and nothing else of what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Set as AbstractSet

import msgspec

from podium_core.decide.removal_record import RemovalRecord
from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.write_set.write_set import Slot, WriteOutcome

SlotKey = tuple[str, Slot]
EventKey = tuple[str, str, str, str]


class WorkflowFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stored workflow.

    Attributes:
        stamp: Its update time; 0 where the document has none.
        pending: It is in the pending set.
        listed: It is in the sets by time and by correlation id.
        payload_keys: As in ``WorkflowPut``.
    """

    stamp: int
    name: str
    version: int
    status: WorkflowStatus | None
    correlation_id: str | None
    create_time: int
    pending: bool
    listed: bool
    payload_keys: tuple[str, ...] = ()
    removal: RemovalRecord | None = None


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stored task.

    Attributes:
        stamp: Its update time.
        pending: It is in the pending sets.
        limited: As in ``TaskPut``.
        slot: The slot that it holds; needed only for a CREATE.
        removal: The record of its workflow.
    """

    workflow_id: str
    stamp: int
    definition_name: str
    status: TaskStatus | None
    pending: bool
    limited: bool
    queue_name: str
    payload_keys: tuple[str, ...] = ()
    slot: Slot | None = None
    removal: RemovalRecord | None = None


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """Which facts a WriteSet is decided by.

    Attributes:
        request_id: Whether it was remembered; empty: not asked.
        workflows: Facts by id.
        removals: Of these workflows only the removal record.
        tasks: Facts by id, with the removal record of each one's workflow.
        created_tasks: Of ``tasks``, those whose slot is needed too.
        slots: Their holders.
        events: Whether each is there and hasn't expired.
        receipts: Whether each is held, as queue name, message id and receipt.
        uploads: Whether the payload deletion of each upload is there and unclaimed.
    """

    request_id: str = ""
    workflows: tuple[str, ...] = ()
    removals: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    created_tasks: frozenset[str] = frozenset()
    slots: tuple[SlotKey, ...] = ()
    events: tuple[EventKey, ...] = ()
    receipts: tuple[tuple[str, str, str], ...] = ()
    uploads: tuple[str, ...] = ()


class Known(msgspec.Struct, kw_only=True):
    """What a store found. A key that is absent in a mapping is not stored; ``needs`` says which keys were looked up.

    Attributes:
        remembered: The outcome of the request id.
        held_receipts: Of those needed.
        unclaimed_payloads: Of those needed.
    """

    remembered: WriteOutcome | None = None
    workflows: Mapping[str, WorkflowFacts] = {}
    removals: Mapping[str, RemovalRecord] = {}
    tasks: Mapping[str, TaskFacts] = {}
    slots: Mapping[SlotKey, str] = {}
    events: AbstractSet[EventKey] = frozenset()
    held_receipts: AbstractSet[tuple[str, str, str]] = frozenset()
    unclaimed_payloads: AbstractSet[str] = frozenset()
