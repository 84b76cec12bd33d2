"""Two servers on one folder; one is stopped past its lease in the middle of a drain, and goes on when all has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_core.models import Wait
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_executions import Execution, Fate
from tests.faults.index_load import IndexJournal, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.stores import NewStore
from tests.faults.switches import Failpoint

LEASE_MS = 1_000
PAST_THE_LEASE_SECONDS = 1.5
REST_SECONDS = 0.3
EXECUTIONS = 40
STOPS = 10

FAILPOINTS = pytest.mark.parametrize(
    "failpoint",
    [Failpoint.BEFORE_DEADLINE, Failpoint.BEFORE_SEND, Failpoint.AFTER_SEND],
    ids=lambda failpoint: failpoint.name,
)


@pytest.fixture
def servers(tmp_path: Path, new_store: NewStore) -> Iterator[tuple[Disturbed, Disturbed]]:
    lease, store = ("--lease-ms", str(LEASE_MS)), new_store(tmp_path)
    store.servers = 2
    with (
        disturbed(tmp_path, "first", *lease, store=store) as first,
        disturbed(tmp_path, "second", *lease, store=store) as second,
    ):
        yield first, second


async def _create(podium: PodiumClient, journal: IndexJournal) -> list[Execution]:
    created = [journal.new_execution() for _ in range(EXECUTIONS)]
    await asyncio.gather(*(execution.create(podium) for execution in created))
    return created


async def _change(podium: PodiumClient, execution: Execution, fate: Fate | None) -> None:
    await execution.commit(podium)
    if fate is not None:
        await execution.complete(podium)
        await execution.end(podium, fate)


@contextmanager
def _index_away(server: Disturbed) -> Iterator[None]:
    """What is written meanwhile waits."""
    server.switches.index_away = True
    try:
        yield
    finally:
        server.switches.index_away = False


async def stop_and_go_on(
    servers: tuple[Disturbed, Disturbed], failpoint: Failpoint, journal: IndexJournal
) -> None:
    """One server stops with documents in its hands; the other changes, removes and archives them."""
    stopping, going_on = servers
    async with stopping.client() as first, going_on.client() as second:
        # Written by the one that is to stop: on some stores who writes drains.
        with _index_away(stopping):
            created = await _create(first, journal)
            stopping.switches.arm(failpoint, stops=True)
        await asyncio.to_thread(stopping.process.wait_until_stopped)
        fates = [None, *Fate]
        changes = (
            _change(second, execution, fates[at % len(fates)])
            for at, execution in enumerate(created)
        )
        await asyncio.gather(*changes)
        async with written_meanwhile(second, journal, seed=len(journal.executions)):
            await asyncio.sleep(PAST_THE_LEASE_SECONDS)
        await soon_at_rest(second, journal, going_on.process.store)
        stopping.process.resume()
        await soon_at_rest(first, journal, stopping.process.store)
        # What it still had in its hands has had its time to do harm.
        await asyncio.sleep(REST_SECONDS)
        await soon_at_rest(first, journal, stopping.process.store, seconds=0)


@FAILPOINTS
async def test_the_one_that_was_stopped_changes_nothing_any_more(
    servers: tuple[Disturbed, Disturbed], failpoint: Failpoint
) -> None:
    await stop_and_go_on(servers, failpoint, IndexJournal())


async def test_an_entry_that_was_removed_meanwhile_does_not_come_back(
    servers: tuple[Disturbed, Disturbed],
) -> None:
    stopping, going_on = servers
    journal = IndexJournal()
    async with stopping.client() as first, going_on.client() as podium:
        with _index_away(stopping):
            putting = (journal.foreign.put_task(first, Wait.ACCEPTED) for _ in range(EXECUTIONS))
            tasks = await asyncio.gather(*putting)
            stopping.switches.arm(Failpoint.BEFORE_SEND, stops=True)
        await asyncio.to_thread(stopping.process.wait_until_stopped)
        # The index has none of them yet: they are in the hands of the one that is stopped.
        for task in tasks:
            await journal.foreign.remove_task(podium, task, Wait.INDEXED)
        stopping.process.resume()
        await soon_at_rest(podium, journal, going_on.process.store)
        await asyncio.sleep(REST_SECONDS)
        await soon_at_rest(podium, journal, going_on.process.store, seconds=0)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@FAILPOINTS
async def test_neither_does_it_the_tenth_time(
    servers: tuple[Disturbed, Disturbed], failpoint: Failpoint
) -> None:
    journal = IndexJournal()
    for _ in range(STOPS):
        # The one that went on has taken all buckets over: it is the next to be stopped.
        await stop_and_go_on(servers, failpoint, journal)
        servers = servers[::-1]
