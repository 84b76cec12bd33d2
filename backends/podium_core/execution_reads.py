"""The reads of ExecutionDAO on any store: argument checks, resume tokens, what an answer may hold. A store only reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any

import msgspec

from podium_core.closing import closing
from podium_core.errors import InvalidArgumentError
from podium_core.models import Page, Task, Workflow
from podium_core.paging.filled_pages import filled_pages
from podium_core.paging.page_builder import Found
from podium_core.paging.pages_of import Row, pages_of
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key
from podium_core.ports.execution_table import ExecutionTable
from podium_core.requirements import (
    MAX_IDS,
    require_count,
    require_ids,
    require_not_negative,
    require_text,
)


class ExecutionReads(ExecutionTable):
    """The reads of ExecutionDAO. Arguments are checked at the call; the store's own coroutine is the answer."""

    def __init__(self, *, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        """``max_answer_bytes`` as of ``StoreContext``."""
        self._max_answer_bytes = max_answer_bytes

    # tasks

    def get_task(self, task_id: str) -> Coroutine[Any, Any, Task | None]:
        require_text(task_id, "task_id")
        return self.read_task(task_id)

    def get_tasks(self, task_ids: Sequence[str]) -> Coroutine[Any, Any, list[Task]]:
        require_ids(task_ids, "task_ids")
        return self.read_tasks(task_ids, ReadBudget(self._max_answer_bytes))

    def get_tasks_by_type(
        self, task_type: str, *, start_key: str = "", count: int
    ) -> Coroutine[Any, Any, list[Task]]:
        require_text(task_type, "task_type")
        require_count(count, limit=MAX_IDS)
        budget = ReadBudget(self._max_answer_bytes)
        return self.read_pending_tasks(task_type, start_key, count, budget)

    def get_pending_tasks_by_workflow(
        self, task_name: str, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_name, "task_name")
        require_text(workflow_id, "workflow_id")
        return self.pending_tasks_of_workflow(task_name, workflow_id, _id_in(resume_token))

    def get_pending_tasks_for_task_type(
        self, task_type: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(task_type, "task_type")
        return self.pending_tasks(task_type, _id_in(resume_token))

    def get_tasks_for_workflow(
        self, workflow_id: str, *, resume_token: str = ""
    ) -> AsyncIterator[Page[Task]]:
        require_text(workflow_id, "workflow_id")
        return self.tasks_of_workflow(workflow_id, _id_in(resume_token))

    def get_in_progress_task_count(self, task_def_name: str) -> Coroutine[Any, Any, int]:
        require_text(task_def_name, "task_def_name")
        return self.count_in_progress(task_def_name)

    # workflows

    def get_workflow(
        self, workflow_id: str, *, include_tasks: bool = False
    ) -> Coroutine[Any, Any, Workflow | None]:
        require_text(workflow_id, "workflow_id")
        return self._with_tasks(workflow_id) if include_tasks else self.read_workflow(workflow_id)

    async def _with_tasks(self, workflow_id: str) -> Workflow | None:
        found = await self._whole_workflow(workflow_id)
        return None if found is None else found.item

    def _whole_workflow(self, workflow_id: str) -> Coroutine[Any, Any, Found[Workflow] | None]:
        subject = f"workflow '{workflow_id}' with its tasks"
        return self.read_whole_workflow(workflow_id, ReadBudget(self._max_answer_bytes, subject))

    def get_workflows(
        self, workflow_ids: Sequence[str], *, include_tasks: bool = False, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_ids(workflow_ids, "workflow_ids")
        (after,) = resume_key(resume_token, tuple[int], (-1,))
        if not include_tasks:
            return self.workflows(workflow_ids, after)
        ids = pages_of(_ids_after(workflow_ids, after))
        return filled_pages(ids, self._whole_workflow, id_of=str)

    def get_running_workflow_ids(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[str]]:
        require_text(workflow_name, "workflow_name")
        return self.pending_workflow_ids(workflow_name, version, _id_in(resume_token))

    def get_pending_workflows_by_type(
        self, workflow_name: str, *, version: int | None = None, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        return self.pending_workflows(workflow_name, version, _id_in(resume_token))

    def get_pending_workflow_count(self, workflow_name: str) -> Coroutine[Any, Any, int]:
        require_text(workflow_name, "workflow_name")
        return self.count_pending_workflows(workflow_name)

    def get_workflows_by_type(
        self, workflow_name: str, *, start_time: int, end_time: int, resume_token: str = ""
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_not_negative(start_time, "start_time")
        if end_time < start_time:
            raise InvalidArgumentError("end_time", "must not be before start_time")
        after = resume_key(resume_token, tuple[int, str], (start_time, ""))
        return self.workflows_by_time(workflow_name, after, end_time)

    def get_workflows_by_correlation_id(
        self,
        workflow_name: str,
        correlation_id: str,
        *,
        include_tasks: bool = False,
        resume_token: str = "",
    ) -> AsyncIterator[Page[Workflow]]:
        require_text(workflow_name, "workflow_name")
        require_text(correlation_id, "correlation_id")
        found = self.correlated_workflows(workflow_name, correlation_id, _id_in(resume_token))
        if not include_tasks:
            return found
        return filled_pages(_ids_of(found), self._whole_workflow, id_of=str)


def with_tasks(workflow: Workflow, tasks: Sequence[Task]) -> Workflow:
    """The workflow with its tasks, in order of ``seq``."""
    in_order = sorted(tasks, key=lambda task: (task.seq, task.task_id or ""))
    return msgspec.structs.replace(workflow, tasks=tuple(in_order))


def _id_in(resume_token: str) -> str:
    (after,) = resume_key(resume_token, tuple[str], ("",))
    return after


async def _ids_of(pages: AsyncIterator[Page[Workflow]]) -> AsyncIterator[Page[str]]:
    async with closing(pages) as found:
        async for page in found:
            # What is stored says which id is meant, not what a document says.
            ids = tuple(str(id_) for (id_,) in page.keys)
            yield Page(
                items=ids,
                keys=page.keys,
                resume_token=page.resume_token,
                unreadable_ids=page.unreadable_ids,
            )


async def _ids_after(ids: Sequence[str], after: int) -> AsyncIterator[Row[str]]:
    for at in range(after + 1, len(ids)):
        yield Row((at,), ids[at], Found(ids[at], len(ids[at])))
