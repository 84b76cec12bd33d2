"""Redis is killed, stopped, emptied and loses its scripts, under load: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contract.eventually import eventually
from tests.faults.broken_loads import at_rest_after_each, each_commit_once
from tests.faults.disturbed import Disturbed
from tests.faults.index_load import IndexJournal, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.own_redis import AWAY, DURABLE, OnOwnRedis, on_own_redis
from tests.faults.write_load import WriteJournal, begin, check_everything, write_until_broken
from tests.services.process import ServerProcess
from tests.services.redis_server import RedisServer

KILLS = 3
MANY_KILLS = 60
# So long a stopped Redis keeps a call waiting; the default is 5 seconds.
SOON = "response_timeout_ms = 300\nconnect_timeout_ms = 300"
Load = Callable[
    [Disturbed, int, int, Callable[[], None], Callable[[], Awaitable[None]]],
    Coroutine[Any, Any, object],
]
LOADS = pytest.mark.parametrize("load", [each_commit_once, at_rest_after_each])


class TestKilled:
    """``kill -9`` of Redis, which writes each command to its disk before it answers."""

    async def test_each_commit_is_done_once(self, tmp_path: Path) -> None:
        with on_own_redis(tmp_path, DURABLE) as world:
            redis = world.redis
            await each_commit_once(world.server, KILLS, 1, redis.kill, _start(redis))

    async def test_index_queues_and_executions_agree(self, tmp_path: Path) -> None:
        with on_own_redis(tmp_path, DURABLE) as world:
            redis = world.redis
            await at_rest_after_each(world.server, KILLS, 2, redis.kill, _start(redis))

    @pytest.mark.nightly
    @pytest.mark.timeout(1_800)
    @LOADS
    async def test_many_times(self, tmp_path: Path, load: Load) -> None:
        with on_own_redis(tmp_path, DURABLE) as world:
            redis, seed = world.redis, random.randrange(2**32)
            await load(world.server, MANY_KILLS, seed, redis.kill, _start(redis))


class TestStopped:
    """SIGSTOP: connections stay open, and what was sent is carried out later. Redis goes on once each client was told."""

    async def test_each_commit_is_done_once(self, tmp_path: Path) -> None:
        with on_own_redis(tmp_path, settings=SOON) as world:
            process = world.redis.process
            await each_commit_once(world.server, KILLS, 1, process.pause, _resume(process))

    async def test_index_queues_and_executions_agree(self, tmp_path: Path) -> None:
        with on_own_redis(tmp_path, settings=SOON) as world:
            process = world.redis.process
            await at_rest_after_each(world.server, KILLS, 2, process.pause, _resume(process))

    @pytest.mark.nightly
    @pytest.mark.timeout(1_800)
    @pytest.mark.parametrize("settings", [SOON, ""], ids=["soon", "default"])
    @LOADS
    async def test_for_thirty_seconds(self, tmp_path: Path, settings: str, load: Load) -> None:
        with on_own_redis(tmp_path, settings=settings) as world:
            process = world.redis.process

            async def mend() -> None:
                await _keep_calling(world, 30)
                process.resume()

            await load(world.server, KILLS, 1, process.pause, mend)


def _start(redis: RedisServer) -> Callable[[], Awaitable[None]]:
    return partial(asyncio.to_thread, redis.start)


def _resume(process: ServerProcess) -> Callable[[], Awaitable[None]]:
    return partial(asyncio.to_thread, process.resume)


async def _keep_calling(world: OnOwnRedis, seconds: float) -> None:
    """Call a server whose Redis is away: each call is answered."""
    loop = asyncio.get_running_loop()
    over = loop.time() + seconds
    async with world.client() as podium:
        while loop.time() < over:
            with pytest.raises(AWAY):
                await podium.executions.get_workflow("groups")
            await asyncio.sleep(0.1)


async def test_calls_go_on_after_a_restart_without_any_data(tmp_path: Path) -> None:
    with on_own_redis(tmp_path) as world:
        async with world.client() as podium:
            lost, journal = WriteJournal(), WriteJournal()
            await begin(podium, lost)
            await write_until_broken(podium, lost, 200, world.redis.kill, AWAY)
            await asyncio.to_thread(world.redis.start)
            # Ids of before are new again.
            await begin(podium, journal)
            for chain in journal.chains * 5:
                await chain.write(podium)
            await check_everything(podium, journal)
        # Housekeeping has said again whose keys these are.
        keys = world.store.keys
        await eventually(lambda: asyncio.to_thread(world.store.client.get, keys.format))
        # And a server that starts finds what it can use.
        await asyncio.to_thread(world.server.process.restart)
        async with world.client() as podium:
            await check_everything(podium, journal)


async def test_scripts_that_are_flushed_under_load_cost_no_call(tmp_path: Path) -> None:
    with on_own_redis(tmp_path) as world:
        journal = IndexJournal()
        async with world.client() as podium:
            async with written_meanwhile(podium, journal, seed=1):
                for _ in range(300):
                    world.store.client.script_flush()
                    await asyncio.sleep(0.005)
            await soon_at_rest(podium, journal, world.store)
        assert len(journal.executions) > len(journal.lives)
