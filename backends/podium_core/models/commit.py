"""Commit: what an engine's decide step writes, in one call; and the writes that Conductor's facade adds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from podium_core.models.message import Message, PushMessage
from podium_core.models.task import Task
from podium_core.models.task_writes import TaskUpdate
from podium_core.models.workflow import Workflow


class Guarantee(StrEnum):
    """How whole a Commit was: one atomic step, or documents and push intents first and the queue's part after them."""

    ATOMIC = "atomic"
    ORDERED = "ordered"


class CommitPush(msgspec.Struct, frozen=True, kw_only=True):
    """A message to push. Dropped if its id is that of a task left out."""

    queue_name: str
    message: PushMessage


class CommitAck(msgspec.Struct, frozen=True, kw_only=True):
    """A delivered message to acknowledge; its receipt is a precondition of the Commit."""

    queue_name: str
    message_id: str
    receipt: str = ""


class CommitRemove(msgspec.Struct, frozen=True, kw_only=True):
    """A message to remove, in any state."""

    queue_name: str
    message_id: str


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One decide step: everything is of the one workflow.

    Attributes:
        create_workflow: A new workflow; of an id that exists nothing of the Commit is written.
        update_workflow: The workflow, to be stored again.
        expected_update_time: Write only if the workflow's stored stamp is this one.
        request_id: Remembered for ten minutes; a repeat returns the first answer, a different Commit with it is
            FailedPreconditionError, kind ``REQUEST_ID_REUSED``.
    """

    workflow_id: str
    create_workflow: Workflow | None = None
    update_workflow: Workflow | None = None
    expected_update_time: int | None = None
    create_tasks: Sequence[Task] = ()
    update_tasks: Sequence[TaskUpdate] = ()
    pushes: Sequence[CommitPush] = ()
    acks: Sequence[CommitAck] = ()
    removes: Sequence[CommitRemove] = ()
    request_id: str = ""

    def with_ack(self, queue_name: str, message: Message) -> Commit:
        """The same Commit that also acknowledges a delivered message, whose receipt becomes its lock."""
        ack = CommitAck(queue_name=queue_name, message_id=message.id, receipt=message.receipt)
        return msgspec.structs.replace(self, acks=(*self.acks, ack))


class CommitResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a Commit did.

    Attributes:
        workflow_created: Whether ``create_workflow`` was stored; None where there was none.
        updated_time: The workflow's stamp, 0 if it wasn't written.
        created_task_ids: Stored, or stored before under the same id.
        left_out_task_ids: Not written: their slot is another task's.
        created_update_time: The stamp of the tasks created.
        task_update_times: The stamps of ``update_tasks``, in order.
        acked: For each ack whether it took a message, in order. Where executions and queues are two stores, a
            replayed answer has those of the repeat, here and in ``removed``.
        removed: For each remove whether it took a message, in order.
        replayed: The remembered first answer of this ``request_id``.
    """

    workflow_created: bool | None = None
    updated_time: int = 0
    created_task_ids: tuple[str, ...] = ()
    left_out_task_ids: tuple[str, ...] = ()
    created_update_time: int = 0
    task_update_times: tuple[int, ...] = ()
    acked: tuple[bool, ...] = ()
    removed: tuple[bool, ...] = ()
    guarantee: Guarantee = Guarantee.ATOMIC
    replayed: bool = False
