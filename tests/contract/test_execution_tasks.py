"""Tasks of the ExecutionDAO: what every backend must do."""

from __future__ import annotations

import msgspec
import pytest

from podium_core.backend import Capability
from podium_core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
)
from podium_core.execution_service import ExecutionService
from podium_core.models import TaskStatus, TaskUpdate, collect
from podium_core.models.json_text import raw_text, to_raw
from podium_core.ports import ConcurrentExecutionLimitDAO
from tests.contract.records import make_task, make_workflow

replace = msgspec.structs.replace


class TestCreateTasks:
    async def test_stores_tasks_and_returns_their_ids_in_order(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task("t2"), make_task("t1")])
        assert created.created_task_ids == ("t2", "t1")
        stored = await executions.get_task("t1")
        assert stored is not None
        assert stored.update_time == created.update_time > 0

    async def test_of_an_unknown_workflow_is_not_found_and_writes_nothing(
        self, executions: ExecutionService
    ) -> None:
        with pytest.raises(NotFoundError):
            await executions.create_tasks([make_task()])
        assert await executions.get_task("t1") is None

    async def test_of_an_unknown_workflow_may_be_allowed(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_tasks([make_task()], allow_missing_workflow=True)
        assert await executions.get_task("t1") is not None

    async def test_leaves_out_a_task_whose_slot_is_taken(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        first = make_task("t1", reference_task_name="ref")
        assert (await executions.create_tasks([first])).created_task_ids == ("t1",)
        second = await executions.create_tasks(
            [make_task("t2", reference_task_name="ref"), make_task("t3")]
        )
        assert second.created_task_ids == ("t3",)
        assert second.left_out_task_ids == ("t2",)
        assert await executions.get_task("t2") is None

    async def test_another_retry_is_another_slot(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        tasks = [make_task(f"t{n}", reference_task_name="ref", retry_count=n) for n in range(2)]
        assert (await executions.create_tasks(tasks)).created_task_ids == ("t0", "t1")

    async def test_slots_are_told_apart_where_conductors_names_run_together(
        self, executions: ExecutionService, capabilities: frozenset[Capability]
    ) -> None:
        await executions.create_workflow(make_workflow())
        tasks = [
            make_task("t1", reference_task_name="a1", retry_count=0),
            make_task("t2", reference_task_name="a", retry_count=10),
        ]
        created = await executions.create_tasks(tasks)
        if Capability.DISTINCT_SLOTS in capabilities:
            assert created.created_task_ids == ("t1", "t2")
        else:
            assert (created.created_task_ids, created.left_out_task_ids) == (("t1",), ("t2",))

    async def test_a_repeat_after_its_slot_was_freed_leaves_the_task_as_it_is(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task()])
        await executions.update_task(make_task(status=TaskStatus.COMPLETED))
        await executions.remove_from_pending_workflow("order", "w1")
        assert (await executions.create_tasks([make_task()])).created_task_ids == ("t1",)
        stored = await executions.get_task("t1")
        assert stored is not None
        assert stored.status is TaskStatus.COMPLETED

    async def test_the_same_id_again_counts_as_created_and_stays_as_it_is(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task()])
        again = await executions.create_tasks([make_task(worker_id="other")])
        assert again.created_task_ids == ("t1",)
        stored = await executions.get_task("t1")
        assert stored is not None
        assert not stored.worker_id

    async def test_an_id_that_holds_another_slot_is_refused(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1", reference_task_name="a")])
        with pytest.raises(AlreadyExistsError):
            await executions.create_tasks([make_task("t1", reference_task_name="b")])
        created = await executions.create_tasks([make_task("t2", reference_task_name="b")])
        assert created.created_task_ids == ("t2",)

    async def test_one_invalid_task_and_nothing_is_written(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(InvalidArgumentError, match=r"tasks\[1\]\.reference_task_name"):
            await executions.create_tasks(
                [make_task("t1"), make_task("t2", reference_task_name="")]
            )
        assert await executions.get_task("t1") is None

    async def test_an_id_that_is_there_twice_is_refused(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(InvalidArgumentError, match="twice"):
            await executions.create_tasks([make_task("t1"), make_task("t1", retry_count=1)])

    async def test_more_than_a_thousand_are_refused(self, executions: ExecutionService) -> None:
        tasks = [make_task(f"t{n}") for n in range(1_001)]
        with pytest.raises(InvalidArgumentError, match="1000"):
            await executions.create_tasks(tasks)

    async def test_schedules_a_task_that_does_not_say_when(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2", scheduled_time=5)])
        tasks = await executions.get_tasks(["t1", "t2"])
        assert tasks[0].scheduled_time > 1_600_000_000_000
        assert tasks[1].scheduled_time == 5


class TestUpdateTask:
    async def test_stores_the_task_again_under_a_growing_stamp(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task()])
        first = await executions.update_task(make_task(worker_id="a"))
        second = await executions.update_task(make_task(worker_id="b"))
        assert created.update_time < first < second
        stored = await executions.get_task("t1")
        assert stored is not None
        assert (stored.worker_id, stored.update_time) == ("b", second)

    async def test_of_an_unknown_task_is_not_found(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task())
        assert await executions.get_task("t1") is None

    async def test_upsert_stores_an_unknown_task_in_every_set(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.update_task(make_task(), upsert=True)
        pending = await collect(executions.get_pending_tasks_for_task_type("encode"))
        assert [task.task_id for task in pending] == ["t1"]

    async def test_upsert_takes_no_slot(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.update_task(make_task("t1", reference_task_name="ref"), upsert=True)
        created = await executions.create_tasks([make_task("t2", reference_task_name="ref")])
        assert created.created_task_ids == ("t2",)

    async def test_upsert_with_an_expected_time_needs_the_task(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task(), expected_update_time=0, upsert=True)

    async def test_of_another_workflow_is_not_found(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_workflow(make_workflow("w2"))
        await executions.create_tasks([make_task()])
        with pytest.raises(NotFoundError):
            await executions.update_task(make_task(workflow_id="w2"))

    async def test_without_a_status_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match=r"task\.status"):
            await executions.update_task(make_task(status=msgspec.UNSET))

    async def test_with_a_stale_expected_time_writes_nothing(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task()])
        await executions.update_task(
            make_task(worker_id="a"), expected_update_time=created.update_time
        )
        with pytest.raises(ConflictError):
            await executions.update_task(
                make_task(worker_id="b"), expected_update_time=created.update_time
            )
        stored = await executions.get_task("t1")
        assert stored is not None
        assert stored.worker_id == "a"

    async def test_with_an_expected_time_still_to_come_writes_nothing(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task()])
        later = created.update_time + 3_600_000
        with pytest.raises(ConflictError):
            await executions.update_task(make_task(worker_id="a"), expected_update_time=later)
        stored = await executions.get_task("t1")
        assert stored is not None
        assert stored.update_time == created.update_time

    async def test_stamps_the_end_of_a_terminal_task_once(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        await executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        await executions.update_task(make_task("t2", status=TaskStatus.COMPLETED, end_time=7))
        tasks = await executions.get_tasks(["t1", "t2"])
        assert tasks[0].end_time > 1_600_000_000_000
        assert tasks[1].end_time == 7

    async def test_a_terminal_task_leaves_the_pending_sets_and_comes_back(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task()])
        await executions.update_task(make_task(status=TaskStatus.COMPLETED))
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        await executions.update_task(make_task(status=TaskStatus.SCHEDULED))
        assert len(await collect(executions.get_pending_tasks_for_task_type("encode"))) == 1

    async def test_payloads_come_back_byte_for_byte(self, executions: ExecutionService) -> None:
        text = '{ "n": 9007199254740993, "d": 1.00, "e": 1E5, "nul": null, "z":1, "a": "ü\\u0000" }'
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(input_data=msgspec.Raw(text.encode()))])
        stored = await executions.get_task("t1")
        assert stored is not None
        assert raw_text(stored.input_data) == text

    async def test_unknown_fields_are_kept(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        extra = to_raw({"parentTaskId": "p", "retryCount": None})
        await executions.create_tasks([make_task(extra=extra)])
        stored = await executions.get_task("t1")
        assert stored is not None
        assert isinstance(stored.extra, msgspec.Raw)
        assert msgspec.json.decode(stored.extra) == {"parentTaskId": "p", "retryCount": None}


class TestUpdateTasks:
    async def test_updates_all_in_one_step(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        updates = [TaskUpdate(task=make_task(id_, worker_id="w")) for id_ in ("t1", "t2")]
        stamps = await executions.update_tasks(updates)
        tasks = await executions.get_tasks(["t1", "t2"])
        assert [task.update_time for task in tasks] == stamps

    async def test_one_unknown_task_and_nothing_is_written(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1")])
        updates = [TaskUpdate(task=make_task(id_, worker_id="w")) for id_ in ("t1", "t2")]
        with pytest.raises(NotFoundError):
            await executions.update_tasks(updates)
        stored = await executions.get_task("t1")
        assert stored is not None
        assert not stored.worker_id

    async def test_one_stale_time_and_nothing_is_written(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task("t1"), make_task("t2")])
        updates = [
            TaskUpdate(
                task=make_task("t1", worker_id="w"), expected_update_time=created.update_time
            ),
            TaskUpdate(
                task=make_task("t2", worker_id="w"), expected_update_time=created.update_time - 1
            ),
        ]
        with pytest.raises(ConflictError):
            await executions.update_tasks(updates)
        assert not (await executions.get_tasks(["t1"]))[0].worker_id

    async def test_nothing_to_update_is_nothing(self, executions: ExecutionService) -> None:
        assert await executions.update_tasks([]) == []


class TestRemoveTask:
    async def test_removes_the_task_with_its_slot_and_sets(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1", reference_task_name="ref")])
        assert await executions.remove_task("t1")
        assert await executions.get_task("t1") is None
        assert await collect(executions.get_tasks_for_workflow("w1")) == []
        assert await collect(executions.get_pending_tasks_for_task_type("encode")) == []
        created = await executions.create_tasks([make_task("t2", reference_task_name="ref")])
        assert created.created_task_ids == ("t2",)

    async def test_of_an_unknown_task_is_false(self, executions: ExecutionService) -> None:
        assert not await executions.remove_task("t1")


class TestGetTasks:
    async def test_keeps_the_order_asked_and_leaves_missing_ones_out(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2"), make_task("t3")])
        tasks = await executions.get_tasks(["t3", "gone", "t1"])
        assert [task.task_id for task in tasks] == ["t3", "t1"]

    async def test_of_nothing_is_nothing(self, executions: ExecutionService) -> None:
        assert await executions.get_tasks([]) == []

    async def test_more_than_ten_thousand_ids_are_refused(
        self, executions: ExecutionService
    ) -> None:
        with pytest.raises(InvalidArgumentError, match="10000"):
            await executions.get_tasks([f"t{n}" for n in range(10_001)])


class TestGetTasksByType:
    async def test_pages_pending_tasks_in_order_of_id(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task(f"t{n}") for n in range(5)])
        await executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        first = await executions.get_tasks_by_type("encode", count=2)
        assert [task.task_id for task in first] == ["t0", "t2"]
        rest = await executions.get_tasks_by_type("encode", start_key="t2", count=10)
        assert [task.task_id for task in rest] == ["t3", "t4"]

    async def test_the_start_key_may_be_any_text(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1")])
        assert len(await executions.get_tasks_by_type("encode", start_key="a", count=10)) == 1


class TestStreamsOfTasks:
    async def test_tasks_of_a_workflow_come_in_pages_that_can_be_resumed(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        payload = to_raw({"x": "y" * 2_000})
        await executions.create_tasks(
            [make_task(f"t{n:03}", input_data=payload) for n in range(400)]
        )
        pages = [page async for page in executions.get_tasks_for_workflow("w1")]
        assert len(pages) > 1
        ids = [task.task_id for page in pages for task in page.items]
        assert sorted(map(str, ids)) == [f"t{n:03}" for n in range(400)]
        rest = await collect(
            executions.get_tasks_for_workflow("w1", resume_token=pages[0].resume_token)
        )
        assert [task.task_id for task in rest] == ids[len(pages[0].items) :]

    async def test_a_token_of_nowhere_is_refused(self, executions: ExecutionService) -> None:
        with pytest.raises(InvalidArgumentError, match="resume_token"):
            await collect(executions.get_tasks_for_workflow("w1", resume_token="%%%"))

    async def test_an_unknown_workflow_has_no_tasks(self, executions: ExecutionService) -> None:
        assert await collect(executions.get_tasks_for_workflow("w1")) == []

    async def test_pending_tasks_of_a_workflow_go_by_the_definition(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_workflow(make_workflow("w2"))
        await executions.create_tasks([make_task("t1"), make_task("t2", definition_name="ship")])
        await executions.create_tasks([make_task("t3", workflow_id="w2")])
        pending = await collect(executions.get_pending_tasks_by_workflow("encode", "w1"))
        assert [task.task_id for task in pending] == ["t1"]

    async def test_a_task_without_a_definition_goes_by_its_type(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        task = replace(make_task("t1"), task_def_name=msgspec.UNSET)
        await executions.create_tasks([task])
        assert len(await collect(executions.get_pending_tasks_for_task_type("encode"))) == 1


class TestLimitsOfTasks:
    async def test_the_count_in_progress_is_that_of_limited_definitions(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks(
            [make_task("t1", concurrency_limit=2), make_task("t2", definition_name="free")]
        )
        await executions.update_task(
            make_task("t1", concurrency_limit=2, status=TaskStatus.IN_PROGRESS)
        )
        await executions.update_task(
            make_task("t2", definition_name="free", status=TaskStatus.IN_PROGRESS)
        )
        assert await executions.get_in_progress_task_count("encode") == 1
        assert await executions.get_in_progress_task_count("free") == 0

    @pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.SCHEDULED])
    async def test_a_place_is_freed_when_its_task_is_over_or_waits_again(
        self, executions: ExecutionService, status: TaskStatus
    ) -> None:
        await executions.create_workflow(make_workflow())
        tasks = [make_task(f"t{n}", concurrency_limit=1) for n in range(2)]
        await executions.create_tasks(tasks)
        assert not await executions.exceeds_in_progress_limit(tasks[0])
        assert await executions.exceeds_in_progress_limit(tasks[1])
        await executions.update_task(replace(tasks[0], status=TaskStatus.IN_PROGRESS))
        assert await executions.exceeds_in_progress_limit(tasks[1])
        await executions.update_task(replace(tasks[0], status=status))
        assert await executions.get_in_progress_task_count("encode") == 0
        assert not await executions.exceeds_in_progress_limit(tasks[1])

    async def test_a_place_asked_for_with_the_requests_own_limit_follows_its_task_too(
        self, executions: ExecutionService, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await executions.create_workflow(make_workflow())
        tasks = [make_task(f"t{n}") for n in range(2)]
        await executions.create_tasks(tasks)
        assert not await concurrent_limit_dao.exceeds_limit(tasks[0], limit=1)
        await executions.update_task(replace(tasks[0], status=TaskStatus.IN_PROGRESS))
        assert await executions.get_in_progress_task_count("encode") == 1
        assert await concurrent_limit_dao.exceeds_limit(tasks[1], limit=1)
        await executions.update_task(replace(tasks[0], status=TaskStatus.COMPLETED))
        assert not await concurrent_limit_dao.exceeds_limit(tasks[1], limit=1)

    async def test_a_place_goes_when_its_task_changes_its_definition(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        task = make_task("t1", concurrency_limit=1, status=TaskStatus.IN_PROGRESS)
        await executions.create_tasks([task])
        assert await executions.get_in_progress_task_count("encode") == 1
        await executions.update_task(replace(task, task_def_name="other"))
        assert await executions.get_in_progress_task_count("encode") == 0
        assert await executions.get_in_progress_task_count("other") == 1

    async def test_a_pending_task_moves_to_the_set_of_its_new_definition(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        task = make_task("t1")
        await executions.create_tasks([task])
        await executions.update_task(replace(task, task_def_name="other"))

        async def pending(name: str) -> list[str]:
            found = await collect(executions.get_pending_tasks_for_task_type(name))
            of_workflow = executions.get_pending_tasks_by_workflow(name, "w1")
            assert found == await collect(of_workflow)
            return [str(one.task_id) for one in found]

        assert (await pending("encode"), await pending("other")) == ([], ["t1"])

    @pytest.mark.capability(Capability.EXPIRY)
    async def test_a_task_of_an_expiring_workflow_takes_no_place(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        task = make_task("t1", concurrency_limit=1)
        await executions.create_tasks([task])
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
        await executions.update_task(replace(task, status=TaskStatus.IN_PROGRESS))
        assert await executions.get_in_progress_task_count("encode") == 0

    async def test_a_place_is_freed_when_its_task_is_removed(
        self, executions: ExecutionService
    ) -> None:
        await executions.create_workflow(make_workflow())
        tasks = [make_task(f"t{n}", concurrency_limit=1) for n in range(2)]
        await executions.create_tasks(tasks)
        await executions.update_task(replace(tasks[0], status=TaskStatus.IN_PROGRESS))
        await executions.remove_task("t0")
        assert not await executions.exceeds_in_progress_limit(tasks[1])


class TestExtendLease:
    async def test_stamps_the_stored_task(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        created = await executions.create_tasks([make_task(worker_id="a")])
        stamp = await executions.extend_lease("t1")
        stored = await executions.get_task("t1")
        assert stored is not None
        assert (stored.update_time, stored.worker_id) == (stamp, "a")
        assert stamp > created.update_time

    async def test_of_an_unknown_task_is_not_found(self, executions: ExecutionService) -> None:
        with pytest.raises(NotFoundError):
            await executions.extend_lease("t1")
