"""ConcurrentExecutionLimitDAO: never more places than the limit, and none lost."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.execution_service import ExecutionService
from podium_core.models import Task, TaskDef, TaskStatus
from podium_core.ports import ConcurrentExecutionLimitDAO, MetadataDAO
from tests.contract.records import make_task, make_workflow

LIMIT = 2


def limited(task_id: str, *, definition_name: str = "encode", limit: int = LIMIT) -> Task:
    return make_task(task_id, definition_name=definition_name, concurrency_limit=limit)


async def grants(dao: ConcurrentExecutionLimitDAO, *task_ids: str) -> list[bool]:
    return [not await dao.exceeds_limit(limited(task_id)) for task_id in task_ids]


class TestExceedsLimit:
    async def test_grants_as_many_places_as_the_limit(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        assert await grants(concurrent_limit_dao, "t1", "t2", "t3") == [True, True, False]

    async def test_a_holder_that_asks_again_is_not_refused(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await grants(concurrent_limit_dao, "t1", "t2")
        assert await grants(concurrent_limit_dao, "t1", "t2", "t3") == [True, True, False]

    async def test_a_refusal_takes_no_place(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await grants(concurrent_limit_dao, "t1", "t2", "t3")
        await concurrent_limit_dao.remove_task_from_limit(limited("t1"))
        assert await grants(concurrent_limit_dao, "t4", "t3") == [True, False]

    async def test_definitions_are_limited_apart(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await grants(concurrent_limit_dao, "t1", "t2")
        other = limited("t3", definition_name="decode")
        assert not await concurrent_limit_dao.exceeds_limit(other)

    async def test_concurrent_askers_never_overshoot(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        tasks = [limited(f"t{n}", limit=5) for n in range(50)]
        answers = await asyncio.gather(*(concurrent_limit_dao.exceeds_limit(t) for t in tasks))
        assert answers.count(False) == 5

    async def test_the_argument_goes_before_the_tasks_own(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        assert not await concurrent_limit_dao.exceeds_limit(limited("t1"), limit=1)
        assert await concurrent_limit_dao.exceeds_limit(limited("t2"), limit=1)
        assert not await concurrent_limit_dao.exceeds_limit(limited("t2"))

    @pytest.mark.parametrize("limit", [None, 0, -1])
    async def test_without_a_limit_nobody_is_refused_and_nothing_is_held(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO, limit: int | None
    ) -> None:
        for n in range(3):
            assert not await concurrent_limit_dao.exceeds_limit(make_task(f"t{n}"), limit=limit)
        assert not await concurrent_limit_dao.exceeds_limit(limited("t9", limit=1))

    async def test_goes_by_the_task_type_where_no_definition_is_named(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        first, second = (
            Task(task_id="t1", task_type="encode"),
            Task(task_id="t2", task_type="encode"),
        )
        assert not await concurrent_limit_dao.exceeds_limit(first, limit=1)
        assert await concurrent_limit_dao.exceeds_limit(second, limit=1)

    async def test_refuses_a_task_without_an_id_or_a_definition(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await concurrent_limit_dao.exceeds_limit(Task(task_type="encode"), limit=1)
        assert caught.value.field == "task.task_id"
        with pytest.raises(InvalidArgumentError) as caught:
            await concurrent_limit_dao.exceeds_limit(Task(task_id="t1"), limit=1)
        assert caught.value.field == "task.task_def_name"


def registered(document: str) -> TaskDef:
    return TaskDef(document=Raw(document.encode()), name="encode")


class TestRegisteredDefinitions:
    """Of tasks that don't embed their definition."""

    @pytest.mark.parametrize(
        "document",
        [
            '{"name":"encode","concurrentExecLimit":2}',
            '{"name":"encode","concurrentExecLimit":"2"}',
            '\ufeff{"name":"encode","concurrentExecLimit":2.0,"description":"\\ud83d"}',
        ],
    )
    async def test_set_the_limit(
        self,
        concurrent_limit_dao: ConcurrentExecutionLimitDAO,
        metadata_dao: MetadataDAO,
        document: str,
    ) -> None:
        await metadata_dao.create_task_def(registered(document))
        answers = [
            await concurrent_limit_dao.exceeds_limit(make_task(f"t{n}")) for n in range(LIMIT + 1)
        ]
        assert answers == [False, False, True]

    @pytest.mark.parametrize("limit", ["0", "null", "-1", '""', '"none"', "[2]"])
    async def test_may_set_none(
        self,
        concurrent_limit_dao: ConcurrentExecutionLimitDAO,
        metadata_dao: MetadataDAO,
        limit: str,
    ) -> None:
        document = f'{{"name":"encode","concurrentExecLimit":{limit}}}'
        await metadata_dao.create_task_def(registered(document))
        for n in range(LIMIT + 1):
            assert not await concurrent_limit_dao.exceeds_limit(make_task(f"t{n}"))

    async def test_come_after_the_argument_and_the_definition_in_the_task(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO, metadata_dao: MetadataDAO
    ) -> None:
        await metadata_dao.create_task_def(registered('{"name":"encode","concurrentExecLimit":1}'))
        assert await grants(concurrent_limit_dao, "t1", "t2", "t3") == [True, True, False]
        assert not await concurrent_limit_dao.exceeds_limit(make_task("t3"), limit=3)
        assert await concurrent_limit_dao.exceeds_limit(make_task("t4"))

    async def test_free_a_place_when_the_task_leaves_in_progress(
        self,
        concurrent_limit_dao: ConcurrentExecutionLimitDAO,
        metadata_dao: MetadataDAO,
        executions: ExecutionService,
    ) -> None:
        await metadata_dao.create_task_def(registered('{"name":"encode","concurrentExecLimit":1}'))
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        assert not await executions.exceeds_in_progress_limit(make_task("t1"))
        await executions.update_task(make_task("t1", status=TaskStatus.IN_PROGRESS))
        assert await executions.exceeds_in_progress_limit(make_task("t2"))
        await executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        assert not await executions.exceeds_in_progress_limit(make_task("t2"))

    async def test_a_task_in_progress_has_a_place_without_asking(
        self,
        concurrent_limit_dao: ConcurrentExecutionLimitDAO,
        metadata_dao: MetadataDAO,
        executions: ExecutionService,
    ) -> None:
        await metadata_dao.create_task_def(registered('{"name":"encode","concurrentExecLimit":1}'))
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([make_task("t1"), make_task("t2")])
        await executions.update_task(make_task("t1", status=TaskStatus.IN_PROGRESS))
        assert await concurrent_limit_dao.exceeds_limit(make_task("t2"))
        assert await executions.get_in_progress_task_count("encode") == 1
        await executions.update_task(make_task("t1", status=TaskStatus.COMPLETED))
        assert not await concurrent_limit_dao.exceeds_limit(make_task("t2"))


