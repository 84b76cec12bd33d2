"""ExecutionService: ExecutionDAO with what Conductor's ExecutionDAOFacade adds, and Commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from podium_core.models import Commit, CommitResult, Page, Task, Workflow
from podium_core.ports import ExecutionDAO


class WorkflowSource(StrEnum):
    """Where a workflow was read from."""

    PRIMARY = "primary"
    ARCHIVE = "archive"  # the index holds it; it was removed


class FoundWorkflow(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow, and where it was read from; None where that isn't said, or in a word that we don't know."""

    workflow: Workflow
    source: WorkflowSource | None


class ExecutionService(ExecutionDAO, Protocol):
    """ExecutionDAO with what Conductor's ExecutionDAOFacade adds, and Commit.

    Inputs and outputs that lie in the payload store come as ``{}`` with their path; with ``include_payloads`` they are put
    back, as Conductor's ``getWorkflowModel`` and ``getTaskModel`` do. One that Podium stored and that isn't there is
    ``CorruptRecordError``; one that only the caller knows of, ``FailedPreconditionError``.
    """

    async def get_task(self, task_id: str, *, include_payloads: bool = False) -> Task | None:
        """As ``ExecutionDAO.get_task``."""
        ...

    async def get_tasks(
        self, task_ids: Sequence[str], *, include_payloads: bool = False
    ) -> list[Task]:
        """As ``ExecutionDAO.get_tasks``."""
        ...

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int, include_payloads: bool = False
    ) -> list[Task]:
        """As ``ExecutionDAO.get_tasks_by_type``."""
        ...

    def get_pending_tasks_by_workflow(
        self,
        task_name: str,
        workflow_id: str,
        *,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Task]]:
        """As ``ExecutionDAO.get_pending_tasks_by_workflow``."""
        ...

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        """As ``ExecutionDAO.get_pending_tasks_for_task_type``."""
        ...

    def get_tasks_for_workflow(
        self, workflow_id: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        """As ``ExecutionDAO.get_tasks_for_workflow``; of a workflow that only the archive holds, by ``seq``, from there.

        A workflow that is removed while its tasks are read goes on with the archive, from the start.
        """
        ...

    async def find_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> FoundWorkflow | None:
        """The workflow, or the archived one of that id, and which of both; None without any.

        Source: ``ExecutionDAOFacade.getWorkflowModel``.
        """
        ...

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> Workflow | None:
        """The workflow of ``find_workflow``."""
        ...

    def get_workflows(
        self,
        workflow_ids: Sequence[str],
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        """As ``ExecutionDAO.get_workflows``: archived ones are left out."""
        ...

    def get_pending_workflows_by_type(
        self,
        workflow_name: str,
        *,
        version: int | None = None,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        """As ``ExecutionDAO.get_pending_workflows_by_type``."""
        ...

    def get_workflows_by_type(
        self,
        workflow_name: str,
        *,
        start_time: int,
        end_time: int,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        """As ``ExecutionDAO.get_workflows_by_type``."""
        ...

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        """As ``ExecutionDAO.get_workflows_by_correlation_id``."""
        ...

    async def remove_found_workflow(
        self, workflow_id: str, *, archive: bool = False, ttl_seconds: int | None = None
    ) -> WorkflowSource | None:
        """``remove_workflow``, or ``remove_workflow_with_expiry`` where ``ttl_seconds`` is given; says where it was found.

        Without ``archive`` a workflow that only the archive holds is removed from there, with the entries of its tasks and
        the payloads that Podium stored for it, at once in any case.

        Returns:
            Where it was found; None: nowhere, or where that is said in a word that we don't know.
        Source: ``ExecutionDAOFacade.removeWorkflow`` and ``removeWorkflowWithExpiry``.
        """
        ...

    async def reset_workflow(self, workflow_id: str) -> bool:
        """Remove a workflow's documents and index entries without archiving; queue messages stay.

        The entries of a workflow that only the archive holds are removed too.

        Payloads stay for an hour; those that a document of this id refers to by then, as a restart's does, stay with it.

        Source: ``ExecutionDAOFacade.resetWorkflow``, which deletes no payload.
        """
        ...

    async def extend_lease(self, task_id: str) -> int:
        """Give the stored task a new stamp and return it.

        Raises:
            NotFoundError: No task of that id.
            FailedPreconditionError: The task is terminal.
        Source: ``ExecutionDAOFacade.extendLease``.
        """
        ...

    async def commit(self, commit: Commit) -> CommitResult:
        """Write one decide step. A remembered request first; then receipts and expected times; then everything.

        Raises:
            ConflictError: A receipt or an expected time is stale; nothing was written.
            NotFoundError: The workflow or an updated task doesn't exist; nothing was written.
            FailedPreconditionError: Receipts without ``expected_update_time`` where executions and queues are two stores.
        """
        ...
