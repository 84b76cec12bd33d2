"""A server that starts while its Redis is away answers UNAVAILABLE, says so in its health, and serves when Redis comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from podium_client.errors import UnavailableError
from podium_core.models import PushMessage
from tests.backends.redis.stores import end_keys, new_prefix
from tests.contract.eventually import eventually
from tests.faults.health_entries import is_serving
from tests.faults.journal import Register
from tests.faults.own_redis import DEFECTS
from tests.faults.server import running
from tests.faults.stores import RedisStore
from tests.services.redis_server import RedisServer

SERVICES = ("podium.v1.ExecutionService", "podium.v1.QueueService")


async def test_it_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    redis = RedisServer(tmp_path / "redis")
    store = RedisStore(redis.url, new_prefix())
    with running(tmp_path, store=store) as server:
        async with server.client() as podium:
            assert not [await is_serving(server, name) for name in SERVICES].count(True)
            assert await is_serving(server, "podium.v1.IndexService")
            with pytest.raises(UnavailableError):
                await Register("w1").write(podium)
            with pytest.raises(UnavailableError):
                await podium.queues.push("q", PushMessage(id="m"))
            await asyncio.to_thread(redis.start)
            try:
                for name in SERVICES:
                    await eventually(lambda name=name: is_serving(server, name))  # type: ignore[misc]
                await Register("w1").write(podium)
                await podium.queues.push("q", PushMessage(id="m"))
                end_keys(redis.url, store.prefix)
            finally:
                redis.kill()
        assert not [line for line in server.log.splitlines() if any(map(line.count, DEFECTS))]
    store.client.close()
