"""RateLimitingDAO: never more grants than the limit in any window."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.models import Task, TaskDef
from podium_core.models.json_text import to_raw
from podium_core.ports import MetadataDAO, RateLimitingDAO

AN_HOUR = 3_600


def rated(definition_name: str = "encode", *, grants: int = 3, seconds: int = AN_HOUR) -> Task:
    return Task(
        task_id="t1",
        task_type=definition_name,
        task_def_name=definition_name,
        rate_limit_per_frequency=grants,
        rate_limit_frequency_in_seconds=seconds,
    )


async def ask(dao: RateLimitingDAO, task: Task, times: int) -> list[bool]:
    """For each time whether it was granted."""
    return [not await dao.exceeds_rate_limit_per_frequency(task) for _ in range(times)]


class TestExceedsRateLimitPerFrequency:
    async def test_grants_as_many_as_the_limit(self, rate_limiting_dao: RateLimitingDAO) -> None:
        assert await ask(rate_limiting_dao, rated(), 5) == [True, True, True, False, False]

    async def test_concurrent_askers_never_overshoot(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        answers = await asyncio.gather(
            *(
                rate_limiting_dao.exceeds_rate_limit_per_frequency(rated(grants=7))
                for _ in range(50)
            )
        )
        assert answers.count(False) == 7

    async def test_grants_again_once_the_window_has_passed(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        task = rated(grants=2, seconds=1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await ask(rate_limiting_dao, task, 2) == [True, True]
        while await rate_limiting_dao.exceeds_rate_limit_per_frequency(task):
            await asyncio.sleep(0.02)
        # Timers and the store's clock may differ by a few milliseconds.
        assert loop.time() - began > 0.98

    async def test_definitions_are_limited_apart(self, rate_limiting_dao: RateLimitingDAO) -> None:
        await ask(rate_limiting_dao, rated(), 3)
        assert await ask(rate_limiting_dao, rated("decode"), 1) == [True]

    async def test_the_arguments_go_before_the_tasks_own(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        async def granted(grants: int) -> bool:
            return not await rate_limiting_dao.exceeds_rate_limit_per_frequency(
                rated(), rate_limit_per_frequency=grants, rate_limit_frequency_seconds=AN_HOUR
            )

        assert [await granted(1), await granted(1), await granted(2)] == [True, False, True]

    async def test_a_limit_that_was_lowered_holds_at_once(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        await ask(rate_limiting_dao, rated(grants=3), 2)
        assert await ask(rate_limiting_dao, rated(grants=2), 1) == [False]

    @pytest.mark.parametrize(("grants", "seconds"), [(0, 60), (60, 0), (-1, 60), (60, -1), (0, 0)])
    async def test_without_a_limit_nobody_is_refused_and_nothing_is_consumed(
        self, rate_limiting_dao: RateLimitingDAO, grants: int, seconds: int
    ) -> None:
        free = rated(grants=grants, seconds=seconds)
        assert await ask(rate_limiting_dao, free, 5) == [True] * 5
        assert await ask(rate_limiting_dao, rated(grants=1), 2) == [True, False]

    async def test_goes_by_the_task_type_where_no_definition_is_named(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        await ask(rate_limiting_dao, rated(grants=1), 1)
        unnamed = Task(
            task_type="encode", rate_limit_per_frequency=1, rate_limit_frequency_in_seconds=AN_HOUR
        )
        assert await ask(rate_limiting_dao, unnamed, 1) == [False]

    async def test_the_registered_definition_sets_the_limit_of_a_task_without_its_own(
        self, rate_limiting_dao: RateLimitingDAO, metadata_dao: MetadataDAO
    ) -> None:
        document = b'{"name":"encode","rateLimitPerFrequency":"2","rateLimitFrequencyInSeconds":60}'
        await metadata_dao.create_task_def(TaskDef(document=Raw(document), name="encode"))
        assert await ask(rate_limiting_dao, rated(grants=0), 3) == [True, True, False]
        assert await ask(rate_limiting_dao, rated(grants=3), 2) == [True, False]

    async def test_so_does_the_definition_in_the_task(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        definition = {"rateLimitPerFrequency": 2, "rateLimitFrequencyInSeconds": 60.0}
        task = Task(
            task_type="encode", workflow_task=to_raw({"name": "e", "taskDefinition": definition})
        )
        assert await ask(rate_limiting_dao, task, 3) == [True, True, False]

    async def test_refuses_a_task_without_a_definition(
        self, rate_limiting_dao: RateLimitingDAO
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await rate_limiting_dao.exceeds_rate_limit_per_frequency(Task(task_id="t1"))
        assert caught.value.field == "task.task_def_name"
