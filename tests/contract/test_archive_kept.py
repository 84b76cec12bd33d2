"""An archive survives every write through IndexService but an explicit removal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from msgspec import UNSET

from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.models import TaskSummary, Wait, Workflow, WorkflowStatus, WorkflowSummary
from podium_core.models.json_text import to_raw
from podium_core.ports import IndexDAO
from tests.contract.eventually import eventually
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import INDEX_WAYS, INDEX_WAYS_AT_NIGHT

WAYS = INDEX_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

Write = Callable[[IndexDAO, Wait], Awaitable[object]]

# The last field of each tells that the write has been made.
FIELDS = to_raw({"correlationId": "late"})
NO_ARCHIVE = to_raw({"rawJSON": None, "archived": False, "correlationId": "late"})
OTHER_ARCHIVE = to_raw({"rawJSON": "{}", "archived": True, "correlationId": "late"})
WORKFLOW = WorkflowSummary(workflow_id="w1", status="FAILED", correlation_id="late")
TASK = TaskSummary(task_id="t1", workflow_id="w1", status="FAILED", correlation_id="late")

WORKFLOW_WRITES: dict[str, Write] = {
    "IndexWorkflow": lambda index, wait: index.index_workflow(WORKFLOW, wait=wait),
    "UpdateWorkflow": lambda index, wait: index.update_workflow("w1", FIELDS, wait=wait),
    "UpdateWorkflow, none": lambda index, wait: index.update_workflow("w1", NO_ARCHIVE, wait=wait),
    "UpdateWorkflow, another": lambda index, wait: index.update_workflow(
        "w1", OTHER_ARCHIVE, wait=wait
    ),
}
TASK_WRITES: dict[str, Write] = {
    "IndexTask": lambda index, wait: index.index_task(TASK, wait=wait),
    "UpdateTask": lambda index, wait: index.update_task("w1", "t1", FIELDS, wait=wait),
    "UpdateTask, none": lambda index, wait: index.update_task("w1", "t1", NO_ARCHIVE, wait=wait),
}
WAITS = pytest.mark.parametrize("wait", [Wait.ACCEPTED, Wait.INDEXED])


@pytest.fixture
async def archived(executions: ExecutionService) -> Workflow:
    """A workflow of two tasks that only the archive holds."""
    workflow = make_workflow(status=WorkflowStatus.COMPLETED)
    await executions.create_workflow(workflow)
    await executions.create_tasks([make_task("t1", seq=1), make_task("t2", seq=2)])
    stored = await executions.get_workflow("w1", include_tasks=True)
    assert stored is not None
    assert await executions.remove_workflow("w1", archive=True)
    return stored


async def late_workflows(index: IndexDAO) -> list[WorkflowSummary]:
    found = await index.search_workflow_summary("correlationId = 'late'")
    return list(found.results)


async def late_tasks(index: IndexDAO) -> list[TaskSummary]:
    return list((await index.search_task_summary("correlationId = 'late'")).results)


@WAITS
@pytest.mark.parametrize("write", WORKFLOW_WRITES)
async def test_a_late_write_of_the_workflows_entry_leaves_the_archive(
    executions: ExecutionService, index_dao: IndexDAO, archived: Workflow, write: str, wait: Wait
) -> None:
    await WORKFLOW_WRITES[write](index_dao, wait)
    (entry,) = await eventually(lambda: late_workflows(index_dao))
    assert entry.archived is True
    found = await executions.find_workflow("w1", include_tasks=True)
    assert found is not None
    assert (found.source, found.workflow) == (WorkflowSource.ARCHIVE, archived)


@WAITS
@pytest.mark.parametrize("write", TASK_WRITES)
async def test_a_late_write_of_a_tasks_entry_leaves_it_archived(
    index_dao: IndexDAO, archived: Workflow, write: str, wait: Wait
) -> None:
    await TASK_WRITES[write](index_dao, wait)
    (entry,) = await eventually(lambda: late_tasks(index_dao))
    assert entry.archived is True


@WAITS
async def test_an_explicit_removal_takes_the_archive_and_a_write_after_it_has_none(
    executions: ExecutionService, index_dao: IndexDAO, archived: Workflow, wait: Wait
) -> None:
    await index_dao.remove_workflow("w1", wait=wait)
    await index_dao.index_workflow(WORKFLOW, wait=wait)
    (entry,) = await eventually(lambda: late_workflows(index_dao))
    assert entry.archived is UNSET
    assert await executions.get_workflow("w1") is None
    assert await index_dao.get("w1", "rawJSON") is None


class TestAnArchiveOfTheEnginesOwn:
    """One that came through IndexService."""

    @WAITS
    async def test_survives_a_further_write_of_its_entry(
        self, executions: ExecutionService, index_dao: IndexDAO, wait: Wait
    ) -> None:
        await index_dao.index_workflow(WorkflowSummary(workflow_id="w1"))
        own = to_raw({"rawJSON": '{"workflowId":"w1","ownerApp":"own"}', "archived": True})
        await index_dao.update_workflow("w1", own, wait=wait)
        await index_dao.index_workflow(WORKFLOW, wait=wait)
        await eventually(lambda: late_workflows(index_dao))
        found = await executions.get_workflow("w1")
        assert found is not None
        assert found.owner_app == "own"

    @WAITS
    async def test_gives_way_to_its_next_one(
        self, executions: ExecutionService, index_dao: IndexDAO, wait: Wait
    ) -> None:
        await index_dao.index_workflow(WORKFLOW)
        for run in ("first", "second"):
            text = f'{{"workflowId":"w1","ownerApp":"{run}"}}'
            own = to_raw({"rawJSON": text, "archived": True})
            await index_dao.update_workflow("w1", own, wait=wait)

        async def is_second() -> bool:
            found = await executions.get_workflow("w1")
            return found is not None and found.owner_app == "second"

        await eventually(is_second)
