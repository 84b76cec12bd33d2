"""The decision about a workflow, and its single Commit."""

from __future__ import annotations

import msgspec

from podium_core.models import Commit, CommitPush, CommitRemove, Task, TaskUpdate, Workflow


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The next writes of a workflow.

    Attributes:
        create_tasks: New tasks.
        update_tasks: Tasks that change.
        update_workflow: The workflow as it is after the change, if it changes.
        start_workflows: Sub-workflows, to be started before the rest is written.
        pushes: Messages: for workers, for the next look, for a parent.
        removes: Messages of tasks that are no longer wanted.
    """

    create_tasks: tuple[Task, ...] = ()
    update_tasks: tuple[Task, ...] = ()
    update_workflow: Workflow | None = None
    start_workflows: tuple[Workflow, ...] = ()
    pushes: tuple[CommitPush, ...] = ()
    removes: tuple[CommitRemove, ...] = ()

    def commit(self, workflow: Workflow, *, request_id: str) -> Commit:
        """The decision as one write, which holds only if what was looked at is still as it was.

        Args:
            workflow: The workflow that was looked at.
            request_id: Makes a repeat harmless: it gets the first answer.
        """
        return Commit(
            workflow_id=str(workflow.workflow_id),
            request_id=request_id,
            expected_update_time=workflow.updated_time or 0,
            update_workflow=self.update_workflow,
            create_tasks=self.create_tasks,
            update_tasks=[
                TaskUpdate(task=task, expected_update_time=task.update_time)
                for task in self.update_tasks
            ],
            pushes=self.pushes,
            removes=self.removes,
        )
