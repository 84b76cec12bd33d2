"""Concurrency limits on Redis beside a Java that asks too: its bucket and its set of tasks in progress, as it reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.limit_place_table import DEFAULT_PLACE_TTL_MS
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.clock import FakeClock
from tests.contract.records import make_task
from tests.services.redis_server import RedisServer

BUCKET, IN_PROGRESS = KEYS.limit_places("encode"), KEYS.in_progress("encode")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[Link]:
    opened = Link(Target(store="main", url=own_redis.url))
    await opened.write("FLUSHALL")
    yield opened
    await opened.close()


@pytest.fixture
def dao(link: Link, clock: FakeClock) -> RedisExecutionDAO:
    return Daos.on(link, clock).executions


async def _java_starts(link: Link, clock: FakeClock, task_id: str) -> None:
    await link.write("ZADD", BUCKET, "NX", clock(), task_id)
    await link.write("SADD", IN_PROGRESS, task_id)


async def _exceeds(dao: RedisExecutionDAO, task_id: str) -> bool:
    return await dao.exceeds_in_progress_limit(make_task(task_id, concurrency_limit=2))


async def _bucket(link: Link) -> dict[str, int]:
    parts = await link.read("ZRANGE", BUCKET, 0, -1, "WITHSCORES")
    return {
        task_id.decode(): int(float(score))
        for task_id, score in zip(parts[::2], parts[1::2], strict=True)
    }


async def test_a_task_that_java_started_counts_once(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    await _java_starts(link, clock, "t1")
    assert not await _exceeds(dao, "t2")
    assert await _exceeds(dao, "t3")
    assert await _bucket(link) == {"t1": clock(), "t2": clock()}


async def test_a_task_that_runs_for_long_keeps_its_place_in_javas_bucket(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    """Java lets in whoever is among the first of the bucket: without it there one too many would be."""
    await _java_starts(link, clock, "t1")
    clock.pass_by(DEFAULT_PLACE_TTL_MS)
    assert not await _exceeds(dao, "t2")
    assert await _exceeds(dao, "t3")
    assert await _bucket(link) == {"t1": 0, "t2": clock()}


async def test_a_task_in_progress_that_asks_again_stays_first(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    await _java_starts(link, clock, "t1")
    clock.pass_by(DEFAULT_PLACE_TTL_MS)
    assert not await _exceeds(dao, "t2")
    assert not await _exceeds(dao, "t1")
    assert await _bucket(link) == {"t1": 0, "t2": clock()}


async def test_a_task_whose_place_java_cleaned_up_may_go_on(
    dao: RedisExecutionDAO, link: Link, clock: FakeClock
) -> None:
    for task_id in ("t1", "t2"):
        await _java_starts(link, clock, task_id)
    await link.write("ZREM", BUCKET, "t1")
    assert await _exceeds(dao, "t3")
    assert not await _exceeds(dao, "t1")
