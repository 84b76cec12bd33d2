"""Cassandra is killed and stopped under load: nothing is lost, nothing is done twice, and it goes on by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.contract.eventually import eventually
from tests.faults.broken_loads import at_rest_after_each, each_commit_once
from tests.faults.disturbed import Disturbed
from tests.faults.index_load import IndexJournal, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.own_cassandra import on_cassandra, own_cassandra
from tests.services.cassandra_server import CassandraServer
from tests.services.fixtures import provided

KILLS = 2
PAUSES = 3
# Before each pause so many more have begun.
LIVES = 10
MANY_KILLS = 20
# So long a stopped Cassandra keeps a call waiting.
SOON = "request_timeout_ms = 3000\nconnect_timeout_ms = 3000"
Load = Callable[
    [Disturbed, int, int, Callable[[], None], Callable[[], Awaitable[None]]],
    Coroutine[Any, Any, object],
]
LOADS = pytest.mark.parametrize("load", [each_commit_once, at_rest_after_each])


@pytest.fixture(scope="module")
def cassandra(pytestconfig: pytest.Config) -> Iterator[CassandraServer]:
    yield from provided(pytestconfig, "Cassandra", own_cassandra())


class TestKilled:
    """``kill -9`` of the only node, whose commit log is on the disk before it answers."""

    @LOADS
    async def test_a_few_times(
        self, tmp_path: Path, cassandra: CassandraServer, load: Load
    ) -> None:
        with on_cassandra(tmp_path, cassandra, SOON) as world:
            await load(world.server, KILLS, 1, world.kill, world.start)

    @pytest.mark.nightly
    @pytest.mark.timeout(1_800)
    @LOADS
    async def test_many_times(self, tmp_path: Path, cassandra: CassandraServer, load: Load) -> None:
        with on_cassandra(tmp_path, cassandra) as world:
            seed = random.randrange(2**32)
            await load(world.server, MANY_KILLS, seed, world.kill, world.start)


class TestStopped:
    """SIGSTOP until each client was told: requests time out, and are carried out once it goes on."""

    @LOADS
    async def test_a_few_times(
        self, tmp_path: Path, cassandra: CassandraServer, load: Load
    ) -> None:
        with on_cassandra(tmp_path, cassandra, SOON) as world:
            await load(world.server, KILLS, 1, world.pause, world.resume)

    async def test_for_a_second_costs_no_call(
        self, tmp_path: Path, cassandra: CassandraServer
    ) -> None:
        with on_cassandra(tmp_path, cassandra) as world:
            journal = IndexJournal()
            async with world.client() as podium:
                async with written_meanwhile(podium, journal, seed=1):
                    for pauses in range(1, PAUSES + 1):
                        await eventually(partial(_count, journal), (pauses * LIVES).__lt__)
                        world.pause()
                        await asyncio.sleep(1)
                        world.cassandra.process.resume()
                await soon_at_rest(podium, journal, world.store)


async def _count(journal: IndexJournal) -> int:
    return len(journal.executions)
