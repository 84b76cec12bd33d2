"""The ConcurrentExecutionLimitDAO."""

from __future__ import annotations

from typing import Protocol

from podium_core.models import Task


class ConcurrentExecutionLimitDAO(Protocol):
    """Mirrors Conductor's ``ConcurrentExecutionLimitDAO``: at most ``limit`` tasks of a definition run at a time.

    The limit is ``limit``, else ``workflowTask.taskDefinition.concurrentExecLimit`` in the task, else, asked of a facade,
    the registered definition's.
    """

    async def add_task_to_limit(self, task: Task) -> None:
        """Hold a place without asking. Source: ``ConcurrentExecutionLimitDAO.addTaskToLimit``."""
        ...

    async def remove_task_from_limit(self, task: Task) -> bool:
        """Free the task's place; false if it had none. Source: ``ConcurrentExecutionLimitDAO.removeTaskFromLimit``."""
        ...

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        """Ask for a place: false, and it is held; or true. One atomic step that never overshoots.

        A holder that asks again gets false and a renewal. A place that isn't used lapses after 60 s, never while the
        task is IN_PROGRESS. Without a limit (absent, 0 or less): false, nothing is held.
        Source: ``ConcurrentExecutionLimitDAO.exceedsLimit``, which checks, then acts.
        """
        ...
