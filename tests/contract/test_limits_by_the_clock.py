"""Limits on a clock that the test moves: places that lapse, windows that slide."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings, strategies as st

from podium_core.models import Task, TaskStatus
from podium_server.config.config import Config
from tests.clock import FakeClock
from tests.contract.daos import Adapters
from tests.contract.ways import Way

PLACE_TTL_MS = 60_000


def task(task_id: str, status: TaskStatus = TaskStatus.SCHEDULED) -> Task:
    return Task(task_id=task_id, task_type="encode", status=status)


class TestPlaces:
    async def test_one_that_is_not_used_lapses(self, adapters: Adapters, clock: FakeClock) -> None:
        assert not await adapters.concurrency_limits.exceeds_limit(task("t1"), limit=1)
        clock.pass_by(PLACE_TTL_MS - 1)
        assert await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)
        clock.pass_by(1)
        assert not await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)
        assert await adapters.concurrency_limits.exceeds_limit(task("t1"), limit=1)

    async def test_asking_again_renews_it(self, adapters: Adapters, clock: FakeClock) -> None:
        for _ in range(3):
            assert not await adapters.concurrency_limits.exceeds_limit(task("t1"), limit=1)
            clock.pass_by(PLACE_TTL_MS - 1)
        assert await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)

    async def test_a_task_in_progress_keeps_its_place(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        await adapters.concurrency_limits.add_task_to_limit(task("t1", TaskStatus.IN_PROGRESS))
        clock.pass_by(100 * PLACE_TTL_MS)
        assert await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)
        assert await adapters.concurrency_limits.remove_task_from_limit(task("t1"))
        assert not await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)

    async def test_asking_does_not_take_it_from_a_task_in_progress(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        await adapters.concurrency_limits.add_task_to_limit(task("t1", TaskStatus.IN_PROGRESS))
        assert not await adapters.concurrency_limits.exceeds_limit(task("t1"), limit=1)
        clock.pass_by(100 * PLACE_TTL_MS)
        assert await adapters.concurrency_limits.exceeds_limit(task("t2"), limit=1)

    async def test_two_processes_never_overshoot(
        self, adapters: Adapters, way: Way, config: Config, clock: FakeClock
    ) -> None:
        async with way.open_adapters(config, clock) as other:
            answers = await asyncio.gather(
                *(
                    limits.exceeds_limit(task(f"{name}{n}"), limit=7)
                    for n in range(20)
                    for name, limits in (
                        ("here", adapters.concurrency_limits),
                        ("there", other.concurrency_limits),
                    )
                )
            )
        assert answers.count(False) == 7


def rated(grants: int, seconds: int = 1) -> Task:
    return Task(
        task_type="encode",
        rate_limit_per_frequency=grants,
        rate_limit_frequency_in_seconds=seconds,
    )


class TestWindows:
    async def test_a_grant_counts_for_a_whole_window(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        assert not await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1_000)
        assert await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1)
        assert not await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))

    async def test_grants_of_one_millisecond_count_each(self, adapters: Adapters) -> None:
        answers = [
            await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(3)) for _ in range(5)
        ]
        assert answers == [False, False, False, True, True]

    async def test_a_clock_set_back_neither_grants_more_nor_blocks_for_long(
        self, adapters: Adapters, clock: FakeClock
    ) -> None:
        await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(-3_600_000)
        assert await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1_001)
        assert not await adapters.rate_limits.exceeds_rate_limit_per_frequency(rated(1))


@given(
    grants=st.integers(1, 4),
    steps=st.lists(st.sampled_from((0, 1, 200, 333, 999, 1_000, 1_001)), max_size=40),
)
@settings(max_examples=25, deadline=None)
def test_never_more_than_the_limit_in_any_window(way: Way, grants: int, steps: list[int]) -> None:
    async def granted_times() -> list[int]:
        clock = FakeClock()
        times = []
        with tempfile.TemporaryDirectory() as folder:
            async with way.open_adapters(way.config(Path(folder)), clock) as adapters:
                for step in steps:
                    clock.pass_by(step)
                    if not await adapters.rate_limits.exceeds_rate_limit_per_frequency(
                        rated(grants)
                    ):
                        times.append(clock())
        return times

    times = asyncio.run(granted_times())
    for at in range(len(times) - grants):
        assert times[at + grants] - times[at] > 1_000
