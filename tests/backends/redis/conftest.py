"""A Redis that a module has for itself; queues on a shared one, in one layout after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.backends.redis.stores import Layout, RedisParts, end_keys, new_prefix, redis_parts
from tests.services.redis_server import RedisServer


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that no other module uses: tests may empty it."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def prefix(redis_url: str) -> Iterator[str]:
    chosen = new_prefix()
    yield chosen
    end_keys(redis_url, chosen)


@pytest.fixture(params=["podium", "conductor"])
def layout(request: pytest.FixtureRequest) -> Layout:
    """A module about one layout has a fixture of this name."""
    chosen: Layout = request.param
    return chosen


@pytest.fixture
async def store(redis_url: str, prefix: str, layout: Layout) -> AsyncIterator[RedisParts]:
    async with redis_parts(redis_url, prefix=prefix, layout=layout) as parts:
        yield parts


@pytest.fixture
async def another_server(redis_url: str, prefix: str, layout: Layout) -> AsyncIterator[RedisParts]:
    async with redis_parts(redis_url, prefix=prefix, layout=layout) as parts:
        yield parts
