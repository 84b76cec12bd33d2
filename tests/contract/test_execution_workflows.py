"""Workflows and event executions of the ExecutionDAO: what every backend must do."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from podium_core.backend import Capability
from podium_core.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.execution_service import ExecutionService
from podium_core.models import DECIDER_QUEUE, PushMessage, TaskStatus, WorkflowStatus, collect
from podium_core.models.json_text import to_raw
from podium_core.ports import QueueDAO
from tests.contract.eventually import Delivered
from tests.contract.records import make_event_execution, make_task, make_workflow

replace = msgspec.structs.replace


class TestCreateWorkflow:
    async def test_stores_a_workflow_and_pushes_it_on_the_decider_queue(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        created = await executions.create_workflow(make_workflow(priority=7))
        assert created.created
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert stored.updated_time == created.updated_time
        assert stored.create_time
        await delivered()
        assert await queue_dao.contains_message(DECIDER_QUEUE, "w1")

    async def test_of_an_id_that_exists_writes_and_pushes_nothing(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        await executions.create_workflow(make_workflow())
        await delivered()
        await queue_dao.remove(DECIDER_QUEUE, "w1")
        again = await executions.create_workflow(make_workflow(owner_app="other"))
        assert not again.created
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert not stored.owner_app
        await delivered()
        assert not await queue_dao.contains_message(DECIDER_QUEUE, "w1")

    async def test_may_replace_as_java_does(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        assert (
            await executions.create_workflow(make_workflow(owner_app="other"), replace=True)
        ).created
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert stored.owner_app == "other"

    async def test_without_a_definition_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match="workflow_definition"):
            await executions.create_workflow(
                replace(make_workflow(), workflow_definition=msgspec.UNSET)
            )

    async def test_a_priority_above_99_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match="priority"):
            await executions.create_workflow(make_workflow(priority=100))

    async def test_its_tasks_are_ignored(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow(tasks=(make_task(),)))
        stored = await executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert stored.tasks == ()

    async def test_derives_name_and_version_from_the_definition(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(
            make_workflow(name="ship", version=3, workflow_name="wrong")
        )
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert (stored.workflow_name, stored.workflow_version) == ("ship", 3)


class TestUpdateWorkflow:
    async def test_stores_the_workflow_again_under_a_growing_stamp(
        self, executions: ExecutionService
    ) -> None:
        created = await executions.create_workflow(make_workflow())
        stamp = await executions.update_workflow(make_workflow(output=to_raw({"a": 1})))
        assert stamp > created.updated_time
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert stored.updated_time == stamp

    async def test_of_an_unknown_workflow_is_not_found(self, executions: ExecutionService) -> None:
        with pytest.raises(NotFoundError):
            await executions.update_workflow(make_workflow())

    async def test_upsert_stores_an_unknown_one(self, executions: ExecutionService) -> None:
        await executions.update_workflow(make_workflow(), upsert=True)
        assert await executions.get_pending_workflow_count("order") == 1

    async def test_with_a_stale_expected_time_writes_nothing(
        self, executions: ExecutionService
    ) -> None:
        created = await executions.create_workflow(make_workflow())
        await executions.update_workflow(make_workflow(), expected_update_time=created.updated_time)
        with pytest.raises(ConflictError) as raised:
            await executions.update_workflow(
                make_workflow(owner_app="late"), expected_update_time=created.updated_time
            )
        assert raised.value.reason == "STALE_UPDATE_TIME"
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert not stored.owner_app

    async def test_with_an_expected_time_still_to_come_writes_nothing(
        self, executions: ExecutionService
    ) -> None:
        workflow = make_workflow(create_time=1_700_000_000_000)
        created = await executions.create_workflow(workflow)
        later = created.updated_time + 3_600_000
        with pytest.raises(ConflictError):
            await executions.update_workflow(workflow, expected_update_time=later)
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert stored.updated_time == created.updated_time

    async def test_a_terminal_one_leaves_the_pending_set(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.update_workflow(make_workflow(status=WorkflowStatus.PAUSED))
        assert await executions.get_pending_workflow_count("order") == 1
        await executions.update_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        assert await executions.get_pending_workflow_count("order") == 0
        stored = await executions.get_workflow("w1")
        assert stored is not None
        assert stored.end_time > 0

    async def test_moves_it_in_every_set_that_its_fields_name(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow(correlation_id="a", create_time=5))
        await executions.update_workflow(
            make_workflow(version=2, correlation_id="b", create_time=50)
        )
        assert await collect(executions.get_running_workflow_ids("order", version=2)) == ["w1"]
        assert await collect(executions.get_workflows_by_correlation_id("order", "a")) == []
        assert len(await collect(executions.get_workflows_by_correlation_id("order", "b"))) == 1
        found = executions.get_workflows_by_type("order", start_time=50, end_time=50)
        assert len(await collect(found)) == 1

    @pytest.mark.parametrize("create_time", [UNSET, 0])
    async def test_without_a_create_time_keeps_its_place_in_time(
        self, executions: ExecutionService, create_time: int | UnsetType
    ) -> None:
        await executions.create_workflow(make_workflow(create_time=5))
        ended = make_workflow(status=WorkflowStatus.COMPLETED, create_time=create_time)
        await executions.update_workflow(ended)
        (found,) = await collect(
            executions.get_workflows_by_type("order", start_time=5, end_time=5)
        )
        assert (found.status, found.create_time) == (WorkflowStatus.COMPLETED, 5)

    @pytest.mark.parametrize("version", ["1", 1.0, None])
    async def test_reads_a_version_as_java_does(
        self, executions: ExecutionService, version: object
    ) -> None:
        definition = to_raw({"name": "order", "version": version})
        await executions.create_workflow(replace(make_workflow(), workflow_definition=definition))
        assert await collect(executions.get_running_workflow_ids("order", version=1)) == ["w1"]


class TestGetWorkflow:
    async def test_tasks_come_in_order_of_seq(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks(
            [make_task("a", seq=3), make_task("b", seq=1), make_task("c", seq=2)]
        )
        stored = await executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert [task.task_id for task in stored.tasks] == ["b", "c", "a"]

    async def test_an_unknown_one_is_none(self, executions: ExecutionService) -> None:
        assert await executions.get_workflow("w1") is None

    async def test_an_empty_id_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match="workflow_id"):
            await executions.get_workflow("")


class TestStreamsOfWorkflows:
    async def test_many_by_id_keep_the_order_asked(self, executions: ExecutionService) -> None:
        for id_ in ("w1", "w2", "w3"):
            await executions.create_workflow(make_workflow(id_))
        found = await collect(executions.get_workflows(["w3", "gone", "w1"]))
        assert [workflow.workflow_id for workflow in found] == ["w3", "w1"]

    async def test_running_ids_and_pending_workflows_filter_by_version(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow("w1", version=1))
        await executions.create_workflow(make_workflow("w2", version=2))
        await executions.create_workflow(
            make_workflow("w3", version=2, status=WorkflowStatus.COMPLETED)
        )
        assert await collect(executions.get_running_workflow_ids("order")) == ["w1", "w2"]
        assert await collect(executions.get_running_workflow_ids("order", version=2)) == ["w2"]
        pending = await collect(executions.get_pending_workflows_by_type("order", version=1))
        assert [workflow.workflow_id for workflow in pending] == ["w1"]

    async def test_by_type_and_creation_time_both_ends_included(
        self, executions: ExecutionService
    ) -> None:
        for n in range(1, 6):
            status = WorkflowStatus.COMPLETED if n % 2 else WorkflowStatus.RUNNING
            await executions.create_workflow(
                make_workflow(f"w{n}", create_time=n * 1_000, status=status)
            )
        found = await collect(
            executions.get_workflows_by_type("order", start_time=2_000, end_time=4_000)
        )
        assert [workflow.workflow_id for workflow in found] == ["w2", "w3", "w4"]

    @pytest.mark.capability(Capability.SEARCH_ACROSS_WORKFLOWS)
    async def test_by_correlation_id(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow("w1", correlation_id="c"))
        await executions.create_workflow(make_workflow("w2", correlation_id="c", name="other"))
        await executions.create_workflow(make_workflow("w3"))
        await executions.create_tasks([make_task()])
        found = await collect(
            executions.get_workflows_by_correlation_id("order", "c", include_tasks=True)
        )
        assert [workflow.workflow_id for workflow in found] == ["w1"]
        assert len(found[0].tasks) == 1
        assert await executions.can_search_across_workflows()


class TestRemoveWorkflow:
    async def test_takes_every_trace(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        await executions.create_workflow(make_workflow(correlation_id="c", create_time=5))
        tasks = [make_task(f"t{n:03}", concurrency_limit=1) for n in range(450)]
        await executions.create_tasks(tasks)
        await executions.update_task(replace(tasks[0], status=TaskStatus.IN_PROGRESS))
        await queue_dao.push("encode", PushMessage(id="t001"))
        assert await executions.remove_workflow("w1")
        assert await executions.get_workflow("w1") is None
        assert await executions.get_tasks(["t000", "t449"]) == []
        assert await collect(executions.get_tasks_for_workflow("w1")) == []
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        assert await collect(executions.get_running_workflow_ids("order")) == []
        assert await collect(executions.get_workflows_by_correlation_id("order", "c")) == []
        assert await executions.get_in_progress_task_count("encode") == 0
        await delivered()
        assert not await queue_dao.contains_message(DECIDER_QUEUE, "w1")
        assert not await queue_dao.contains_message("encode", "t001")

    async def test_of_an_unknown_one_is_false(self, executions: ExecutionService) -> None:
        assert not await executions.remove_workflow("w1")

    async def test_the_id_can_be_used_again(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.remove_workflow("w1")
        assert (await executions.create_workflow(make_workflow())).created

    async def test_a_late_update_does_not_raise_it_from_the_dead(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task()])
        await executions.remove_workflow("w1")
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task())
        with pytest.raises(NotFoundError):
            await executions.update_workflow(make_workflow())


@pytest.mark.capability(Capability.EXPIRY)
class TestRemoveWorkflowWithExpiry:
    async def test_leaves_every_set_at_once_and_stays_readable_and_writable(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        await executions.create_workflow(make_workflow(correlation_id="c", create_time=5))
        await executions.create_tasks([make_task("t1", reference_task_name="ref")])
        assert await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
        assert await executions.get_pending_workflow_count("order") == 0
        assert (
            await collect(executions.get_workflows_by_type("order", start_time=0, end_time=10))
            == []
        )
        assert await collect(executions.get_workflows_by_correlation_id("order", "c")) == []
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        await delivered()
        assert not await queue_dao.contains_message(DECIDER_QUEUE, "w1")
        await executions.update_workflow(make_workflow(owner_app="late"))
        await executions.update_task(make_task("t1", worker_id="late"))
        assert await executions.get_pending_workflow_count("order") == 0
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        stored = await executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert (stored.owner_app, stored.tasks[0].worker_id) == ("late", "late")

    async def test_ttl_0_removes_at_once(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        assert await executions.remove_workflow_with_expiry("w1", ttl_seconds=0)
        assert await executions.get_workflow("w1") is None

    async def test_of_an_unknown_one_is_false(self, executions: ExecutionService) -> None:
        assert not await executions.remove_workflow_with_expiry("w1", ttl_seconds=1)

    async def test_a_negative_ttl_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match="ttl_seconds"):
            await executions.remove_workflow_with_expiry("w1", ttl_seconds=-1)


class TestRemoveFromPendingWorkflow:
    async def test_leaves_the_pending_set_and_frees_slots_documents_stay(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1", reference_task_name="ref")])
        await executions.remove_from_pending_workflow("order", "w1")
        assert await executions.get_pending_workflow_count("order") == 0
        assert await executions.get_task("t1") is not None
        created = await executions.create_tasks([make_task("t2", reference_task_name="ref")])
        assert created.created_task_ids == ("t2",)


class TestResetWorkflow:
    async def test_removes_documents_and_leaves_messages(
        self, executions: ExecutionService, queue_dao: QueueDAO, delivered: Delivered
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task()])
        await queue_dao.push("encode", PushMessage(id="t1"))
        assert await executions.reset_workflow("w1")
        assert await executions.get_workflow("w1") is None
        assert await executions.get_task("t1") is None
        await delivered()
        assert await queue_dao.contains_message(DECIDER_QUEUE, "w1")
        assert await queue_dao.contains_message("encode", "t1")


class TestEventExecutions:
    async def test_added_once(self, executions: ExecutionService) -> None:
        assert await executions.add_event_execution(make_event_execution())
        assert not await executions.add_event_execution(make_event_execution())
        assert await executions.add_event_execution(make_event_execution("e2"))

    async def test_removed_and_added_again(self, executions: ExecutionService) -> None:
        await executions.add_event_execution(make_event_execution())
        assert await executions.remove_event_execution(make_event_execution())
        assert not await executions.remove_event_execution(make_event_execution())
        assert await executions.add_event_execution(make_event_execution())

    async def test_an_update_of_an_unknown_one_stores_it(
        self, executions: ExecutionService
    ) -> None:
        await executions.update_event_execution(make_event_execution())
        assert not await executions.add_event_execution(make_event_execution())

    async def test_all_four_parts_of_the_key_are_required(
        self, executions: ExecutionService
    ) -> None:
        with pytest.raises(InvalidArgumentError, match="message_id"):
            await executions.add_event_execution(replace(make_event_execution(), message_id=""))
