"""Elasticsearch is killed, stopped, slow, or not there yet, under load: writes go on, and the index has all of it later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_core.models import Wait
from tests.contract.eventually import eventually
from tests.faults.health_entries import is_serving
from tests.faults.index_executions import Fate
from tests.faults.index_load import IndexJournal, written_without_index
from tests.faults.index_truth import soon_at_rest
from tests.faults.own_elasticsearch import (
    INDEX_SERVICE,
    REQUEST_SECONDS,
    SEARCH_STORE,
    indexed_elsewhere,
    own_elasticsearch,
    slow_proxy,
)
from tests.faults.server import KillableServer
from tests.services.elasticsearch_server import ElasticsearchServer
from tests.services.fixtures import provided

EXECUTIONS = 40
# A busy machine is slow by itself; if each write waited for the index, they would take minutes.
SLOWER, GRACE_SECONDS = 4.0, 4.0
SLOW_SECONDS = 0.4
BURST = 2_000

Disturb = Callable[[ElasticsearchServer], Awaitable[None]]


@pytest.fixture(scope="module")
def shared(pytestconfig: pytest.Config) -> Iterator[ElasticsearchServer]:
    """A node for all tests of this file: one after the other kills it."""
    yield from provided(pytestconfig, "Elasticsearch", own_elasticsearch())


@pytest.fixture
def node(shared: ElasticsearchServer) -> Iterator[ElasticsearchServer]:
    shared.start()
    yield shared
    shared.kill()


async def writing_time(podium: PodiumClient, journal: IndexJournal) -> float:
    """How long some executions take, of which none waits for the index."""
    began = time.monotonic()
    await written_without_index(podium, journal, EXECUTIONS)
    return time.monotonic() - began


async def go_through(
    server: KillableServer,
    disturb: Callable[[], Awaitable[None]],
    mend: Callable[[], Awaitable[None]],
) -> None:
    """Write before, while and after the index is disturbed."""
    journal = IndexJournal()
    async with server.client() as podium:
        usual = await writing_time(podium, journal)
        ended = journal.new_execution()
        await ended.create(podium)
        await ended.complete(podium)
        await caught_up(podium, journal, server)
        await disturb()
        assert await writing_time(podium, journal) < usual * SLOWER + GRACE_SECONDS
        await eventually(lambda: is_down(server))
        assert await writing_time(podium, journal) < usual * SLOWER + GRACE_SECONDS
        await mend()
        await caught_up(podium, journal, server)
        await eventually(lambda: is_serving(server, SEARCH_STORE))
        # As before: archives too, which only the index has.
        await ended.end(podium, Fate.ARCHIVED)
        await caught_up(podium, journal, server)


async def caught_up(podium: PodiumClient, journal: IndexJournal, server: KillableServer) -> None:
    """The outbox is empty, and the index is what it has to be."""

    async def marks_left() -> list[str]:
        return list(server.store.marks_left())

    # A shard that is being made can't be searched.
    await eventually(marks_left, lambda left: not left)
    await soon_at_rest(podium, journal, server.store)


async def is_down(server: KillableServer) -> bool:
    """Whether health says that the index is away, and only the index."""
    assert await is_serving(server, "store/main")
    assert await is_serving(server, "podium.v1.ExecutionService")
    serving = [await is_serving(server, entry) for entry in (SEARCH_STORE, INDEX_SERVICE)]
    return serving == [False, False]


async def test_killed(node: ElasticsearchServer, tmp_path: Path) -> None:
    async def kill() -> None:
        node.kill()

    async def start() -> None:
        await asyncio.to_thread(node.start)

    with indexed_elsewhere(tmp_path, node.url) as server:
        await go_through(server, kill, start)


async def test_stopped(node: ElasticsearchServer, tmp_path: Path) -> None:
    """Longer than a request may take: what was sent before is carried out in the end, and sent again besides."""

    async def pause() -> None:
        node.process.pause()
        await asyncio.sleep(REQUEST_SECONDS)

    async def resume() -> None:
        node.process.resume()

    with indexed_elsewhere(tmp_path, node.url) as server:
        await go_through(server, pause, resume)


async def test_slow(node: ElasticsearchServer, tmp_path: Path) -> None:
    journal = IndexJournal()
    async with slow_proxy(node.url) as proxy:
        running = indexed_elsewhere(tmp_path, proxy.url)
        # In a thread: its start asks through the proxy, which is in this one.
        server = await asyncio.to_thread(running.__enter__)
        try:
            async with server.client() as podium:
                usual = await writing_time(podium, journal)
                proxy.delay_seconds = SLOW_SECONDS
                assert await writing_time(podium, journal) < usual * SLOWER + GRACE_SECONDS
                await caught_up(podium, journal, server)
        finally:
            running.__exit__(None, None, None)


async def test_not_there_at_start(shared: ElasticsearchServer, tmp_path: Path) -> None:
    """The server starts and takes writes; the indices are made when Elasticsearch comes, before anything is sent."""
    journal = IndexJournal()
    with indexed_elsewhere(tmp_path, shared.url) as server:
        async with server.client() as podium:
            assert await is_down(server)
            await written_without_index(podium, journal, EXECUTIONS)
            # And another start, with what the first has left.
            await asyncio.to_thread(server.restart)
        async with server.client() as podium:
            await written_without_index(podium, journal, EXECUTIONS)
            await asyncio.to_thread(shared.start)
            try:
                await caught_up(podium, journal, server)
                await eventually(lambda: is_serving(server, INDEX_SERVICE))
            finally:
                shared.kill()


async def test_a_burst(node: ElasticsearchServer, tmp_path: Path) -> None:
    """Of which Java loses most."""
    journal = IndexJournal()
    with indexed_elsewhere(tmp_path, node.url) as server:
        async with server.client() as podium:
            putting = (journal.foreign.put_task(podium, Wait.ACCEPTED) for _ in range(BURST))
            await asyncio.gather(*putting)
            await caught_up(podium, journal, server)
            assert (await podium.index.search_tasks()).total_hits == BURST
