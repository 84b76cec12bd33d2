"""What checks of the index and of the queues find, report by report; and the outbox as an operator sees it.

Beside the models and not among them, since an index's and an outbox's words come with them.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.outbox import OutboxFailure


class IndexProblem(Enum):
    """What is wrong with an entry of the index."""

    MISSING = "missing"  # the document has no entry
    STALE = "stale"  # the entry isn't what the document says
    SURPLUS = (
        "surplus"  # the entry has no document, isn't archived, and wasn't indexed by its engine
    )
    UNREADABLE = "unreadable"  # the document can't be read


class IndexDifference(msgspec.Struct, frozen=True):
    """One difference between the index and the executions store; ``kind`` is a workflow's or a task's."""

    kind: EntryKind
    id: str
    problem: IndexProblem


class IndexProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a check of the index has come since its start, resumed or not.

    Attributes:
        checked: Documents, and entries without one.
        missing: Documents without an entry.
        stale: Entries that differ from their document.
        surplus: Entries without a document.
        unreadable: Documents that can't be read.
    """

    checked: int = 0
    missing: int = 0
    stale: int = 0
    surplus: int = 0
    unreadable: int = 0

    @property
    def differences(self) -> int:
        """All problems together."""
        return self.missing + self.stale + self.surplus + self.unreadable


class IndexReport(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a check, a repair or a rebuild of the index.

    Attributes:
        differences: What was found since the report before.
        resume_token: Hand it back to continue after this report; empty in the last.
        done: It is the last report.
        marked: Documents and entries that a repair has marked since its start; they are indexed in the background.
    """

    progress: IndexProgress
    differences: tuple[IndexDifference, ...] = ()
    resume_token: str = ""
    done: bool = False
    marked: int = 0


class QueueProblem(Enum):
    """What is wrong between an execution and its queue."""

    WORKFLOW_NOT_QUEUED = "workflow_not_queued"  # a running workflow isn't in the decider queue
    TASK_NOT_QUEUED = "task_not_queued"  # a scheduled task isn't in its queue
    MESSAGE_WITHOUT_TASK = (
        "message_without_task"  # a message is of no workflow or task that is stored
    )
    MESSAGE_UNREADABLE = (
        "message_unreadable"  # a message was set aside, since it holds bytes that aren't UTF-8
    )


class QueueFinding(msgspec.Struct, frozen=True):
    """One problem; ``id`` is that of the workflow, the task or the message."""

    problem: QueueProblem
    queue_name: str
    id: str


class QueueProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a check of the queues has come since its start, resumed or not.

    Attributes:
        checked: Workflows, tasks and messages that were looked at.
        workflow_not_queued: Running workflows that aren't in the decider queue.
        task_not_queued: Scheduled tasks that aren't in their queue.
        message_without_task: Messages of no workflow or task that is stored.
        message_unreadable: Messages that were set aside, since they can't be read.
    """

    checked: int = 0
    workflow_not_queued: int = 0
    task_not_queued: int = 0
    message_without_task: int = 0
    message_unreadable: int = 0

    @property
    def not_queued(self) -> int:
        """What a repair pushes."""
        return self.workflow_not_queued + self.task_not_queued

    @property
    def left(self) -> int:
        """What a repair leaves as it is."""
        return self.message_without_task + self.message_unreadable


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a check or a repair of the queues.

    Attributes:
        findings: What was found since the report before.
        resume_token: Hand it back to continue after this report; empty in the last.
        done: It is the last report.
        pushed: Messages that a repair has pushed since its start.
    """

    progress: QueueProgress
    findings: tuple[QueueFinding, ...] = ()
    resume_token: str = ""
    done: bool = False
    pushed: int = 0


class OutboxState(msgspec.Struct, frozen=True, kw_only=True):
    """How much the outbox has still to deliver.

    Attributes:
        depth: Entries that are due.
        oldest_age_ms: How long the oldest of them has been due.
        set_aside: Entries that failed for a reason of their own and wait for an operator.
        failures: The oldest of these.
    """

    depth: int
    oldest_age_ms: int
    set_aside: int
    failures: tuple[OutboxFailure, ...] = ()
