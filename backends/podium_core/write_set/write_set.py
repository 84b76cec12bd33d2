"""The WriteSet: one write to executions in the words of the domain, never a key, a set or a table.

``ExecutionStore.apply`` carries it out wholly or not at all: the remembered request first, then guards, then documents,
then acks and removes, then pushes. How that comes about is the adapter's.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium_core.models.enums import TaskStatus, WorkflowStatus
from podium_core.outbox import OutboxEntry
from podium_core.write_set.document import Document


class PutMode(StrEnum):
    """What has to be there for a put, and what it does otherwise."""

    CREATE = (
        "create"  # not there: else the put (a task's, with its slot taken by another) is left out
    )
    UPDATE = "update"  # there: else NotFoundError
    UPSERT = "upsert"  # replaces the stored one, if any


class Slot(msgspec.Struct, frozen=True):
    """A task's place in its workflow: one task id for each reference name and retry."""

    reference_task_name: str
    retry_count: int


class TaskPut(msgspec.Struct, frozen=True, kw_only=True):
    """A task document to store, and the facts that sets and limits follow from.

    A task's workflow and slot never change: an UPDATE of another workflow's task is NotFoundError, a CREATE of an id that
    holds another slot is AlreadyExistsError. A slot that is the task's own while its document is missing (a writer died in
    between) gets the document. A task's definition name may change, as in Conductor: an UPDATE moves the task from the old
    definition's pending set and limit to those of the new one. (Conductor 3.13.8 leaves it in the old sets for good.)

    Attributes:
        definition_name: What the pending sets, the limit and the rate limit go by.
        slot: Taken by CREATE; None for a task that takes none.
        expected_time: Write only if the stored stamp is this one (0: that field is absent or 0): else ConflictError; of a
            task that isn't there NotFoundError, in every mode.
        limited: Its definition has a concurrency limit, so that its place follows its status.
        queue_name: The queue its message waits in, for removals.
        payload_keys: Payloads that Podium stored for its workflow and that the document refers to: what an earlier
            document referred to, and this one doesn't, is deleted through the outbox.
    """

    task_id: str
    workflow_id: str
    mode: PutMode
    document: Document
    definition_name: str
    status: TaskStatus | None
    slot: Slot | None = None
    expected_time: int | None = None
    limited: bool = False
    queue_name: str = ""
    payload_keys: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether the task is SCHEDULED or IN_PROGRESS."""
        return self.status is not None and not self.status.is_terminal

    @property
    def in_progress(self) -> bool:
        """Whether the task is IN_PROGRESS."""
        return self.status is TaskStatus.IN_PROGRESS


class WorkflowPut(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow document to store, and the facts that sets follow from.

    CREATE of an id that exists makes the whole WriteSet write nothing: ``WriteOutcome.workflow_created`` is false.
    ``payload_keys`` as in ``TaskPut``.
    """

    workflow_id: str
    mode: PutMode
    document: Document
    name: str
    version: int
    status: WorkflowStatus | None
    correlation_id: str | None = None
    create_time: int = 0
    payload_keys: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether the workflow is RUNNING or PAUSED. No status reads as RUNNING, as Conductor's default."""
        return self.status is None or not self.status.is_terminal


class EventPut(msgspec.Struct, frozen=True, kw_only=True):
    """An event execution to store. CREATE leaves out one that exists and sets its time to live; UPDATE keeps that.

    The mark for the index carries the document, which may have expired when it is carried out.
    """

    handler_name: str
    event: str
    message_id: str
    id: str
    mode: PutMode
    document: bytes

    @property
    def entry_id(self) -> str:
        """The id of its entry in the index, which is Conductor's."""
        return f"{self.handler_name}.{self.event}.{self.message_id}.{self.id}"


class EventRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """An event execution to remove, if it is there."""

    handler_name: str
    event: str
    message_id: str
    id: str

    @property
    def entry_id(self) -> str:
        """As of ``EventPut``."""
        return f"{self.handler_name}.{self.event}.{self.message_id}.{self.id}"


class WorkflowRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """Sets the removal record, from which on the workflow's writes answer NOT_FOUND; with a ttl, only once that is over.

    Attributes:
        ttl_ms: How long until the removal is carried out, by the store's clock. 0: now.
        remove_messages: The queue messages of the workflow and its tasks go too.
        delete_payloads: The payloads that Podium stored for them go too, through the outbox.
        delete_payloads_later: They stay for an hour; those to which no document of this id refers by then go.
        archive: Documents go only once the index is known to hold them.
    """

    workflow_id: str
    ttl_ms: int = 0
    remove_messages: bool = False
    delete_payloads: bool = False
    delete_payloads_later: bool = False
    archive: bool = False


class PendingRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """Takes a workflow out of the pending set and frees its slots; documents stay. ``name`` may be empty: unknown."""

    workflow_id: str
    name: str


class TaskRemoval(msgspec.Struct, frozen=True, kw_only=True):
    """Removes a task with all that follows from it; its queue message and its payloads too, if that is said."""

    task_id: str
    remove_message: bool = False
    delete_payloads: bool = False


# guards


class WorkflowExists(msgspec.Struct, frozen=True, tag=True):
    """The workflow's document is there and not being removed: else NotFoundError."""

    workflow_id: str


