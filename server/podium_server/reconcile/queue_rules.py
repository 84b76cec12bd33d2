"""Decides which message must be in which queue: a running workflow's in the decider queue, a scheduled task's in its own."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import UNSET

from podium_core.errors import InvalidArgumentError
from podium_core.index.stored_document import StoredDocument
from podium_core.models import PushMessage, Task, TaskStatus, Workflow, WorkflowStatus
from podium_core.models.queue_name import DECIDER_QUEUE, task_queue_name
from podium_core.reconcile import QueueProblem
from podium_core.requirements import MAX_DURATION_MS, MAX_PRIORITY, require_text


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a check.

    Attributes:
        min_age_ms: Younger documents are left alone: their messages may be on the way.
        second_look_seconds: After this time what seems wrong is looked at again.
        unqueued_task_types: Tasks that their engine carries out itself, without a queue.
        decider_offset_ms: When a workflow that is pushed becomes ready.
    """

    min_age_ms: int
    second_look_seconds: float
    unqueued_task_types: frozenset[str]
    decider_offset_ms: int

    def expected(self, document: StoredDocument, now_ms: int) -> Expected | None:
        """The message that there ought to be for a document; None where there needn't be one."""
        if document.leaving:
            return None
        match document.record:
            case Workflow():
                found = self._of_workflow(document.record, now_ms)
            case Task():
                found = self._of_task(document.record, now_ms)
            case None:
                return None
        return found if found is not None and _can_be_queued(found) else None

    def _of_workflow(self, workflow: Workflow, now_ms: int) -> Expected | None:
        since_ms = workflow.create_time or workflow.updated_time or 0
        if workflow.status is not WorkflowStatus.RUNNING or now_ms - since_ms < self.min_age_ms:
            return None
        message = _message(workflow.workflow_id, workflow.priority, self.decider_offset_ms)
        return Expected(QueueProblem.WORKFLOW_NOT_QUEUED, DECIDER_QUEUE, message, message.id)

    def _of_task(self, task: Task, now_ms: int) -> Expected | None:
        since_ms = task.scheduled_time or task.update_time
        if task.status is not TaskStatus.SCHEDULED or now_ms - since_ms < self.min_age_ms:
            return None
        if task.task_type in self.unqueued_task_types:
            return None
        # Conductor's own push: the workflow's priority, and the callback time as delay.
        message = _message(task.task_id, task.workflow_priority, task.callback_after_seconds * 1000)
        workflow_id = task.workflow_instance_id or ""
        queue_name = task_queue_name(task)
        return Expected(QueueProblem.TASK_NOT_QUEUED, queue_name, message, workflow_id)


class Expected(msgspec.Struct, frozen=True):
    """A message that there ought to be, of this workflow or of its task."""

    problem: QueueProblem
    queue_name: str
    message: PushMessage
    workflow_id: str

    @property
    def key(self) -> tuple[str, str]:
        """Queue name and message id."""
        return (self.queue_name, self.message.id)

    @property
    def task_id(self) -> str:
        """The task that it is of; empty for a workflow's."""
        return self.message.id if self.problem is QueueProblem.TASK_NOT_QUEUED else ""


def _message(id_: object, priority: int, offset_ms: int) -> PushMessage:
    # A queue takes no more than this, and a stored document may hold more.
    return PushMessage(
        id="" if id_ is UNSET else str(id_),
        priority=min(max(priority, 0), MAX_PRIORITY),
        offset_ms=min(max(offset_ms, 0), MAX_DURATION_MS),
    )


def _can_be_queued(expected: Expected) -> bool:
    with suppress(InvalidArgumentError):
        for text in expected.key:
            require_text(text, "")
        return True
    return False
