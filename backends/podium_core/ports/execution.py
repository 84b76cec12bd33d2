"""The ExecutionDAO: workflows, tasks and event executions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from podium_core.models import (
    CreatedTasks,
    CreatedWorkflow,
    EventExecution,
    Page,
    Task,
    TaskUpdate,
    Workflow,
)


class ExecutionDAO(Protocol):
    """Mirrors Conductor's ``ExecutionDAO``. Every write is atomic; what an acknowledged write stored, later reads see.

    Unless a method says otherwise it raises ``InvalidArgumentError`` for missing or malformed fields,
    ``BackendUnavailableError`` where the store was not reached (nothing written), ``OutcomeUnknownError`` where it broke
    off, and ``CorruptRecordError`` for a stored record that can't be read.
    """

    # tasks

    async def create_tasks(
        self, tasks: Sequence[Task], *, allow_missing_workflow: bool = False
    ) -> CreatedTasks:
        """Store new tasks, leaving out each one whose slot (workflow, reference name, retry count) is another task's.

        A slot taken by the same task id counts as created; the stored task stays as it is. One invalid task: nothing
        of the call is written.

        Args:
            tasks: At most 1,000.
            allow_missing_workflow: Store tasks of a workflow that isn't there, as Java does.
        Raises:
            NotFoundError: The workflow doesn't exist, or is being removed.
        Source: ``ExecutionDAO.createTasks``, which returns the tasks and never asks for the workflow.
        """
        ...

    async def update_task(
        self, task: Task, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        """Store a task again and return its stamp.

        Args:
            task: The whole task; ``task_id``, ``workflow_instance_id`` and ``status`` are required.
            expected_update_time: Write only if the stored stamp is this one.
            upsert: Store it where it doesn't exist, as Java does: it enters every set, and takes no slot.
        Raises:
            NotFoundError: No task of that id (without ``upsert``), or its workflow is being removed.
            ConflictError: The stored stamp is another one.
        Source: ``ExecutionDAO.updateTask``.
        """
        ...

    async def update_tasks(
        self, updates: Sequence[TaskUpdate], *, upsert: bool = False
    ) -> list[int]:
        """``update_task`` for at most 1,000 tasks in one atomic step; the stamps in the order given.

        Source: ``ExecutionDAO.updateTasks`` of Conductor before 3.x.
        """
        ...

    async def remove_task(self, task_id: str) -> bool:
        """Remove a task with its slot, its places in every set and its limit place; false if it isn't there.

        Source: ``ExecutionDAO.removeTask``.
        """
        ...

    async def get_task(self, task_id: str) -> Task | None:
        """The task, or None. Source: ``ExecutionDAO.getTask``."""
        ...

    async def get_tasks(self, task_ids: Sequence[str]) -> list[Task]:
        """The tasks of at most 10,000 ids, in the order asked; missing ones are left out.

        Source: ``ExecutionDAO.getTasks(List)``.
        """
        ...

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> list[Task]:
        """Up to ``count`` pending tasks of a definition in order of task id, after ``start_key``.

        Source: ``ExecutionDAO.getTasks(taskType, startKey, count)``, whose order is the store's.
        """
        ...

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        """Pending tasks of a definition in a workflow. Source: ``ExecutionDAO.getPendingTasksByWorkflow``."""
        ...

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        """All pending tasks of a definition. Source: ``ExecutionDAO.getPendingTasksForTaskType``."""
        ...

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        """All tasks of a workflow, in the store's order. Source: ``ExecutionDAO.getTasksForWorkflow``."""
        ...

    async def get_in_progress_task_count(self, task_def_name: str) -> int:
        """How many tasks of a definition with a concurrency limit are IN_PROGRESS.

        Source: ``ExecutionDAO.getInProgressTaskCount``.
        """
        ...

    async def exceeds_in_progress_limit(self, task: Task) -> bool:
        """``ConcurrentExecutionLimitDAO.exceeds_limit`` under its older name.

        Source: ``ExecutionDAO.exceedsInProgressLimit``.
        """
        ...

    # workflows

    async def create_workflow(
        self, workflow: Workflow, *, replace: bool = False
    ) -> CreatedWorkflow:
        """Store a new workflow; of an id that exists nothing is written.

        An id whose workflow is still being removed is free once that has ended, which the call waits for.

        Args:
            workflow: ``workflow_id`` and a ``workflow_definition`` with a name are required. Its tasks are ignored.
            replace: Overwrite an existing one, as Java does.
        Source: ``ExecutionDAO.createWorkflow``.
        """
        ...

    async def update_workflow(
        self, workflow: Workflow, *, expected_update_time: int | None = None, upsert: bool = False
    ) -> int:
        """Store a workflow again and return its stamp. Its tasks are ignored.

        Raises:
            NotFoundError: No workflow of that id (without ``upsert``), or it is being removed.
            ConflictError: The stored stamp is another one.
        Source: ``ExecutionDAO.updateWorkflow``.
        """
        ...

    async def remove_workflow(self, workflow_id: str, *, archive: bool = False) -> bool:
        """Remove a workflow, its tasks and every trace of them; false if it isn't there.

        Raises:
            FailedPreconditionError: ``archive`` and the workflow isn't terminal, or no index is routed.
        Source: ``ExecutionDAO.removeWorkflow``.
        """
        ...

    async def remove_workflow_with_expiry(
        self, workflow_id: str, *, ttl_seconds: int, archive: bool = False
    ) -> bool:
        """Take a workflow out of every set at once; it stays readable and writable by id for ``ttl_seconds``.

        Source: ``ExecutionDAO.removeWorkflowWithExpiry``, where an update removes the expiry again.
        """
        ...

    async def remove_from_pending_workflow(self, workflow_type: str, workflow_id: str) -> None:
        """Take a workflow out of the pending ones and free its slots; documents stay.

        Source: ``ExecutionDAO.removeFromPendingWorkflow``.
        """
        ...

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False
    ) -> Workflow | None:
        """The workflow, or None; with its tasks in order of ``seq``. Source: ``ExecutionDAO.getWorkflow``."""
        ...

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        """The workflows of at most 10,000 ids, in the order asked; missing ones are left out."""
        ...

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        """Ids of the pending (RUNNING or PAUSED) workflows of a name, in order of id.

        Source: ``ExecutionDAO.getRunningWorkflowIds``, which ignores the version.
        """
        ...

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        """The pending workflows of a name, without tasks. Source: ``ExecutionDAO.getPendingWorkflowsByType``."""
        ...

    async def get_pending_workflow_count(self, workflow_name: str) -> int:
        """How many workflows of a name are pending. Source: ``ExecutionDAO.getPendingWorkflowCount``."""
        ...

    def get_workflows_by_type(
        self, workflow_name: str, *, start_time: int, end_time: int, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        """Workflows of a name and any status whose createTime is in [start_time, end_time], both inclusive.

        Source: ``ExecutionDAO.getWorkflowsByType``.
        """
        ...

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        """Workflows of a name with a correlation id. Source: ``ExecutionDAO.getWorkflowsByCorrelationId``."""
        ...

    async def can_search_across_workflows(self) -> bool:
        """Whether the store finds workflows by correlation id. Source: ``ExecutionDAO.canSearchAcrossWorkflows``."""
        ...

    # event executions

    async def add_event_execution(self, event_execution: EventExecution) -> bool:
        """Store an event execution; false if (name, event, message_id, id) exists, which then stays as it is.

        Source: ``ExecutionDAO.addEventExecution``.
        """
        ...

    async def update_event_execution(self, event_execution: EventExecution) -> None:
        """Store an event execution again; its time to live goes on. Source: ``ExecutionDAO.updateEventExecution``."""
        ...

    async def remove_event_execution(self, event_execution: EventExecution) -> bool:
        """Remove an event execution; false if it isn't there. Source: ``ExecutionDAO.removeEventExecution``."""
        ...
