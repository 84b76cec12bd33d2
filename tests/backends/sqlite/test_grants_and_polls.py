"""What limits and polls cost in the file: the log of grants stays short, polls that come together are one write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.models import Task
from tests.backends.sqlite.stores import SqliteParts, sqlite_parts
from tests.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteParts]:
    async with sqlite_parts(tmp_path / "podium.db", clock) as parts:
        yield parts


def rated(grants: int, seconds: int = 1) -> Task:
    return Task(
        task_type="encode",
        rate_limit_per_frequency=grants,
        rate_limit_frequency_in_seconds=seconds,
    )


class TestGrants:
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
