"""What an engine's decide step writes, as WriteSets from the builders; part of the write spikes.

Stays with their tests until the real adapters replace them.
"""

from __future__ import annotations

import time
from uuid import uuid4

from msgspec import Raw
from msgspec.structs import replace

from podium_core.models import (
    DECIDER_QUEUE,
    Commit,
    CommitPush,
    PushMessage,
    Task,
    TaskStatus,
    TaskUpdate,
    Workflow,
    WorkflowStatus,
)
from podium_core.write_set import WriteOutcome, WriteSet, commit_builder

CHARGE, SHIP = "charge", "ship"


def now_ms() -> int:
    """The caller's clock."""
    return time.time_ns() // 1_000_000


def write_set(commit: Commit) -> WriteSet:
    """The WriteSet of a Commit that comes now."""
    return commit_builder.commit(commit, now_ms=now_ms())


def push_of(task: Task) -> CommitPush:
    """The message that a worker polls for."""
    return CommitPush(queue_name=str(task.task_type), message=PushMessage(id=str(task.task_id)))


class DecideStep:
    """One workflow: its first decide step creates it with two tasks, its second goes on from there.

    In the second, ``late`` wants the slot that ``ship`` has, so it and its push are left out.
    """

    def __init__(self) -> None:
        self.workflow = Workflow(
            workflow_id=str(uuid4()),
            correlation_id="order-17",
            workflow_definition=Raw(b'{"name":"order","version":3}'),
            status=WorkflowStatus.RUNNING,
            input=Raw('{"text":"\\u0000 ä 1.00","big":9007199254740993}'.encode()),
        )
        self.charge = self.task(CHARGE, "charge_ref")
        self.ship = self.task(SHIP, "ship_ref")
        self.notify = self.task("notify", "notify_ref", seq=3)
        self.late = self.task(SHIP, "ship_ref")

    @property
    def workflow_id(self) -> str:
        return str(self.workflow.workflow_id)

    def task(self, task_type: str, reference_name: str, *, seq: int = 1) -> Task:
        """A scheduled task of this workflow, of a definition with a concurrency limit."""
        return Task(
            task_id=str(uuid4()),
            workflow_instance_id=self.workflow_id,
            task_type=task_type,
            task_def_name=task_type,
            reference_task_name=reference_name,
            status=TaskStatus.SCHEDULED,
            workflow_task=Raw(b'{"taskDefinition":{"name":"x","concurrentExecLimit":2}}'),
            seq=seq,
        )

    def first(self, *, request_id: str = "first") -> Commit:
        """Creates everything."""
        decider = CommitPush(
            queue_name=DECIDER_QUEUE, message=PushMessage(id=self.workflow_id, offset_ms=30_000)
        )
        return Commit(
            workflow_id=self.workflow_id,
            create_workflow=self.workflow,
            create_tasks=(self.charge, self.ship),
            pushes=(push_of(self.charge), push_of(self.ship), decider),
            request_id=request_id,
        )

    def second(self, seen: WriteOutcome, *, request_id: str = "second") -> Commit:
        """Goes on from what the first one's outcome says is stored: ``charge`` runs, ``notify`` is next."""
        return Commit(
            workflow_id=self.workflow_id,
            update_workflow=replace(self.workflow, variables=Raw(b'{"step":2}')),
            expected_update_time=seen.workflow_times[self.workflow_id],
            create_tasks=(self.notify, self.late),
            update_tasks=(
                self.started(self.charge, expected=seen.task_times[str(self.charge.task_id)]),
            ),
            pushes=(push_of(self.notify), push_of(self.late)),
            request_id=request_id,
        )

    @staticmethod
    def started(task: Task, *, expected: int | None = None) -> TaskUpdate:
        """The task once a worker has it."""
        return TaskUpdate(
            task=replace(task, status=TaskStatus.IN_PROGRESS), expected_update_time=expected
        )
