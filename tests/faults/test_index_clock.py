"""The clock is set back by an hour in the middle: tokens and stamps still grow, and the index misses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_load import IndexJournal, write_until_killed, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.stores import NewStore
from tests.faults.switches import Failpoint
from tests.patience import PATIENCE_SECONDS

HOUR_MS = 3_600_000
# So many begin in about half a second.
EXECUTIONS = 20
KILLED = {
    Failpoint.BEFORE_ANSWER: 50,
    Failpoint.BEFORE_INDEX: 15,
    Failpoint.AFTER_SEND: 15,
    Failpoint.BEFORE_TURN: 4,
    Failpoint.BEFORE_DELETION: 4,
}


@pytest.fixture
def server(tmp_path: Path, new_store: NewStore) -> Iterator[Disturbed]:
    with disturbed(tmp_path, store=new_store(tmp_path)) as server:
        yield server


def last_token(server: Disturbed) -> int:
    """The newest token that was given out."""
    return server.process.store.last_token()


async def some_more(server: Disturbed, journal: IndexJournal) -> None:
    """Wait until executions have begun, and marks have been written, that weren't there before."""
    token, executions = last_token(server), len(journal.executions)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while last_token(server) <= token or len(journal.executions) < executions + EXECUTIONS:
            await asyncio.sleep(0.01)


async def test_the_index_follows_through_the_step(server: Disturbed) -> None:
    journal = IndexJournal()
    async with server.client() as podium:
        async with written_meanwhile(podium, journal, seed=1):
            await some_more(server, journal)
            server.set_clock(-HOUR_MS)
            await some_more(server, journal)
        await soon_at_rest(podium, journal, server.process.store)


@pytest.mark.parametrize("failpoint", KILLED, ids=lambda failpoint: failpoint.name)
async def test_what_a_kill_left_is_carried_out_after_the_step(
    server: Disturbed, failpoint: Failpoint
) -> None:
    journal = IndexJournal()
    await write_until_killed(server, failpoint, KILLED[failpoint], journal, seed=2)
    before = last_token(server)
    server.set_clock(-HOUR_MS)
    await asyncio.to_thread(server.process.restart)
    async with server.client() as podium:
        await soon_at_rest(podium, journal, server.process.store)
        # And on with it, by the clock as it is now.
        async with written_meanwhile(podium, journal, seed=3):
            await some_more(server, journal)
        assert last_token(server) > before
        await soon_at_rest(podium, journal, server.process.store)
