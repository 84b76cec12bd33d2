"""Clients that write what is indexed, all at once, for as long as the server lives; and their journal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from podium_client import PodiumClient
from podium_client.errors import TransportError
from podium_core.errors import StorageError
from tests.faults.disturbed import Disturbed
from tests.faults.index_entries import Foreign
from tests.faults.index_executions import Execution, Fate, Numbered
from tests.faults.switches import Failpoint

ENGINES = 6
Life = Callable[[PodiumClient, random.Random], Coroutine[Any, Any, None]]


@dataclass
class IndexJournal:
    """All that was written, by all clients.

    Attributes:
        cut_off: Clients whose call was never answered.
    """

    executions: list[Execution] = field(default_factory=list)
    foreign: Foreign = field(default_factory=Foreign)
    cut_off: int = 0

    def new_execution(self, tasks: int = 2) -> Execution:
        """One that nobody has written yet."""
        id_ = f"w{len(self.executions)}"
        own = [Numbered(f"{id_}-t{at}") for at in range(tasks)]
        self.executions.append(Execution(Numbered(id_), own))
        return self.executions[-1]

    async def execution(self, podium: PodiumClient, chance: random.Random) -> None:
        """The life of a new execution."""
        await self.new_execution(chance.randint(1, 3)).live(podium, chance)

    @property
    def lives(self) -> list[Life]:
        """What clients do."""
        foreign = [self.foreign.workflow_and_task, self.foreign.looked_up]
        return [*[self.execution] * ENGINES, *foreign]


async def write_until_killed(
    server: Disturbed, failpoint: Failpoint, passes: int, journal: IndexJournal, seed: int
) -> None:
    """Write until the server dies at its failpoint; nobody is told anything but that it is gone."""
    async with server.client() as podium:
        server.switches.arm(failpoint, passes)
        lives = [_until_dead(podium, life, seed + at) for at, life in enumerate(journal.lives)]
        dead = asyncio.to_thread(server.process.wait_until_killed)
        *ends, death = await asyncio.gather(*lives, dead, return_exceptions=True)
    for end in ends:
        if not isinstance(end, TransportError):
            raise end or AssertionError("a client has come to an end")
        journal.cut_off += 1
    if death is not None:
        raise death


async def written_without_index(
    podium: PodiumClient, journal: IndexJournal, executions: int
) -> None:
    """Write so many executions to their ends, and entries besides; no call waits for the index."""
    chance = random.Random(len(journal.executions))
    for _ in range(executions):
        execution = journal.new_execution()
        await execution.create(podium)
        await execution.commit(podium)
        await execution.complete(podium)
        if chance.random() < 0.3:
            await execution.end(podium, Fate.REMOVED)
        await journal.foreign.accepted(podium)


async def write_until_told(
    podium: PodiumClient,
    journal: IndexJournal,
    seed: int,
    break_: Callable[[], Coroutine[Any, Any, None]],
    told: tuple[type[StorageError], ...],
) -> None:
    """Write, break what the server rests on, and go on until each client was told one of these errors, and nothing else."""
    lives = [_until_dead(podium, life, seed + at) for at, life in enumerate(journal.lives)]
    *ends, broken = await asyncio.gather(*lives, break_(), return_exceptions=True)
    if isinstance(broken, BaseException):
        raise broken
    for end in ends:
        if not isinstance(end, told):
            raise end or AssertionError("a client has come to an end")
        journal.cut_off += 1


async def _until_dead(podium: PodiumClient, life: Life, seed: int) -> None:
    chance = random.Random(seed)
    while True:
        await life(podium, chance)


@asynccontextmanager
async def written_meanwhile(
    podium: PodiumClient, journal: IndexJournal, seed: int
) -> AsyncIterator[None]:
    """Write as long as the block lasts, each client to the end of what it is about; every call succeeds."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as writing:
        for at, life in enumerate(journal.lives):
            writing.create_task(_until_over(podium, life, seed + at, over))
        try:
            yield
        finally:
            over.set()


async def _until_over(podium: PodiumClient, life: Life, seed: int, over: asyncio.Event) -> None:
    chance = random.Random(seed)
    while not over.is_set():
        await life(podium, chance)
