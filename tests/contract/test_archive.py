"""What reaches the index by itself, and what is left there of a workflow that was removed: its archive, or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from podium_core.backend import Capability
from podium_core.errors import FailedPreconditionError, NotFoundError
from podium_core.execution_service import ExecutionService, WorkflowSource
from podium_core.models import (
    Commit,
    EventExecutionStatus,
    TaskStatus,
    TaskSummary,
    TaskUpdate,
    WorkflowStatus,
    WorkflowSummary,
    collect,
)
from podium_core.models.json_text import raw_text, to_raw
from podium_core.ports import IndexDAO
from tests.contract.eventually import eventually
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.contract.ways import INDEX_WAYS, INDEX_WAYS_AT_NIGHT

WAYS = INDEX_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

replace = msgspec.structs.replace

COMPLETED = WorkflowStatus.COMPLETED


async def workflow_entries(index: IndexDAO, query: str = "") -> list[WorkflowSummary]:
    return list((await index.search_workflow_summary(query, sort=["workflowId"])).results)


async def task_entries(index: IndexDAO, query: str = "") -> list[TaskSummary]:
    return list((await index.search_task_summary(query, sort=["taskId"])).results)


async def statuses(index: IndexDAO) -> dict[str, str]:
    """Of every entry, by id."""
    workflows = {str(e.workflow_id): str(e.status) for e in await workflow_entries(index)}
    return workflows | {str(e.task_id): str(e.status) for e in await task_entries(index)}


async def shows(index: IndexDAO, **expected: str) -> None:
    """Searches show these entries in the end, by id and status, and no others."""

    async def look() -> dict[str, str]:
        return await statuses(index)

    await eventually(look, expected.__eq__)


async def whole(index: IndexDAO, workflow_id: str = "w1") -> dict[str, Any]:
    """The document in an archived entry."""
    raw = await index.get(workflow_id, "rawJSON")
    assert raw is not None
    found: dict[str, Any] = json.loads(json.loads(raw_text(raw)))
    return found


async def run_to_its_end(executions: ExecutionService) -> None:
    """A workflow of two tasks, all of them completed."""
    await executions.create_workflow(make_workflow(input=to_raw({"order": 7})))
    await executions.create_tasks([make_task("t1", seq=2), make_task("t2", seq=1)])
    for id_, seq in (("t1", 2), ("t2", 1)):
        await executions.update_task(make_task(id_, seq=seq, status=TaskStatus.COMPLETED))
    await executions.update_workflow(make_workflow(input=to_raw({"order": 7}), status=COMPLETED))


class TestSearches:
    async def test_see_what_is_created_and_how_it_changes(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        await shows(index_dao, w1="RUNNING", t1="SCHEDULED", t2="SCHEDULED")
        await executions.update_tasks(
            [TaskUpdate(task=make_task(id_, status=TaskStatus.FAILED)) for id_ in ("t1", "t2")]
        )
        await executions.update_workflow(make_workflow(status=WorkflowStatus.FAILED))
        await shows(index_dao, w1="FAILED", t1="FAILED", t2="FAILED")

    async def test_no_longer_see_a_removed_task(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        await shows(index_dao, w1="RUNNING", t1="SCHEDULED", t2="SCHEDULED")
        await executions.remove_task("t1")
        await shows(index_dao, w1="RUNNING", t2="SCHEDULED")

    async def test_see_what_a_commit_wrote(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.commit(
            Commit(workflow_id="w1", create_workflow=make_workflow(), create_tasks=[make_task()])
        )
        await shows(index_dao, w1="RUNNING", t1="SCHEDULED")
        done = make_task(status=TaskStatus.COMPLETED)
        await executions.commit(
            Commit(
                workflow_id="w1",
                update_workflow=make_workflow(status=COMPLETED),
                create_tasks=[make_task("t2")],
                update_tasks=[TaskUpdate(task=done)],
            )
        )
        await shows(index_dao, w1="COMPLETED", t1="COMPLETED", t2="SCHEDULED")

    async def test_see_nothing_of_a_task_that_was_left_out(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1", reference_task_name="ref")])
        await executions.create_tasks([make_task("t2", reference_task_name="ref")])
        await executions.create_workflow(make_workflow("w2"))
        await shows(index_dao, w1="RUNNING", w2="RUNNING", t1="SCHEDULED")

    async def test_find_what_an_entry_holds(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow(correlation_id="c", priority=3))

        async def look() -> list[WorkflowSummary]:
            return await workflow_entries(index_dao, "correlationId = 'c' AND priority = 3")

        (entry,) = await eventually(look)
        assert (entry.workflow_type, entry.version, entry.archived) == ("order", 1, msgspec.UNSET)


class TestEventExecutions:
    async def test_are_looked_up_in_their_newest_state(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        added = make_event_execution(status=EventExecutionStatus.IN_PROGRESS)
        await executions.add_event_execution(added)
        await executions.add_event_execution(make_event_execution("e2"))
        await executions.update_event_execution(
            make_event_execution(status=EventExecutionStatus.COMPLETED)
        )

        async def look() -> dict[str, object]:
            found = await index_dao.get_event_executions("sqs:orders")
            return {str(execution.id): execution.status for execution in found}

        both = {"e1": EventExecutionStatus.COMPLETED, "e2": msgspec.UNSET}
        await eventually(look, both.__eq__)

    async def test_a_refused_add_changes_nothing(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        first = make_event_execution(status=EventExecutionStatus.COMPLETED)
        await executions.add_event_execution(first)
        again = make_event_execution(status=EventExecutionStatus.FAILED)
        assert not await executions.add_event_execution(again)
        await executions.add_event_execution(make_event_execution("e2"))

        async def look() -> list[str]:
            found = await index_dao.get_event_executions("sqs:orders")
            return sorted(str(execution.status) for execution in found)

        await eventually(look, lambda seen: len(seen) == 2)
        assert str(EventExecutionStatus.COMPLETED) in await look()


class TestRemoveWorkflowWithArchive:
    async def test_leaves_the_whole_execution_in_the_index_and_nothing_else(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        assert await executions.remove_workflow("w1", archive=True)
        assert await executions.get_task("t1") is None
        assert await collect(executions.get_workflows(["w1"])) == []

        async def entries() -> Sequence[tuple[object, object]]:
            workflows, tasks = await workflow_entries(index_dao), await task_entries(index_dao)
            found = [(entry.status, entry.archived) for entry in workflows]
            return found + [(entry.status, entry.archived) for entry in tasks]

        await eventually(entries, lambda found: found == [("COMPLETED", True)] * 3)
        document = await whole(index_dao)
        assert (document["workflowId"], document["input"]) == ("w1", {"order": 7})
        assert [task["taskId"] for task in document["tasks"]] == ["t2", "t1"]
        assert {task["status"] for task in document["tasks"]} == {"COMPLETED"}

    async def test_it_is_confirmed_when_the_call_returns(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        for n in range(5):
            await executions.create_workflow(make_workflow(f"w{n}", status=COMPLETED))
            await executions.remove_workflow(f"w{n}", archive=True)
            # Whether a search shows it yet is another matter.
            assert await index_dao.get(f"w{n}", "archived") == Raw(b"true")

    async def test_get_workflow_answers_from_the_archive(
        self, executions: ExecutionService
    ) -> None:
        await run_to_its_end(executions)
        before = await executions.find_workflow("w1", include_tasks=True)
        assert before is not None
        assert before.source is WorkflowSource.PRIMARY
        await executions.remove_workflow("w1", archive=True)
        found = await executions.find_workflow("w1", include_tasks=True)
        assert found is not None
        assert found.source is WorkflowSource.ARCHIVE
        assert found.workflow == before.workflow
        alone = await executions.get_workflow("w1")
        assert alone == replace(before.workflow, tasks=())

    async def test_of_many_tasks_keeps_all_of_them(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow(status=COMPLETED))
        ids = [f"t{n:04}" for n in range(1_200)]
        for at in range(0, len(ids), 400):
            tasks = [make_task(id_, seq=int(id_[1:])) for id_ in ids[at : at + 400]]
            await executions.create_tasks(tasks)
        assert await executions.remove_workflow("w1", archive=True)
        archived = await executions.get_workflow("w1", include_tasks=True)
        assert archived is not None
        assert [task.task_id for task in archived.tasks] == ids

    async def test_of_a_running_one_is_refused(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(FailedPreconditionError):
            await executions.remove_workflow("w1", archive=True)
        with pytest.raises(FailedPreconditionError):
            await executions.remove_workflow_with_expiry("w1", ttl_seconds=1, archive=True)
        found = await executions.find_workflow("w1")
        assert found is not None
        assert found.source is WorkflowSource.PRIMARY
        await shows(index_dao, w1="RUNNING")

    async def test_of_an_unknown_one_and_a_repeat_are_false_and_harmless(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        assert not await executions.remove_workflow("w1", archive=True)
        await run_to_its_end(executions)
        assert await executions.remove_workflow("w1", archive=True)
        assert not await executions.remove_workflow("w1", archive=True)
        assert not await executions.remove_workflow_with_expiry("w1", ttl_seconds=1, archive=True)
        assert len((await whole(index_dao))["tasks"]) == 2

    async def test_survives_late_updates(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow("w1", archive=True)
        late = make_workflow(owner_app="late")
        with pytest.raises(NotFoundError):
            await executions.update_workflow(late)
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task("t1"))
        with pytest.raises(NotFoundError):
            await executions.create_tasks([make_task("t9")])
        with pytest.raises(NotFoundError):
            await executions.commit(Commit(workflow_id="w1", update_workflow=late))
        await executions.create_workflow(make_workflow("w2"))
        await shows(index_dao, w1="COMPLETED", w2="RUNNING", t1="COMPLETED", t2="COMPLETED")
        assert "ownerApp" not in await whole(index_dao)

    async def test_a_new_workflow_of_its_id_takes_the_place_of_the_archived_one(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow("w1", archive=True)
        assert (await executions.create_workflow(make_workflow())).created
        found = await executions.find_workflow("w1")
        assert found is not None
        assert found.source is WorkflowSource.PRIMARY
        await shows(index_dao, w1="RUNNING", t1="COMPLETED", t2="COMPLETED")
        (entry,) = await workflow_entries(index_dao)
        assert entry.archived is msgspec.UNSET
        assert await index_dao.get("w1", "rawJSON") is None

    async def test_a_second_run_is_archived_in_its_place(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow("w1", archive=True)
        await executions.create_workflow(make_workflow(owner_app="second", status=COMPLETED))
        await executions.remove_workflow("w1", archive=True)
        document = await whole(index_dao)
        assert (document["ownerApp"], document["tasks"]) == ("second", [])


class TestRemoveWorkflowWithoutArchive:
    async def test_its_entries_vanish_from_searches(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.create_workflow(make_workflow("w2"))
        await shows(index_dao, w1="COMPLETED", w2="RUNNING", t1="COMPLETED", t2="COMPLETED")
        await executions.remove_workflow("w1")
        await shows(index_dao, w2="RUNNING")
        assert await executions.find_workflow("w1") is None

    async def test_a_workflow_that_is_reset_leaves_no_entry(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await shows(index_dao, w1="COMPLETED", t1="COMPLETED", t2="COMPLETED")
        assert await executions.reset_workflow("w1")
        await shows(index_dao)
        assert await executions.get_workflow("w1") is None

    async def test_an_archive_that_is_created_again_and_reset_is_gone(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow(status=COMPLETED))
        await executions.remove_workflow("w1", archive=True)
        await executions.create_workflow(make_workflow())
        await executions.reset_workflow("w1")
        await shows(index_dao)


@pytest.mark.capability(Capability.EXPIRY)
class TestRemoveWorkflowWithExpiry:
    async def test_archives_at_once_and_stays_readable_and_writable_by_id(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600, archive=True)

        async def archived() -> list[WorkflowSummary]:
            return await workflow_entries(index_dao, "archived = true")

        await eventually(archived)
        found = await executions.find_workflow("w1", include_tasks=True)
        assert found is not None
        assert found.source is WorkflowSource.PRIMARY
        assert len(found.workflow.tasks) == 2
        await executions.update_workflow(make_workflow(owner_app="late", status=COMPLETED))
        await executions.update_task(make_task("t1", worker_id="late", seq=2))
        await executions.create_tasks([make_task("t3", seq=3)])

        async def look() -> dict[str, Any]:
            return await whole(index_dao)

        document = await eventually(look, lambda seen: len(seen["tasks"]) == 3)
        assert document["ownerApp"] == "late"
        assert document["tasks"][1]["workerId"] == "late"

    async def test_what_was_updated_before_the_due_time_is_in_the_archive_in_the_end(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=1, archive=True)
        await executions.update_workflow(make_workflow(owner_app="late", status=COMPLETED))
        await executions.update_task(make_task("t1", worker_id="late"))
        await executions.remove_task("t2")

        async def source() -> WorkflowSource | None:
            found = await executions.find_workflow("w1")
            assert found is not None  # in one place or the other, at every moment
            return found.source

        await eventually(source, WorkflowSource.ARCHIVE.__eq__)
        document = await whole(index_dao)
        assert document["ownerApp"] == "late"
        assert [task["workerId"] for task in document["tasks"]] == ["late"]
        await shows(index_dao, w1="COMPLETED", t1="SCHEDULED")

    async def test_a_task_that_is_removed_and_created_again_before_is_archived(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600, archive=True)
        await executions.remove_task("t1")
        await executions.create_tasks([make_task("t1", worker_id="second")])

        async def look() -> list[str]:
            entries = await task_entries(index_dao, "archived = true")
            return [f"{entry.task_id} {entry.status}" for entry in entries]

        await eventually(look, ["t1 SCHEDULED", "t2 COMPLETED"].__eq__)
        await executions.create_workflow(make_workflow("w2"))
        await shows(index_dao, w1="COMPLETED", w2="RUNNING", t1="SCHEDULED", t2="COMPLETED")

    async def test_that_is_changed_to_one_without_archive_is_indexed_as_before(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await run_to_its_end(executions)
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600, archive=True)
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)

        async def archived() -> list[object]:
            entries: list[WorkflowSummary | TaskSummary] = [
                *await workflow_entries(index_dao),
                *await task_entries(index_dao),
            ]
            return [entry.archived for entry in entries]

        await eventually(archived, [msgspec.UNSET, msgspec.UNSET, msgspec.UNSET].__eq__)

    async def test_without_archive_its_entries_go_when_it_goes(
        self, executions: ExecutionService, index_dao: IndexDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1")])
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=1)
        await shows(index_dao, w1="RUNNING", t1="SCHEDULED")
        await shows(index_dao)
        assert await executions.find_workflow("w1") is None
