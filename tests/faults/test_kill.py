"""``kill -9`` in the middle of writes, twenty times: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from podium_client.errors import TransportError
from tests.faults.server import running
from tests.faults.stores import NewStore, Store
from tests.faults.write_load import (
    WriteJournal,
    begin,
    check,
    check_everything,
    journal_of,
    write_until_broken,
)

# Of each of the five that a store makes.
KILLS = 4
MANY_KILLS = 40


async def _kill_again_and_again(folder: Path, store: Store, kills: int, seed: int) -> WriteJournal:
    chance = random.Random(seed)
    journal = journal_of(store)
    with running(folder, store=store) as server:
        async with server.client() as podium:
            await begin(podium, journal)
        for _ in range(kills):
            registers, groups = len(journal.registers), len(journal.groups)
            async with server.client() as podium:
                # Nobody was told anything but that the connection broke.
                wanted, told = chance.randint(50, 400), (TransportError,)
                await write_until_broken(podium, journal, wanted, server.kill, told)
            await asyncio.to_thread(server.start)
            async with server.client() as podium:
                for chain in chance.sample(journal.chains, k=1):
                    journal.carried_out += bool(await chain.repeat(podium))
                await check(podium, journal, registers=registers, groups=groups)
        async with server.client(timeout_seconds=60) as podium:
            await check_everything(podium, journal)
    return journal


async def test_what_was_acknowledged_outlives_kills(tmp_path: Path, new_store: NewStore) -> None:
    store = new_store(tmp_path)
    kills = KILLS * store.kills
    journal = await _kill_again_and_again(tmp_path, store, kills, seed=1)
    assert journal.acks > kills * 50
    assert journal.cut_off > kills


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
async def test_what_was_acknowledged_outlives_many_kills(
    tmp_path: Path, new_store: NewStore
) -> None:
    store = new_store(tmp_path)
    kills, seed = MANY_KILLS * store.kills, random.randrange(2**32)
    await _kill_again_and_again(tmp_path, store, kills, seed)
