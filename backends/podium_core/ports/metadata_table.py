"""What a store that serves metadata implements; ``TableMetadataDAO`` of ``podium_core.definitions`` makes its DAO of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models import Page, TaskDef, WorkflowDef
from podium_core.paging.read_budget import ReadBudget


class MetadataTable(Protocol):
    """Task and workflow definitions by their keys. Arguments are known to be valid; each write is atomic.

    Where a key has a form that the store can't keep, a write raises InvalidArgumentError.
    """

    # task definitions

    async def put_task_def(self, task_def: TaskDef) -> None:
        """Store a definition, in place of one of that name."""
        ...

    async def replace_task_def(self, task_def: TaskDef) -> bool:
        """Store a definition only in place of one of that name; false: there is none."""
        ...

    async def remove_task_def(self, name: str) -> bool:
        """Remove a definition; false: there is none."""
        ...

    async def task_def(self, name: str) -> TaskDef | None:
        """The definition, or None."""
        ...

    def task_defs(self, after: str) -> AsyncIterator[Page[TaskDef]]:
        """All definitions after a name, in order of name, which is the key of a page's items."""
        ...

    # workflow definitions

    async def add_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        """Store a new definition; false: there is one of that name and version, which stays as it is."""
        ...

    async def replace_workflow_def(self, workflow_def: WorkflowDef) -> bool:
        """Store a definition only in place of one of that name and version; false: there is none."""
        ...

    async def remove_workflow_def(self, name: str, version: int) -> bool:
        """Remove one version; false: there is none."""
        ...

    async def workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        """The definition, or None."""
        ...

    async def latest_workflow_def(self, name: str) -> WorkflowDef | None:
        """The definition of the highest version, or None."""
        ...

    def workflow_defs(
        self, after: tuple[str, int], *, latest_only: bool
    ) -> AsyncIterator[Page[WorkflowDef]]:
        """All definitions, or only the highest version of each, after a name and version and in order of them.

        Both are the key of a page's items; ``workflow_def_id`` is what an unreadable one is called.
        """
        ...

    async def workflow_names(self, budget: ReadBudget) -> list[str]:
        """The names of all definitions, each once; their lengths count.

        Raises:
            ResultTooLargeError: They are above the budget.
        """
        ...

    async def workflow_versions(self, name: str, budget: ReadBudget) -> list[int]:
        """The versions of a definition; each counts ``VERSION_BYTES``. Raises as ``workflow_names``."""
        ...
