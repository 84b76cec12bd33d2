"""``kill -9`` of a server at each phase of a write to Cassandra, under load: all tables agree once an heir was there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from podium_backends.cassandra.settings import CassandraSettings
from podium_client.errors import TransportError
from tests.backends.cassandra.keyspaces import leave_empty, settings_of
from tests.contract.eventually import eventually
from tests.faults.cassandra_store import CassandraStore
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_load import IndexJournal, write_until_killed
from tests.faults.index_truth import soon_at_rest
from tests.faults.switches import Failpoint
from tests.faults.write_load import (
    begin,
    check,
    check_everything,
    journal_of,
    write_until_broken,
)

KILLS = 2
# At which passes.
WRITES = {
    Failpoint.AFTER_READ: (1, 40),
    Failpoint.ANNOUNCED: (1, 40),
    Failpoint.BATCH_SENT: (1, 40),
    Failpoint.BATCH_LANDED: (1, 40),
    Failpoint.AFTER_DELIVERY: (1, 20),
}
LANDED = {Failpoint.BATCH_LANDED, Failpoint.AFTER_DELIVERY}
PASSES = {
    Failpoint.AFTER_READ: (3, 60),
    Failpoint.ANNOUNCED: (3, 60),
    Failpoint.BATCH_SENT: (3, 60),
    Failpoint.BATCH_LANDED: (3, 60),
    Failpoint.AFTER_LEAVE: (1, 20),
    Failpoint.AFTER_SEND: (2, 15),
    Failpoint.AFTER_FINISH: (2, 15),
    Failpoint.HINTS_DROPPED: (2, 3),
}
FAILPOINTS = pytest.mark.parametrize("failpoint", PASSES, ids=lambda failpoint: failpoint.name)


@pytest.fixture
def settings(cassandra_keyspace: str) -> Iterator[CassandraSettings]:
    chosen = settings_of(cassandra_keyspace)
    yield chosen
    leave_empty(chosen)


@pytest.fixture
def store(settings: CassandraSettings) -> Iterator[CassandraStore]:
    opened = CassandraStore(settings)
    yield opened
    opened.close()


@FAILPOINTS
async def test_index_and_executions_agree_after_a_kill(
    tmp_path: Path, failpoint: Failpoint, store: CassandraStore
) -> None:
    # Windows so short that logs drop their hints, too.
    options = ("--writer-first-ms", "300", "--log-window-ms", "2000")
    with disturbed(tmp_path, "podium", *options, store=store) as server:
        journal = IndexJournal()
        for at, last in enumerate(PASSES[failpoint]):
            await write_until_killed(server, failpoint, last, journal, 100 * at)
            await asyncio.to_thread(server.process.restart)
            await _soon_at_rest(server, journal)
    assert journal.cut_off == KILLS * len(journal.lives)


@pytest.mark.parametrize("failpoint", WRITES, ids=lambda failpoint: failpoint.name)
async def test_each_write_is_done_once_when_it_is_repeated(
    tmp_path: Path, failpoint: Failpoint, store: CassandraStore
) -> None:
    """Steps with their request ids, other writes without one."""
    journal = journal_of(store)
    with disturbed(tmp_path, "podium", "--writer-first-ms", "300", store=store) as server:
        async with server.client() as podium:
            await begin(podium, journal)
        for passes in WRITES[failpoint]:
            registers, groups = len(journal.registers), len(journal.groups)
            arm = partial(server.switches.arm, failpoint, passes)
            async with server.client() as podium:
                await write_until_broken(podium, journal, 100, arm, (TransportError,))
            await asyncio.to_thread(server.process.wait_until_killed)
            await asyncio.to_thread(server.process.restart)
            async with server.client() as podium:
                for chain in journal.chains:
                    journal.carried_out += bool(await chain.repeat(podium))
                for register in journal.registers[registers:]:
                    journal.carried_out += bool(await register.repeat(podium))
                await check(podium, journal, registers=registers, groups=groups)
        async with server.client() as podium:
            await check_everything(podium, journal)
            await eventually(lambda: asyncio.to_thread(_is_at_rest, store))
    if failpoint in LANDED:
        assert journal.carried_out >= len(WRITES[failpoint])


def _is_at_rest(store: CassandraStore) -> bool:
    return not [*store.marks_left()]


async def _soon_at_rest(server: Disturbed, journal: IndexJournal) -> None:
    async with server.client() as podium:
        await soon_at_rest(podium, journal, server.process.store)
