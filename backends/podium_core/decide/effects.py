"""What a decided WriteSet does to a store, in the order in which it is done: the words that every store carries out.

An effect holds all that a store may want to know to find the cheapest way: the facts before and after. None of them leaves
anything to decide.
"""

from __future__ import annotations

import msgspec

from podium_core.decide.facts import TaskFacts, WorkflowFacts
from podium_core.decide.removal_record import RemovalRecord
from podium_core.models.enums import TaskStatus
from podium_core.write_set.write_set import (
    EventPut,
    EventRemoval,
    QueueOp,
    Slot,
    TaskPut,
    WorkflowPut,
)


class StoreWorkflow(msgspec.Struct, frozen=True, gc=False):
    """Store the document with this stamp, and be in the sets that ``after`` says. ``before``: None where it is new."""

    put: WorkflowPut
    stamp: int
    before: WorkflowFacts | None
    after: WorkflowFacts


class StoreTask(msgspec.Struct, frozen=True, gc=False):
    """Store the document with this stamp, and be in the sets that ``after`` says. ``before``: None where it is new."""

    put: TaskPut
    stamp: int
    before: TaskFacts | None
    after: TaskFacts


class StoreEvent(msgspec.Struct, frozen=True, gc=False):
    """Store an event execution. ``fresh``: its time to live begins now; else it keeps the one that it has."""

    put: EventPut
    fresh: bool


class TakeSlot(msgspec.Struct, frozen=True, gc=False):
    """The slot is free, or the task's own."""

    workflow_id: str
    slot: Slot
    task_id: str


class OccupyPlace(msgspec.Struct, frozen=True, gc=False):
    """The task is IN_PROGRESS: a place that it holds lapses no more. ``certain``: it gets one even above the limit."""

    definition_name: str
    task_id: str
    certain: bool


class ReleasePlace(msgspec.Struct, frozen=True, gc=False):
    """Free the place of a task, if it holds one."""

    definition_name: str
    task_id: str
    was: TaskStatus | None = None


class MarkEntry(msgspec.Struct, frozen=True, gc=False):
    """Put a mark for the index into the outbox, in place of one that waits. ``kind`` is the outbox's.

    ``owner`` here and below: the workflow that the entry of the outbox belongs to (``OutboxEntry.owner``).
    """

    kind: str
    id: str
    owner: str
    body: bytes


class DropMark(msgspec.Struct, frozen=True, gc=False):
    """Delete a mark for the index that waits."""

    kind: str
    id: str
    owner: str


class DeletePayloadsLater(msgspec.Struct, frozen=True, gc=False):
    """Delete later those of these payloads to which no document of the workflow refers then."""

    workflow_id: str
    keys: tuple[str, ...]


class KeepPayloads(msgspec.Struct, frozen=True, gc=False):
    """A stored document refers to these payloads: delete their payload deletions, unless they are claimed."""

    owner: str
    keys: tuple[str, ...]


class RemoveTaskDocument(msgspec.Struct, frozen=True, gc=False):
    """Remove a task's document, slot and place in every set. ``remove_message``: its queue message too."""

    task_id: str
    facts: TaskFacts
    remove_message: bool


class SetRemoval(msgspec.Struct, frozen=True, gc=False):
    """Write the removal record of a workflow; the sets follow by effects of their own."""

    workflow_id: str
    record: RemovalRecord


class LeaveSets(msgspec.Struct, frozen=True, gc=False):
    """Take the workflow out of the pending set and the sets by time and correlation id."""

    workflow_id: str


class LeaveTaskSets(msgspec.Struct, frozen=True, gc=False):
    """Take a task out of the pending sets, and free its slot; its document stays."""

    task_id: str
    facts: TaskFacts


class FreeSlots(msgspec.Struct, frozen=True, gc=False):
    """Free all slots of a workflow."""

    workflow_id: str


class Unqueue(msgspec.Struct, frozen=True, gc=False):
    """Remove the queue message of a record that is removed, in any state."""

    queue_name: str
    message_id: str
    owner: str


class DeletePayloads(msgspec.Struct, frozen=True, gc=False):
    """Delete payloads to which no document refers any more."""

    owner: str
    keys: tuple[str, ...]


class RemoveWorkflowDocument(msgspec.Struct, frozen=True, gc=False):
    """Remove the document of a workflow whose tasks are gone."""

    workflow_id: str
    facts: WorkflowFacts


class LeavePending(msgspec.Struct, frozen=True, gc=False):
    """Take the workflow out of the pending set, whose name is empty where nobody knows it."""

    workflow_id: str
    name: str


Effect = (
    StoreWorkflow
    | StoreTask
    | TakeSlot
    | OccupyPlace
    | ReleasePlace
    | MarkEntry
    | DropMark
    | DeletePayloadsLater
    | KeepPayloads
    | RemoveTaskDocument
    | SetRemoval
    | LeaveSets
    | LeaveTaskSets
    | FreeSlots
    | Unqueue
    | DeletePayloads
    | RemoveWorkflowDocument
    | LeavePending
    | StoreEvent
    | EventRemoval
    | QueueOp
)
