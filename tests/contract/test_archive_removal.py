"""A removal without archive of a workflow that only the archive holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.models import TaskSummary, Wait, WorkflowStatus, WorkflowSummary, collect
from podium_core.ports import IndexDAO
from tests.contract.eventually import eventually
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import INDEX_WAYS, INDEX_WAYS_AT_NIGHT

WAYS = INDEX_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

Remove = Callable[[ExecutionService], Awaitable[object]]

REMOVALS: dict[str, tuple[Remove, object]] = {
    "RemoveWorkflow": (lambda e: e.remove_found_workflow("w1"), WorkflowSource.ARCHIVE),
    "RemoveWorkflow, DAO": (lambda e: e.remove_workflow("w1"), True),
    "RemoveWorkflowWithExpiry": (
        lambda e: e.remove_found_workflow("w1", ttl_seconds=60),
        WorkflowSource.ARCHIVE,
    ),
    "ResetWorkflow": (lambda e: e.reset_workflow("w1"), True),
}


async def archive(executions: ExecutionService, workflow_id: str = "w1", tasks: int = 2) -> None:
    """Remove a workflow with archive."""
    await executions.create_workflow(make_workflow(workflow_id, status=WorkflowStatus.COMPLETED))
    ids = [f"{workflow_id}.t{n:03}" for n in range(tasks)]
    await executions.create_tasks([make_task(id_, workflow_id=workflow_id) for id_ in ids])
    source = await executions.remove_found_workflow(workflow_id, archive=True)
    assert source is WorkflowSource.PRIMARY


async def entries(index: IndexDAO, workflow_id: str = "w1") -> int:
    """How many entries of a workflow and its tasks there are."""
    query = f"workflowId = '{workflow_id}'"
    workflows = await index.search_workflows(query, count=0)
    return workflows.total_hits + (await index.search_tasks(query, count=0)).total_hits


@pytest.mark.parametrize("call", REMOVALS)
async def test_removes_its_entries_and_says_from_where(
    executions: ExecutionService, index_dao: IndexDAO, call: str
) -> None:
    remove, said = REMOVALS[call]
    await archive(executions)
    await archive(executions, "w2")
    assert await remove(executions) == said
    assert await executions.find_workflow("w1") is None
    assert await collect(executions.get_tasks_for_workflow("w1")) == []

    async def is_gone() -> bool:
        return await entries(index_dao) == 0

    await eventually(is_gone)
    assert await entries(index_dao, "w2") == 3
    assert not await remove(executions)


async def test_of_many_tasks_removes_all(executions: ExecutionService, index_dao: IndexDAO) -> None:
    await archive(executions, tasks=450)
    assert await executions.remove_workflow("w1")

    async def is_gone() -> bool:
        return await entries(index_dao) == 0

    await eventually(is_gone)


async def test_leaves_what_is_indexed_but_not_archived(
    executions: ExecutionService, index_dao: IndexDAO
) -> None:
    await index_dao.index_workflow(WorkflowSummary(workflow_id="w1"))
    assert await executions.remove_found_workflow("w1") is None
    assert await entries(index_dao) == 1


async def test_a_workflow_that_is_created_again_keeps_its_entry(
    executions: ExecutionService, index_dao: IndexDAO
) -> None:
    await archive(executions)
    assert await executions.remove_workflow("w1")
    await executions.create_workflow(make_workflow())

    async def statuses() -> list[object]:
        found = await index_dao.search_workflow_summary("workflowId = 'w1'")
        return [(entry.status, bool(entry.archived)) for entry in found.results]

    await eventually(statuses, lambda seen: seen == [("RUNNING", False)])


class TestIndexServiceRemoveWorkflow:
    @pytest.mark.parametrize("wait", [Wait.ACCEPTED, Wait.INDEXED])
    async def test_takes_the_entries_of_tasks_along_where_asked(
        self, index_dao: IndexDAO, wait: Wait
    ) -> None:
        for workflow_id in ("w1", "it's w2"):
            await index_dao.index_workflow(WorkflowSummary(workflow_id=workflow_id))
            for n in range(3):
                task = TaskSummary(task_id=f"{workflow_id}{n}", workflow_id=workflow_id)
                await index_dao.index_task(task)
        removed = await index_dao.remove_workflow("it's w2", include_tasks=True, wait=wait)
        assert removed is (True if wait is Wait.INDEXED else None)

        async def left() -> int:
            workflows = await index_dao.search_workflows(count=0)
            return workflows.total_hits + (await index_dao.search_tasks(count=0)).total_hits

        await eventually(left, lambda seen: seen == 4)
        assert await entries(index_dao) == 4

    async def test_leaves_them_otherwise(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(WorkflowSummary(workflow_id="w1"))
        await index_dao.index_task(TaskSummary(task_id="t1", workflow_id="w1"))
        assert await index_dao.remove_workflow("w1") is True
        assert await entries(index_dao) == 1
