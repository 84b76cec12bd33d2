"""The tasks of an archived workflow are streamed from the archive, whole or in parts, above the size of an answer too."""

from __future__ import annotations

import pytest

from podium_core.errors import CorruptRecordError, ResultTooLargeError
from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.models import Page, Task, TaskStatus, WorkflowStatus, WorkflowSummary
from podium_core.models.json_text import to_raw
from podium_core.ports import IndexDAO
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import INDEX_WAYS, Settings

WAYS = INDEX_WAYS

MAX_MESSAGE_BYTES = 256 * 1024
TEXT = "one two three " * 500
TASKS = 60


@pytest.fixture(params=["whole", "in parts"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Archives of 420 kB are of one document, or are not; an answer is smaller either way."""
    whole = "8000000" if request.param == "whole" else "100000"
    return {
        "PODIUM_SERVER__MAX_MESSAGE_BYTES": str(MAX_MESSAGE_BYTES),
        "PODIUM_FACADE__ARCHIVE_WHOLE_MAX_BYTES": whole,
    }


def task(number: int) -> Task:
    """A task of 7 kB."""
    return make_task(
        f"t{number:02}",
        seq=TASKS - number,
        status=TaskStatus.COMPLETED,
        input_data=to_raw({"n": number, "text": TEXT}),
    )


async def archive(executions: ExecutionService, *numbers: int) -> list[Task]:
    """Remove a workflow with archive; its tasks as they were, by ``seq``."""
    await executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED, owner_app="me"))
    for number in numbers:
        await executions.create_tasks([task(number)])
    pages = [page async for page in executions.get_tasks_for_workflow("w1")]
    assert not any(page.archived for page in pages)
    assert await executions.remove_workflow("w1", archive=True)
    return sorted((task for page in pages for task in page.items), key=lambda task: task.seq)


async def pages(executions: ExecutionService, token: str = "") -> list[Page[Task]]:
    """The chunks of GetTasksForWorkflow."""
    found = executions.get_tasks_for_workflow("w1", resume_token=token)
    return [page async for page in found]


async def test_all_tasks_are_streamed_by_seq_and_said_to_be_archived(
    executions: ExecutionService,
) -> None:
    stored = await archive(executions, *range(TASKS))
    found = await pages(executions)
    assert len(found) > 1
    assert all(page.archived for page in found)
    assert [task for page in found for task in page.items] == stored


async def test_a_stream_goes_on_after_each_chunk(executions: ExecutionService) -> None:
    stored = await archive(executions, *range(TASKS))
    found = await pages(executions)
    for at, page in enumerate(found[:-1]):
        rest = [task for later in found[at + 1 :] for task in later.items]
        again = await pages(executions, page.resume_token)
        assert [task for later in again for task in later.items] == rest
    assert [task for page in found for task in page.items] == stored


async def test_get_workflow_says_who_streams_what_is_too_large(
    executions: ExecutionService,
) -> None:
    await archive(executions, *range(TASKS))
    with pytest.raises(ResultTooLargeError, match="GetTasksForWorkflow"):
        await executions.get_workflow("w1", include_tasks=True)
    found = await executions.find_workflow("w1")
    assert found is not None
    assert found.source is WorkflowSource.ARCHIVE
    assert (found.workflow.owner_app, found.workflow.tasks) == ("me", ())


async def test_get_workflow_has_what_is_not(executions: ExecutionService) -> None:
    stored = await archive(executions, *range(20))
    found = await executions.find_workflow("w1", include_tasks=True)
    assert found is not None
    assert found.source is WorkflowSource.ARCHIVE
    assert list(found.workflow.tasks) == stored


async def test_a_stream_that_was_read_from_the_store_goes_on_with_the_archive(
    executions: ExecutionService,
) -> None:
    await executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
    for number in range(TASKS):
        await executions.create_tasks([task(number)])
    stream = executions.get_tasks_for_workflow("w1")
    first = await anext(stream)
    assert first.resume_token
    await executions.remove_workflow("w1", archive=True)
    rest = await pages(executions, first.resume_token)
    seen = {str(task.task_id) for page in rest for task in page.items if page.archived}
    assert seen == {f"t{number:02}" for number in range(TASKS)}


async def test_a_further_run_is_read_from_the_store(executions: ExecutionService) -> None:
    await archive(executions, *range(3))
    await executions.create_workflow(make_workflow())
    assert [(page.items, page.archived) for page in await pages(executions)] == [((), False)]
    await executions.create_tasks([make_task("u1")])
    (page,) = await pages(executions)
    assert ([task.task_id for task in page.items], page.archived) == (["u1"], False)


async def test_a_smaller_archive_takes_the_place_of_a_larger_one(
    executions: ExecutionService,
) -> None:
    await archive(executions, *range(20))
    stored = await archive(executions, 1)
    assert [task for page in await pages(executions) for task in page.items] == stored


async def test_of_an_unknown_workflow_there_are_none(
    executions: ExecutionService, index_dao: IndexDAO
) -> None:
    await index_dao.index_workflow(WorkflowSummary(workflow_id="w1"))
    (page,) = await pages(executions)
    assert page.items == ()


async def test_a_part_that_was_removed_is_named(
    executions: ExecutionService, index_dao: IndexDAO, settings: Settings
) -> None:
    await archive(executions, *range(20))
    await index_dao.remove_task("w1", "t07")
    found = await pages(executions)
    unreadable = [id_ for page in found for id_ in page.unreadable_ids]
    whole = settings["PODIUM_FACADE__ARCHIVE_WHOLE_MAX_BYTES"] == "8000000"
    assert unreadable == ([] if whole else ["t07"])
    assert sum(len(page.items) for page in found) == 20 - len(unreadable)
    if not whole:
        with pytest.raises(CorruptRecordError, match="t07"):
            await executions.get_workflow("w1", include_tasks=True)
