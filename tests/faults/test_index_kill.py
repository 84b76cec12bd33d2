"""``kill -9`` at each place on the way into the index, under load: within five seconds of a restart nothing is missing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_load import IndexJournal, write_until_killed
from tests.faults.index_truth import soon_at_rest
from tests.faults.stores import NewStore
from tests.faults.switches import Failpoint

KILLS = 5
FOLDERS = 10

# At which passes; the first of a round of five comes before the load has come far.
PASSES = {
    Failpoint.BEFORE_COMMIT: (3, 40, 80, 120, 200),
    Failpoint.BEFORE_ANSWER: (3, 40, 80, 120, 200),
    Failpoint.BEFORE_DRAIN: (1, 2, 3, 5, 8),
    Failpoint.BEFORE_INDEX: (1, 8, 20, 30, 50),
    Failpoint.AFTER_SEND: (1, 6, 15, 30, 60),
    Failpoint.BEFORE_TURN: (1, 2, 4, 8, 15),
    Failpoint.BEFORE_DELETION: (1, 2, 4, 8, 15),
    Failpoint.BETWEEN_STEPS: (1, 2, 6, 12, 20),
    Failpoint.BEFORE_FINISH: (1, 6, 15, 30, 60),
    Failpoint.AFTER_FINISH: (1, 6, 15, 30, 60),
}
FAILPOINTS = pytest.mark.parametrize("failpoint", PASSES, ids=lambda failpoint: failpoint.name)


async def _kill_and_look(
    server: Disturbed, failpoint: Failpoint, passes: Sequence[int], seed: int
) -> IndexJournal:
    journal = IndexJournal()
    for at, last in enumerate(passes):
        await write_until_killed(server, failpoint, last, journal, seed + 100 * at)
        await asyncio.to_thread(server.process.restart)
        async with server.client() as podium:
            await soon_at_rest(podium, journal, server.process.store)
    return journal


@FAILPOINTS
async def test_index_and_executions_agree_after_a_kill(
    tmp_path: Path, failpoint: Failpoint, new_store: NewStore
) -> None:
    store = new_store(tmp_path)
    # What a killed writer left is the drainer's after 0.3 seconds instead of 2.
    with disturbed(tmp_path, "podium", "--writer-first-ms", "300", store=store) as server:
        journal = await _kill_and_look(server, failpoint, PASSES[failpoint][: store.kills], 1)
    assert journal.cut_off == store.kills * len(journal.lives)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@FAILPOINTS
async def test_index_and_executions_agree_after_fifty_kills(
    tmp_path: Path, failpoint: Failpoint, new_store: NewStore
) -> None:
    chance = random.Random()
    for number in range(FOLDERS):
        passes = [chance.randint(1, PASSES[failpoint][-1]) for _ in range(KILLS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        with disturbed(folder, store=new_store(folder)) as server:
            await _kill_and_look(server, failpoint, passes, chance.randrange(2**32))