class TestAddTaskToLimit:
    async def test_holds_a_place(self, concurrent_limit_dao: ConcurrentExecutionLimitDAO) -> None:
        await concurrent_limit_dao.add_task_to_limit(limited("t1"))
        assert await grants(concurrent_limit_dao, "t2", "t3") == [True, False]

    async def test_holds_it_without_asking(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        for n in range(LIMIT + 1):
            await concurrent_limit_dao.add_task_to_limit(limited(f"t{n}"))
        assert await grants(concurrent_limit_dao, "t0", "t9") == [True, False]
        await concurrent_limit_dao.remove_task_from_limit(limited("t0"))
        assert await grants(concurrent_limit_dao, "t9") == [False]

    async def test_a_repeat_holds_no_second_place(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await concurrent_limit_dao.add_task_to_limit(limited("t1"))
        await concurrent_limit_dao.add_task_to_limit(limited("t1"))
        assert await grants(concurrent_limit_dao, "t2") == [True]

    async def test_refuses_a_task_without_an_id(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        with pytest.raises(InvalidArgumentError):
            await concurrent_limit_dao.add_task_to_limit(Task(task_type="encode"))


class TestRemoveTaskFromLimit:
    async def test_frees_the_place(self, concurrent_limit_dao: ConcurrentExecutionLimitDAO) -> None:
        await grants(concurrent_limit_dao, "t1", "t2")
        assert await concurrent_limit_dao.remove_task_from_limit(limited("t1"))
        assert await grants(concurrent_limit_dao, "t3") == [True]

    async def test_answers_false_for_a_task_without_a_place(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        assert not await concurrent_limit_dao.remove_task_from_limit(limited("t1"))
        await grants(concurrent_limit_dao, "t1", "t2")
        assert not await concurrent_limit_dao.remove_task_from_limit(limited("t3"))
        assert await grants(concurrent_limit_dao, "t3") == [False]

    async def test_refuses_a_task_without_an_id(
        self, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        with pytest.raises(InvalidArgumentError):
            await concurrent_limit_dao.remove_task_from_limit(Task(task_type="encode"))


class TestPlacesOfExecutions:
    """A place follows the status of its task, where executions and limits are one store."""

    @pytest.fixture(autouse=True)
    async def _stored(self, executions: ExecutionService) -> None:
        await executions.create_workflow(make_workflow())
        await executions.create_tasks([limited("t1"), limited("t2"), limited("t3")])

    async def test_a_task_in_progress_has_one_without_asking(
        self, executions: ExecutionService, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        for task_id in ("t1", "t2"):
            await executions.update_task(in_progress(task_id))
        assert await grants(concurrent_limit_dao, "t3") == [False]

    async def test_a_granted_place_is_the_one_that_is_used(
        self, executions: ExecutionService, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        await grants(concurrent_limit_dao, "t1")
        await executions.update_task(in_progress("t1"))
        assert await grants(concurrent_limit_dao, "t2", "t3") == [True, False]

    async def test_it_is_freed_when_the_task_leaves_in_progress(
        self, executions: ExecutionService, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        for task_id in ("t1", "t2"):
            await executions.update_task(in_progress(task_id))
        await executions.update_task(in_progress("t1", TaskStatus.COMPLETED))
        assert await grants(concurrent_limit_dao, "t3") == [True]

    async def test_it_is_freed_when_the_task_is_removed(
        self, executions: ExecutionService, concurrent_limit_dao: ConcurrentExecutionLimitDAO
    ) -> None:
        for task_id in ("t1", "t2"):
            await executions.update_task(in_progress(task_id))
        await executions.remove_task("t1")
        assert await grants(concurrent_limit_dao, "t3") == [True]


def in_progress(task_id: str, status: TaskStatus = TaskStatus.IN_PROGRESS) -> Task:
    return make_task(task_id, concurrency_limit=LIMIT, status=status)