class WorkflowTerminal(msgspec.Struct, frozen=True, tag=True):
    """The workflow is terminal, if it is there: else FailedPreconditionError."""

    workflow_id: str


class ExpectedWorkflowTime(msgspec.Struct, frozen=True, tag=True):
    """The workflow's stored stamp is this one (0: that field is absent or 0): else ConflictError."""

    workflow_id: str
    expected: int


class HeldReceipt(msgspec.Struct, frozen=True, tag=True):
    """The message is leased under this receipt, and the lease hasn't ended: else ConflictError."""

    queue_name: str
    message_id: str
    receipt: str


class Queueable(msgspec.Struct, frozen=True, tag=True):
    """The workflow is there without a removal record, due or not, and the task, if one is named, is SCHEDULED.

    Else NotFoundError.
    """

    workflow_id: str
    task_id: str = ""


Guard = WorkflowExists | WorkflowTerminal | ExpectedWorkflowTime | HeldReceipt | Queueable


# queue operations


class PushOp(msgspec.Struct, frozen=True, kw_only=True, tag="push"):
    """Push a message, replacing one of that id; dropped if ``of_task``, a task of this WriteSet, is left out.

    With ``if_absent`` one that is there, in any state, or whose push is an intent still, stays as it is.
    ``workflow_id``, in each operation: whose write it is part of; empty: of no execution.
    """

    queue_name: str
    message_id: str
    payload: str | None = None
    priority: int = 0
    offset_ms: int = 0
    of_task: str = ""
    if_absent: bool = False
    workflow_id: str = ""


class AckOp(msgspec.Struct, frozen=True, kw_only=True, tag="ack"):
    """Take an unacked message out; by id where ``receipt`` is empty."""

    queue_name: str
    message_id: str
    receipt: str = ""
    workflow_id: str = ""


class RemoveOp(msgspec.Struct, frozen=True, kw_only=True, tag="remove"):
    """Take a message out, in any state; with it go pending push intents of its id.

    Where queues are another store, only the message that was there before: the one whose push had ``seen_token``.
    """

    queue_name: str
    message_id: str
    seen_token: int = 0
    workflow_id: str = ""


QueueOp = PushOp | AckOp | RemoveOp


class WriteSet(msgspec.Struct, frozen=True, kw_only=True):
    """One write. Everything of it happens, or nothing.

    A store may keep one for later (``msgspec.msgpack``), for a newer version to read: a new field needs a default.

    Attributes:
        request_id: Remembered with the outcome for ten minutes (``request_memory.py``); a repeat gets that outcome, and
            writes nothing.
        request_digest: Of the request as it came; a different one under the same id is FailedPreconditionError.
        mark_index: Each document written or removed gets a mark in the outbox, for the index.
        uploads: Payloads uploaded for this write, each with a payload deletion in the outbox. If one is gone or claimed:
            UploadLostError. The marks of those that a written document refers to go.
    """

    request_id: str = ""
    guards: tuple[Guard, ...] = ()
    workflow_puts: tuple[WorkflowPut, ...] = ()
    task_puts: tuple[TaskPut, ...] = ()
    event_puts: tuple[EventPut, ...] = ()
    event_removals: tuple[EventRemoval, ...] = ()
    task_removals: tuple[TaskRemoval, ...] = ()
    workflow_removals: tuple[WorkflowRemoval, ...] = ()
    pending_removals: tuple[PendingRemoval, ...] = ()
    queue_ops: tuple[QueueOp, ...] = ()
    mark_index: bool = False
    uploads: tuple[str, ...] = ()
    request_digest: bytes = b""


class WriteOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What applying a WriteSet did.

    Attributes:
        workflow_created: For a WorkflowPut that creates: whether it did. False: nothing was written at all.
        created_task_ids: Of the CREATE puts, those stored now or before under the same id.
        left_out_task_ids: Of the CREATE puts, those whose slot is another task's.
        workflow_times: Stamps by workflow id.
        task_times: Stamps by task id.
        event_created: For each EventPut that creates, whether it did.
        events_removed: For each event removal, whether it was there.
        tasks_removed: For each task removal, whether the task was there.
        workflows_removed: For each workflow removal, whether the workflow was there.
        acked: For each AckOp, whether it took a message.
        removed: For each RemoveOp, whether it took a message.
        pushed: For each PushOp with ``if_absent``, whether it pushed, or wrote an intent.
        intents: Entries of the outbox that it wrote for queues in another store: the writer carries them out at once.
        replayed: This is the remembered outcome of the request id.
        request_digest: Of the request that it answers, where it is kept.
    """

    workflow_created: bool | None = None
    created_task_ids: tuple[str, ...] = ()
    left_out_task_ids: tuple[str, ...] = ()
    workflow_times: dict[str, int] = {}
    task_times: dict[str, int] = {}
    event_created: tuple[bool, ...] = ()
    events_removed: tuple[bool, ...] = ()
    tasks_removed: tuple[bool, ...] = ()
    workflows_removed: tuple[bool, ...] = ()
    acked: tuple[bool, ...] = ()
    removed: tuple[bool, ...] = ()
    pushed: tuple[bool, ...] = ()
    intents: tuple[OutboxEntry, ...] = ()
    replayed: bool = False
    request_digest: bytes = b""
