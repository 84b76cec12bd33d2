"""Which limit a call goes by, what is no limit, and what a store is asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO, TableRateLimitingDAO
from podium_core.models import Task, TaskStatus
from podium_core.models.json_text import to_raw
from podium_core.ports import LimitPlaceTable, RateGrantTable

LIMITED = Task(
    task_id="t",
    task_def_name="encode",
    workflow_task=to_raw({"taskDefinition": {"concurrentExecLimit": 3}}),
)
RATED = Task(task_def_name="encode", rate_limit_per_frequency=5, rate_limit_frequency_in_seconds=7)


class Store:
    """Places and grants: gives what the test says, and notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.gives = True

    async def hold_place(self, definition_name: str, task_id: str, *, in_progress: bool) -> None:
        self.asked.append(("hold", definition_name, task_id, in_progress))

    async def free_place(self, definition_name: str, task_id: str) -> bool:
        self.asked.append(("free", definition_name, task_id))
        return self.gives

    async def take_place(self, definition_name: str, task_id: str, *, limit: int) -> bool:
        self.asked.append(("take", definition_name, task_id, limit))
        return self.gives

    async def take_grant(self, definition_name: str, *, grants: int, window_ms: int) -> bool:
        self.asked.append(("grant", definition_name, grants, window_ms))
        return self.gives


_places: type[LimitPlaceTable] = Store
_grants: type[RateGrantTable] = Store


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def places(store: Store) -> TableConcurrentExecutionLimitDAO:
    return TableConcurrentExecutionLimitDAO(store)


@pytest.fixture
def rates(store: Store) -> TableRateLimitingDAO:
    return TableRateLimitingDAO(store)


class TestPlaces:
    @pytest.mark.parametrize(
        ("task", "field"),
        [
            (Task(task_def_name="encode"), "task.task_id"),
            (Task(task_id="t"), "task.task_def_name"),
        ],
    )
    @pytest.mark.parametrize(
        "ask",
        [
            lambda dao, task: dao.add_task_to_limit(task),
            lambda dao, task: dao.remove_task_from_limit(task),
            lambda dao, task: dao.exceeds_limit(task, limit=1),
            lambda dao, task: dao.exceeds_limit(task),
        ],
    )
    async def test_a_task_has_an_id_and_a_definition(
        self,
        store: Store,
        places: TableConcurrentExecutionLimitDAO,
        task: Task,
        field: str,
        ask: Callable[[TableConcurrentExecutionLimitDAO, Task], Awaitable[object]],
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await ask(places, task)
        assert (caught.value.field, store.asked) == (field, [])

    @pytest.mark.parametrize("limit", [0, -1])
    async def test_zero_or_less_is_no_limit(
        self, store: Store, places: TableConcurrentExecutionLimitDAO, limit: int
    ) -> None:
        assert not await places.exceeds_limit(LIMITED, limit=limit)
        assert store.asked == []

    async def test_the_limit_is_the_arguments_or_else_the_tasks(
        self, store: Store, places: TableConcurrentExecutionLimitDAO
    ) -> None:
        assert not await places.exceeds_limit(LIMITED)
        store.gives = False
        assert await places.exceeds_limit(LIMITED, limit=1)
        assert store.asked == [("take", "encode", "t", 3), ("take", "encode", "t", 1)]

    async def test_a_task_in_progress_uses_its_place(
        self, store: Store, places: TableConcurrentExecutionLimitDAO
    ) -> None:
        for status in (TaskStatus.SCHEDULED, TaskStatus.IN_PROGRESS):
            task = Task(task_id="t", task_def_name="encode", status=status)
            await places.add_task_to_limit(task)
        assert store.asked == [("hold", "encode", "t", False), ("hold", "encode", "t", True)]

    @pytest.mark.parametrize("had_one", [True, False])
    async def test_free_says_whether_there_was_one(
        self, store: Store, places: TableConcurrentExecutionLimitDAO, *, had_one: bool
    ) -> None:
        store.gives = had_one
        assert await places.remove_task_from_limit(LIMITED) is had_one
        assert store.asked == [("free", "encode", "t")]


class TestRates:
    async def test_a_task_has_a_definition(self, store: Store, rates: TableRateLimitingDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await rates.exceeds_rate_limit_per_frequency(Task())
        assert (caught.value.field, store.asked) == ("task.task_def_name", [])

    @pytest.mark.parametrize(("grants", "seconds"), [(0, 7), (5, 0), (-1, 7), (5, -1)])
    async def test_zero_or_less_is_no_limit(
        self, store: Store, rates: TableRateLimitingDAO, grants: int, seconds: int
    ) -> None:
        assert not await rates.exceeds_rate_limit_per_frequency(
            RATED, rate_limit_per_frequency=grants, rate_limit_frequency_seconds=seconds
        )
        assert store.asked == []

    async def test_each_number_is_the_arguments_or_else_the_tasks(
        self, store: Store, rates: TableRateLimitingDAO
    ) -> None:
        assert not await rates.exceeds_rate_limit_per_frequency(RATED)
        store.gives = False
        assert await rates.exceeds_rate_limit_per_frequency(RATED, rate_limit_per_frequency=2)
        assert await rates.exceeds_rate_limit_per_frequency(RATED, rate_limit_frequency_seconds=1)
        assert store.asked == [
            ("grant", "encode", 5, 7_000),
            ("grant", "encode", 2, 7_000),
            ("grant", "encode", 5, 1_000),
        ]
