"""The MetadataDAO: task and workflow definitions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from podium_core.models import Page, TaskDef, WorkflowDef


class MetadataDAO(Protocol):
    """Mirrors Conductor's ``MetadataDAO``. Definitions are stored as the JSON that came, byte for byte."""

    async def create_task_def(self, task_def: TaskDef) -> None:
        """Store a task definition, replacing one of that name. Source: ``MetadataDAO.createTaskDef``."""
        ...

    async def update_task_def(self, task_def: TaskDef) -> None:
        """Store a task definition again.

        Raises:
            NotFoundError: There is none of that name.
        Source: ``MetadataDAO.updateTaskDef``, which stores an unknown one too.
        """
        ...

    async def get_task_def(self, name: str) -> TaskDef | None:
        """The task definition, or None. Source: ``MetadataDAO.getTaskDef``, which changes a response timeout of 0."""
        ...

    def get_all_task_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[TaskDef]]:
        """All task definitions, in order of name. Source: ``MetadataDAO.getAllTaskDefs``."""
        ...

    async def remove_task_def(self, name: str) -> None:
        """Remove a task definition.

        Raises:
            NotFoundError: There is none of that name.
        Source: ``MetadataDAO.removeTaskDef``.
        """
        ...

    async def create_workflow_def(self, workflow_def: WorkflowDef) -> None:
        """Store a new workflow definition.

        Raises:
            AlreadyExistsError: There is one of that name and version.
        Source: ``MetadataDAO.createWorkflowDef``.
        """
        ...

    async def update_workflow_def(self, workflow_def: WorkflowDef) -> None:
        """Store a workflow definition again.

        Raises:
            NotFoundError: There is none of that name and version.
        Source: ``MetadataDAO.updateWorkflowDef``, which stores an unknown one too.
        """
        ...

    async def get_latest_workflow_def(self, name: str) -> WorkflowDef | None:
        """The definition of the highest version, or None. Source: ``MetadataDAO.getLatestWorkflowDef``."""
        ...

    async def get_workflow_def(self, name: str, version: int) -> WorkflowDef | None:
        """The definition, or None. Source: ``MetadataDAO.getWorkflowDef``."""
        ...

    async def remove_workflow_def(self, name: str, version: int) -> None:
        """Remove one version of a definition.

        Raises:
            NotFoundError: There is none of that name and version.
        Source: ``MetadataDAO.removeWorkflowDef``.
        """
        ...

    def get_all_workflow_defs(self, *, resume_token: str = "") -> AsyncIterator[Page[WorkflowDef]]:
        """All versions of all definitions, by name, then version. Source: ``MetadataDAO.getAllWorkflowDefs``."""
        ...

    def get_all_workflow_defs_latest_versions(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[WorkflowDef]]:
        """The highest version of each definition, by name.

        Source: ``MetadataDAO.getAllWorkflowDefsLatestVersions``.
        """
        ...

    async def get_workflow_names(self) -> list[str]:
        """The names of all workflow definitions, sorted. Source: conductor-oss ``MetadataDAO.getWorkflowNames``."""
        ...

    async def get_workflow_versions(self, name: str) -> list[int]:
        """The versions of a definition, ascending. Source: conductor-oss ``MetadataDAO.getWorkflowVersions``."""
        ...
