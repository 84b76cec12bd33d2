"""What a store of executions implements for reads; ``ExecutionReads`` of the core makes the reads of its DAO of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence

from podium_core.models import Page, Task, Workflow
from podium_core.paging.page_builder import Found
from podium_core.paging.read_budget import ReadBudget


class ExecutionTable(ABC):
    """Workflows and tasks by id, and the sets in which they are. Arguments are known to be valid.

    Pages are in order of their keys, those of their items, and begin after a key. A budget is taken from for each document,
    as ``ReadBudget.take_document``; what is above it is ResultTooLargeError.
    """

    # tasks

    @abstractmethod
    async def read_task(self, task_id: str) -> Task | None:
        """The task, or None."""

    @abstractmethod
    async def read_tasks(self, task_ids: Sequence[str], budget: ReadBudget) -> list[Task]:
        """The tasks of ids, in the order asked; missing ones are left out."""

    @abstractmethod
    async def read_pending_tasks(
        self, definition_name: str, after: str, count: int, budget: ReadBudget
    ) -> list[Task]:
        """Up to ``count`` pending tasks of a definition after an id, in order of id."""

    @abstractmethod
    def pending_tasks(self, definition_name: str, after: str) -> AsyncIterator[Page[Task]]:
        """The pending tasks of a definition, by id."""

    @abstractmethod
    def pending_tasks_of_workflow(
        self, definition_name: str, workflow_id: str, after: str
    ) -> AsyncIterator[Page[Task]]:
        """Those of a workflow, by id."""

    @abstractmethod
    def tasks_of_workflow(self, workflow_id: str, after: str) -> AsyncIterator[Page[Task]]:
        """All tasks of a workflow, by id."""

    @abstractmethod
    async def count_in_progress(self, definition_name: str) -> int:
        """How many tasks of a definition with a concurrency limit are IN_PROGRESS."""

    # workflows

    @abstractmethod
    async def read_workflow(self, workflow_id: str) -> Workflow | None:
        """The workflow without its tasks, or None; also None where it is being removed and can't be read any more."""

    @abstractmethod
    async def read_whole_workflow(
        self, workflow_id: str, budget: ReadBudget
    ) -> Found[Workflow] | None:
        """The workflow ``with_tasks``, as they were at one moment, and what was taken for it. None as ``read_workflow``."""

    @abstractmethod
    def workflows(self, workflow_ids: Sequence[str], after: int) -> AsyncIterator[Page[Workflow]]:
        """The workflows of ids that can be read, by the place of their id, without tasks."""

    @abstractmethod
    def pending_workflow_ids(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[str]]:
        """The ids of the pending workflows of a name, and of one version where it is given."""

    @abstractmethod
    def pending_workflows(
        self, name: str, version: int | None, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        """Those workflows, by id, without tasks."""

    @abstractmethod
    async def count_pending_workflows(self, name: str) -> int:
        """How many workflows of a name are pending."""

    @abstractmethod
    def workflows_by_time(
        self, name: str, after: tuple[int, str], end_time: int
    ) -> AsyncIterator[Page[Workflow]]:
        """The workflows of a name by createTime and id, those of ``end_time`` included, without tasks."""

    @abstractmethod
    def correlated_workflows(
        self, name: str, correlation_id: str, after: str
    ) -> AsyncIterator[Page[Workflow]]:
        """The workflows of a name with a correlation id, by id, without tasks."""
