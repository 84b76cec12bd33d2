"""Limits on a clock that the test moves: places that lapse, windows that slide."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from podium_core.models import Task, TaskStatus
from tests.backends.sqlite.clock import FakeClock
from tests.backends.sqlite.stores import SqliteParts, sqlite_parts

PLACE_TTL_MS = 60_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteParts]:
    async with sqlite_parts(tmp_path / "podium.db", clock) as parts:
        yield parts


def task(task_id: str, status: TaskStatus = TaskStatus.SCHEDULED) -> Task:
    return Task(task_id=task_id, task_type="encode", status=status)


class TestPlaces:
    async def test_one_that_is_not_used_lapses(self, store: SqliteParts, clock: FakeClock) -> None:
        assert not await store.limits.exceeds_limit(task("t1"), limit=1)
        clock.pass_by(PLACE_TTL_MS - 1)
        assert await store.limits.exceeds_limit(task("t2"), limit=1)
        clock.pass_by(1)
        assert not await store.limits.exceeds_limit(task("t2"), limit=1)
        assert await store.limits.exceeds_limit(task("t1"), limit=1)

    async def test_asking_again_renews_it(self, store: SqliteParts, clock: FakeClock) -> None:
        for _ in range(3):
            assert not await store.limits.exceeds_limit(task("t1"), limit=1)
            clock.pass_by(PLACE_TTL_MS - 1)
        assert await store.limits.exceeds_limit(task("t2"), limit=1)

    async def test_a_task_in_progress_keeps_its_place(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        await store.limits.add_task_to_limit(task("t1", TaskStatus.IN_PROGRESS))
        clock.pass_by(100 * PLACE_TTL_MS)
        assert await store.limits.exceeds_limit(task("t2"), limit=1)
        assert await store.limits.remove_task_from_limit(task("t1"))
        assert not await store.limits.exceeds_limit(task("t2"), limit=1)

    async def test_asking_does_not_take_it_from_a_task_in_progress(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        await store.limits.add_task_to_limit(task("t1", TaskStatus.IN_PROGRESS))
        assert not await store.limits.exceeds_limit(task("t1"), limit=1)
        clock.pass_by(100 * PLACE_TTL_MS)
        assert await store.limits.exceeds_limit(task("t2"), limit=1)

    async def test_two_processes_never_overshoot(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        async with sqlite_parts(store.database.path, clock) as other:
            answers = await asyncio.gather(
                *(
                    parts.limits.exceeds_limit(task(f"{name}{n}"), limit=7)
                    for n in range(20)
                    for name, parts in (("here", store), ("there", other))
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
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        assert not await store.rates.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1_000)
        assert await store.rates.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1)
        assert not await store.rates.exceeds_rate_limit_per_frequency(rated(1))

    async def test_grants_of_one_millisecond_count_each(self, store: SqliteParts) -> None:
        answers = [await store.rates.exceeds_rate_limit_per_frequency(rated(3)) for _ in range(5)]
        assert answers == [False, False, False, True, True]

    async def test_a_clock_set_back_neither_grants_more_nor_blocks_for_long(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        await store.rates.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(-3_600_000)
        assert await store.rates.exceeds_rate_limit_per_frequency(rated(1))
        clock.pass_by(1_001)
        assert not await store.rates.exceeds_rate_limit_per_frequency(rated(1))

    async def test_the_log_stays_as_long_as_a_window(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        for _ in range(200):
            await store.rates.exceeds_rate_limit_per_frequency(rated(10))
            clock.pass_by(150)
        kept = store.database.read(
            lambda conn: conn.execute("SELECT count(*) FROM rate_grants").fetchone()[0]
        )
        assert kept <= 10

    @given(
        grants=st.integers(1, 4),
        steps=st.lists(st.sampled_from((0, 1, 200, 333, 999, 1_000, 1_001)), max_size=40),
    )
    @settings(max_examples=25, deadline=None)
    def test_never_more_than_the_limit_in_any_window(self, grants: int, steps: list[int]) -> None:
        async def granted_times() -> list[int]:
            clock = FakeClock()
            times = []
            with tempfile.TemporaryDirectory() as folder:
                async with sqlite_parts(Path(folder) / "podium.db", clock) as store:
                    for step in steps:
                        clock.pass_by(step)
                        if not await store.rates.exceeds_rate_limit_per_frequency(rated(grants)):
                            times.append(clock())
            return times

        times = asyncio.run(granted_times())
        for at in range(len(times) - grants):
            assert times[at + grants] - times[at] > 1_000


class TestPolls:
    async def test_updates_that_come_together_are_one_write(self, store: SqliteParts) -> None:
        before = store.database._writer.total_changes
        await asyncio.gather(
            *(store.polls.update_last_poll_data("encode", None, f"w{n}") for n in range(100))
        )
        assert store.database._writer.total_changes - before == 1
        poll = await store.polls.get_poll_data("encode", None)
        assert poll is not None
        assert poll.worker_id == "w99"
