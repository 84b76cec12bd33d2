"""A store behind Sentinel: it asks who the primary is, and asks again after a fail-over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium_backends.redis.connection import Link
from podium_backends.redis.settings import RedisSettings
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import free_ports
from tests.services.redis_sentinel import SERVICE, WatchedRedis


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    redis = WatchedRedis(tmp_path)
    redis.start()
    yield redis
    redis.stop()


def link_behind(sentinel: str, service: str = SERVICE) -> Link:
    settings = RedisSettings(
        topology="sentinel",
        sentinels=[sentinel],
        sentinel_service=service,
        connect_timeout_ms=int(PATIENCE_SECONDS * 1000),
    )
    return Link(settings.target("main"))


async def test_a_fail_over_costs_no_more_than_the_calls_on_the_way(watched: WatchedRedis) -> None:
    link = link_behind(watched.sentinel)
    first = watched.servers[0]
    assert watched.primary_port() == first.port
    await link.write("SET", "a", "before")
    # The replica has it: what a primary alone has is lost with it, whatever we do.
    assert await link.write("WAIT", 1, int(PATIENCE_SECONDS * 1000)) == 1
    first.kill()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await link.write("SET", "b", "after")
            except (BackendUnavailableError, OutcomeUnknownError):
                await asyncio.sleep(0.05)
            else:
                break
    assert watched.primary_port() == watched.servers[1].port
    assert await link.read("MGET", "a", "b") == [b"before", b"after"]
    await link.close()


async def test_a_service_that_sentinel_does_not_know(watched: WatchedRedis) -> None:
    link = link_behind(watched.sentinel, "nobody")
    with pytest.raises(BackendUnavailableError, match="Sentinel's 'nobody'"):
        await link.write("SET", "a", "1")


async def test_no_sentinel_answers() -> None:
    link = link_behind(f"127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(BackendUnavailableError, match=f"Sentinel's '{SERVICE}'"):
        await link.write("SET", "a", "1")
