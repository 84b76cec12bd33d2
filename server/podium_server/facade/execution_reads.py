"""The reads of ExecutionService: the store's own with payloads put back, or else the archive's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from podium_core.backend import Capability, ExecutionAdapter
from podium_core.errors import CorruptRecordError
from podium_core.execution_service import FoundWorkflow, WorkflowSource
from podium_core.models import Page, Task, Workflow
from podium_server.facade.archive_reads import ArchiveReads, place_of, token_of
from podium_server.facade.execution_parts import ExecutionRules
from podium_server.facade.payload_reads import PayloadReads

R = TypeVar("R", Task, Workflow)


class ExecutionReadsFacade:
    """The reads of ``ExecutionService``."""

    def __init__(
        self,
        store: ExecutionAdapter,
        rules: ExecutionRules,
        payloads: PayloadReads,
        archive: ArchiveReads | None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._payload_reads = payloads
        self._archive_reads = archive
        # The store's own methods: the facade adds nothing to them.
        self.get_in_progress_task_count = store.get_in_progress_task_count
        self.get_running_workflow_ids = store.get_running_workflow_ids
        self.get_pending_workflow_count = store.get_pending_workflow_count

    # tasks

    async def get_task(self, task_id: str, *, include_payloads: bool = False) -> Task | None:
        task = await self._store.get_task(task_id)
        if task is None or not include_payloads:
            return task
        return await self._payload_reads.record(task)

    async def get_tasks(
        self, task_ids: Sequence[str], *, include_payloads: bool = False
    ) -> list[Task]:
        tasks = await self._store.get_tasks(task_ids)
        return await self._payload_reads.records(tasks) if include_payloads else tasks

    async def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int, include_payloads: bool = False
    ) -> list[Task]:
        tasks = await self._store.get_tasks_by_type(task_type, start_key=start_key, count=count)
        return await self._payload_reads.records(tasks) if include_payloads else tasks

    def get_pending_tasks_by_workflow(
        self,
        task_name: str,
        workflow_id: str,
        *,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Task]]:
        pages = self._store.get_pending_tasks_by_workflow(
            task_name, workflow_id, resume_token=resume_token
        )
        return self._with_payloads(pages, wanted=include_payloads)

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        pages = self._store.get_pending_tasks_for_task_type(task_type, resume_token=resume_token)
        return self._with_payloads(pages, wanted=include_payloads)

    def get_tasks_for_workflow(
        self, workflow_id: str, *, include_payloads: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        if self._archive_reads is None:
            pages = self._store.get_tasks_for_workflow(workflow_id, resume_token=resume_token)
        else:
            pages = self._tasks_or_archived(self._archive_reads, workflow_id, resume_token)
        return self._with_payloads(pages, wanted=include_payloads)

    async def _tasks_or_archived(
        self, archive: ArchiveReads, workflow_id: str, resume_token: str
    ) -> AsyncIterator[Page[Task]]:
        place = place_of(resume_token)
        if place is None:
            place = 0
            stored = self._store.get_tasks_for_workflow(workflow_id, resume_token=resume_token)
            async for page in stored:
                if not page.resume_token and await self._is_archived(archive, workflow_id):
                    # It was removed, perhaps after some of its tasks were read.
                    if page.items or page.unreadable_ids:
                        yield msgspec.structs.replace(page, resume_token=token_of(place))
                    break
                yield page
                if not page.resume_token:
                    return
        async for page in archive.tasks(workflow_id, place):
            yield page

    async def _is_archived(self, archive: ArchiveReads, workflow_id: str) -> bool:
        try:
            if await self._store.get_workflow(workflow_id) is not None:
                return False
        except CorruptRecordError:
            return False  # it is there
        return await archive.holds(workflow_id)

    # workflows

    async def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> Workflow | None:
        found = await self.find_workflow(
            workflow_id, include_tasks=include_tasks, include_payloads=include_payloads
        )
        return found.workflow if found else None

    async def find_workflow(
        self, workflow_id: str, *, include_tasks: bool = False, include_payloads: bool = False
    ) -> FoundWorkflow | None:
        source = WorkflowSource.PRIMARY
        workflow = await self._store.get_workflow(workflow_id, include_tasks=include_tasks)
        if workflow is None and self._archive_reads is not None:
            source = WorkflowSource.ARCHIVE
            workflow = await self._archive_reads.workflow(workflow_id, include_tasks=include_tasks)
        if workflow is None:
            return None
        if include_payloads:
            workflow = await self._payload_reads.record(workflow)
        return FoundWorkflow(workflow=workflow, source=source)

    def get_workflows(
        self,
        workflow_ids: Sequence[str],
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        pages = self._store.get_workflows(
            workflow_ids, include_tasks=include_tasks, resume_token=resume_token
        )
        return self._with_payloads(pages, wanted=include_payloads)

    def get_pending_workflows_by_type(
        self,
        workflow_name: str,
        *,
        version: int | None = None,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        pages = self._store.get_pending_workflows_by_type(
            workflow_name, version=version, resume_token=resume_token
        )
        return self._with_payloads(pages, wanted=include_payloads)

    def get_workflows_by_type(
        self,
        workflow_name: str,
        *,
        start_time: int,
        end_time: int,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        pages = self._store.get_workflows_by_type(
            workflow_name, start_time=start_time, end_time=end_time, resume_token=resume_token
        )
        return self._with_payloads(pages, wanted=include_payloads)

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        include_payloads: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        self._rules.require(Capability.SEARCH_ACROSS_WORKFLOWS, "GetWorkflowsByCorrelationId")
        pages = self._store.get_workflows_by_correlation_id(
            workflow_name, correlation_id, include_tasks=include_tasks, resume_token=resume_token
        )
        return self._with_payloads(pages, wanted=include_payloads)

    async def can_search_across_workflows(self) -> bool:
        return Capability.SEARCH_ACROSS_WORKFLOWS in self._rules.capabilities

    def _with_payloads(
        self, pages: AsyncIterator[Page[R]], *, wanted: bool
    ) -> AsyncIterator[Page[R]]:
        return self._payload_reads.pages(pages) if wanted else pages
