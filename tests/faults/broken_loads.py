"""Loads under which a store is broken and mended, and what holds after each time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.faults.disturbed import Disturbed
from tests.faults.index_load import IndexJournal, write_until_told
from tests.faults.index_truth import soon_at_rest
from tests.faults.own_redis import AWAY
from tests.faults.write_load import (
    WriteJournal,
    begin,
    check,
    check_everything,
    journal_of,
    write_until_broken,
)
from tests.patience import PATIENCE_SECONDS

# Longer than what was sent before takes to be carried out once Redis goes on.
MOMENT_SECONDS = 0.5


async def each_commit_once(
    server: Disturbed,
    rounds: int,
    seed: int,
    break_: Callable[[], None],
    mend: Callable[[], Awaitable[None]],
) -> WriteJournal:
    """Registers, groups and chains through faults; steps that were under way are sent again, with their request ids."""
    chance, journal = random.Random(seed), journal_of(server.process.store)
    async with server.client() as podium:
        await begin(podium, journal)
        for _ in range(rounds):
            registers, groups = len(journal.registers), len(journal.groups)
            await write_until_broken(podium, journal, chance.randint(50, 300), break_, AWAY)
            await mend()
            # At once, so that a repeat meets what was sent before and is only now carried out.
            for chain in journal.chains:
                journal.carried_out += bool(await chain.repeat(podium))
            await asyncio.sleep(MOMENT_SECONDS)
            await check(podium, journal, registers=registers, groups=groups)
        await check_everything(podium, journal)
    return journal


async def at_rest_after_each(
    server: Disturbed,
    rounds: int,
    seed: int,
    break_: Callable[[], None],
    mend: Callable[[], Awaitable[None]],
) -> None:
    """Executions with an index, removals and archives through faults; after each, everything agrees."""
    chance, journal = random.Random(seed), IndexJournal()

    async def break_after_a_while() -> None:
        begun, more = len(journal.executions), chance.randint(5, 40)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(journal.executions) < begun + more:
                await asyncio.sleep(0.01)
        break_()

    async with server.client() as podium:
        for at in range(rounds):
            await write_until_told(podium, journal, seed + 100 * at, break_after_a_while, AWAY)
            await mend()
            await asyncio.sleep(MOMENT_SECONDS)
            await soon_at_rest(podium, journal, server.process.store)
