"""A real Redis that refuses: each operation is UNAVAILABLE then and wrote nothing, or it works; none is INTERNAL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from podium_backends.redis.settings import RedisSettings
from podium_core.backend import ConnectedStore
from podium_core.errors import BackendUnavailableError
from tests.backends.redis.operations import (
    ON_EXECUTIONS,
    OPERATIONS,
    READS,
    fill,
    fill_executions,
    opened,
)
from tests.backends.redis.refusing import STATES
from tests.backends.redis.stores import settings_at
from tests.patience import PATIENCE_MS
from tests.services.redis_server import RedisServer, said

# While these are out of the ordinary nobody can look what was written.
UNSEEN = {"this Redis is a replica", "BUSY"}
USER = "worker"
ALL = OPERATIONS | ON_EXECUTIONS
MANY_KEYS = "for n = 1, 20000 do redis.call('SET', 'some:' .. n, string.rep('x', 4000)) end"


async def fill_all(store: ConnectedStore) -> None:
    await fill(store)
    await fill_executions(store)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    empty = tmp_path_factory.mktemp("data")
    options = ["--lua-time-limit", "1", "--dir", str(empty)]
    server = RedisServer(tmp_path_factory.mktemp("redis"), options=options)
    server.start()
    yield server
    server.stop()


def settings_of(server: RedisServer) -> RedisSettings:
    patient = {"connect_timeout_ms": PATIENCE_MS, "response_timeout_ms": PATIENCE_MS}
    return settings_at(server.url, "refusals").model_copy(update=patient)


@pytest.fixture
async def admin(server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url, single_connection_client=True) as client:
        yield client
        await client.flushall()


@pytest.fixture
async def store(server: RedisServer, admin: Redis) -> AsyncIterator[ConnectedStore]:
    async with opened(settings_of(server)) as connected:
        await fill_all(connected)
        yield connected


async def contents(admin: Redis) -> dict[Any, Any]:
    return {key: await admin.dump(key) for key in await admin.keys()}


async def refused(store: ConnectedStore, admin: Redis | None) -> dict[str, str]:
    """What each operation that is refused is told; with ``admin``, none of these has written anything."""
    told = {}
    for name, operation in ALL.items():
        before = await contents(admin) if admin else {}
        try:
            await operation(store)
        except BackendUnavailableError as error:
            told[name] = str(error)
            assert (await contents(admin) if admin else {}) == before, name
    return told


@pytest.mark.parametrize("words", STATES)
async def test_what_is_refused(store: ConnectedStore, admin: Redis, words: str) -> None:
    state, refuses_reads = STATES[words]
    async with state(admin):
        told = await refused(store, None if words in UNSEEN else admin)
    assert told
    assert {name: text for name, text in told.items() if words not in text} == {}
    assert told.keys() == ALL.keys() if refuses_reads else told.keys().isdisjoint(READS)
    await admin.flushall()
    await fill_all(store)
    assert await refused(store, admin) == {}


async def test_while_it_loads_its_data(tmp_path: Path) -> None:
    # It answers after every two megabytes.
    server = RedisServer(tmp_path, options=["--key-load-delay", "200", "--rdbcompression", "no"])
    server.start()
    try:
        async with opened(settings_of(server)) as store:
            await fill_all(store)
            async with Redis.from_url(server.url) as admin:
                await admin.eval(MANY_KEYS, 0)
                await admin.save()
            server.kill()
            await asyncio.to_thread(
                server.process.start, lambda: said(server.port, "PING").startswith("-LOADING")
            )
            told = await asyncio.gather(
                *(operation(store) for operation in ALL.values()), return_exceptions=True
            )
        assert all(isinstance(error, BackendUnavailableError) for error in told), told
        assert all("loading" in str(error) for error in told)
    finally:
        server.kill()


@pytest.mark.parametrize(
    "forbidden", ["hset", "hget", "sadd", "zadd", "zrem", "publish", "evalsha"]
)
async def test_a_user_who_may_not_do_all(
    server: RedisServer, admin: Redis, store: ConnectedStore, forbidden: str
) -> None:
    await admin.acl_setuser(
        USER,
        enabled=True,
        nopass=True,
        keys=["*"],
        channels=["*"],
        commands=[f"-{forbidden}"],
        categories=["+@all"],
    )
    settings = settings_of(server).model_copy(update={"username": USER})
    settings = settings.model_copy(update={"url": server.url.replace("//", f"//{USER}:x@")})
    async with opened(settings) as limited:
        told = await refused(limited, None)
    assert told
    assert all("ACL" in text for text in told.values())
