"""``kill -9`` at each place on the way into the index, under load: within five seconds of a restart nothing is missing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.disturbed import disturbed
from tests.faults.index_load import IndexJournal, write_until_killed
from tests.faults.index_truth import soon_at_rest
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
}
FAILPOINTS = pytest.mark.parametrize("failpoint", PASSES, ids=lambda failpoint: failpoint.name)


async def _kill_and_look(
    folder: Path, failpoint: Failpoint, passes: Sequence[int], seed: int, *arguments: str
) -> IndexJournal:
    journal = IndexJournal()
    with disturbed(folder, "podium", *arguments) as server:
        for at, last in enumerate(passes):
            await write_until_killed(server, failpoint, last, journal, seed + 100 * at)
            await asyncio.to_thread(server.process.restart)
            async with server.client() as podium:
                await soon_at_rest(podium, journal, server.process.data)
    return journal


@FAILPOINTS
async def test_index_and_executions_agree_after_a_kill(
    tmp_path: Path, failpoint: Failpoint
) -> None:
    # What a killed writer left is the drainer's after 0.3 seconds instead of 2.
    journal = await _kill_and_look(
        tmp_path, failpoint, PASSES[failpoint], 1, "--writer-first-ms", "300"
    )
    assert journal.cut_off == KILLS * len(journal.lives)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
@FAILPOINTS
async def test_index_and_executions_agree_after_fifty_kills(
    tmp_path: Path, failpoint: Failpoint
) -> None:
    chance = random.Random()
    for number in range(FOLDERS):
        passes = [chance.randint(1, PASSES[failpoint][-1]) for _ in range(KILLS)]
        folder = tmp_path / str(number)
        folder.mkdir()
        await _kill_and_look(folder, failpoint, passes, chance.randrange(2**32))
