"""Stamps are of Redis's clock, also where this process has a wrong idea of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC

import pytest

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.effect_settings import EffectSettings
from podium_backends.redis.executions.executor import Executor
from podium_backends.redis.executions.limit_place_table import RedisLimitPlaceTable
from podium_backends.redis.executions.store_clock import StoreClock
from podium_core.limit_daos import TableConcurrentExecutionLimitDAO
from tests.backends.redis.stores import settings_at
from tests.backends.redis.trips import counted_trips
from tests.contract.records import make_task, make_workflow

AN_HOUR_MS = 3_600_000
# Of a busy machine, between the moment of a stamp and the look at the clock.
A_WHILE_MS = 60_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def off_by(clock: StoreClock, ms: int) -> None:
    begun = clock.begin()
    clock.observe(now_ms() + ms, begun)
    assert abs(clock.now_ms() - now_ms() - ms) < A_WHILE_MS


@pytest.fixture
def clock() -> StoreClock:
    return StoreClock()


@pytest.fixture
async def executions(
    redis_url: str, prefix: str, clock: StoreClock
) -> AsyncIterator[RedisExecutionDAO]:
    settings = settings_at(redis_url, prefix)
    link, keys = Link(settings.target("main")), settings.keys
    documents = EffectSettings(event_ttl_ms=0, time_zone=UTC)
    executor = Executor(link, keys, clock, documents, None, "podium")
    limits = TableConcurrentExecutionLimitDAO(
        RedisLimitPlaceTable(link, ClockedScripts(link), keys)
    )
    yield RedisExecutionDAO(link, link, executor, limits)
    await link.close()


@pytest.mark.parametrize("error_ms", [-AN_HOUR_MS, AN_HOUR_MS])
async def test_a_write_that_goes_by_a_wrong_time_is_decided_again(
    executions: RedisExecutionDAO, clock: StoreClock, error_ms: int
) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task()])
    off_by(clock, error_ms)
    stamp = await executions.update_task(make_task())
    assert abs(stamp - now_ms()) < A_WHILE_MS
    assert abs(clock.now_ms() - now_ms()) < A_WHILE_MS


@pytest.mark.parametrize("error_ms", [-AN_HOUR_MS, AN_HOUR_MS])
async def test_a_write_that_looks_first_goes_by_the_time_that_it_was_told_then(
    executions: RedisExecutionDAO, clock: StoreClock, error_ms: int
) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task()])
    off_by(clock, error_ms)
    with counted_trips() as trips:
        assert await executions.remove_task("t1")
    assert trips.count == 2
