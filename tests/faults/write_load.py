"""Clients that write registers, groups and chains, until the server or its store is gone; and what holds then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from podium_client import PodiumClient
from podium_core.errors import StorageError
from podium_core.models import collect
from tests.faults.journal import WORK_QUEUE, Chain, Group, Register
from tests.faults.stores import Store
from tests.patience import PATIENCE_SECONDS

WRITERS = 3
GROUP_SIZE = 7


@dataclass
class WriteJournal:
    """All that was written, by all clients.

    Attributes:
        patience_seconds: How long messages may take to follow the documents.
    """

    patience_seconds: float = 0.0
    registers: list[Register] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    chains: list[Chain] = field(default_factory=list)
    acks: int = 0
    cut_off: int = 0
    carried_out: int = 0

    def new_register(self) -> Register:
        self.registers.append(Register(f"r{len(self.registers)}"))
        return self.registers[-1]

    def new_group(self) -> Group:
        ids = [f"g{len(self.groups)}-{at}" for at in range(GROUP_SIZE)]
        self.groups.append(Group("groups", ids))
        return self.groups[-1]

    def new_chain(self) -> Chain:
        self.chains.append(Chain(f"c{len(self.chains)}", patience_seconds=self.patience_seconds))
        return self.chains[-1]


Writer = Callable[[PodiumClient, WriteJournal], Coroutine[Any, Any, None]]


async def _write_registers(podium: PodiumClient, journal: WriteJournal) -> None:
    while True:
        register = journal.new_register()
        for _ in range(4):
            await register.write(podium)
            journal.acks += 1


async def _write_groups(podium: PodiumClient, journal: WriteJournal) -> None:
    while True:
        await journal.new_group().write(podium)
        journal.acks += 1


def _write_chain(chain: Chain) -> Writer:
    async def write(podium: PodiumClient, journal: WriteJournal) -> None:
        while True:
            await chain.write(podium)
            journal.acks += 1

    return write


async def write_until_broken(
    podium: PodiumClient,
    journal: WriteJournal,
    wanted: int,
    break_: Callable[[], None],
    told: tuple[type[StorageError], ...],
) -> None:
    """Let everybody write until so many writes more were acknowledged, and break what they rest on.

    Returns when each of them was told one of these errors, and nothing else.
    """
    writers: list[Writer] = [_write_registers, _write_groups] * WRITERS
    writers += map(_write_chain, journal.chains)
    before = journal.acks
    writing = [asyncio.create_task(writer(podium, journal)) for writer in writers]
    while journal.acks - before < wanted:
        assert not any(task.done() for task in writing), [task for task in writing if task.done()]
        await asyncio.sleep(0)
    break_()
    for end in await asyncio.gather(*writing, return_exceptions=True):
        assert isinstance(end, told), repr(end)
        journal.cut_off += 1


async def begin(podium: PodiumClient, journal: WriteJournal) -> None:
    """The workflow of all groups, and the first step of each chain."""
    await Register("groups").write(podium)
    for _ in range(WRITERS):
        await journal.new_chain().write(podium)


async def check(
    podium: PodiumClient, journal: WriteJournal, *, registers: int, groups: int
) -> None:
    """Check what was written from these on, and every chain."""
    recent = journal.registers[registers:]
    stored = await collect(podium.executions.get_workflows([item.id for item in recent]))
    by_id = {str(found.workflow_id): found for found in stored}
    for register in recent:
        register.check(by_id.get(register.id))
    for at in range(groups, len(journal.groups), 1_000):
        some = journal.groups[at : at + 1_000]
        tasks = await podium.executions.get_tasks([id_ for group in some for id_ in group.task_ids])
        found = {str(task.task_id) for task in tasks}
        for group in some:
            group.check(found)
    for chain in journal.chains:
        await chain.check(podium)


async def check_everything(podium: PodiumClient, journal: WriteJournal) -> None:
    """Nothing of any round was lost later, and nothing is there that nobody wrote."""
    await check(podium, journal, registers=0, groups=0)
    ids = [
        id_
        for chain in journal.chains
        for n in range(1, chain.acked + 1)
        for id_ in chain.tasks_of(n)
    ]
    for at in range(0, len(ids), 5_000):
        assert len(await podium.executions.get_tasks(ids[at : at + 5_000])) == len(
            ids[at : at + 5_000]
        )
    assert await podium.queues.get_size(WORK_QUEUE) == len(ids)
    assert await podium.executions.get_pending_workflow_count("killed") == 1 + len(
        [register for register in journal.registers if register.acked]
    ) + len(journal.chains)
    stored = await collect(podium.executions.get_tasks_for_workflow("groups"))
    assert len(stored) == GROUP_SIZE * len([group for group in journal.groups if group.acked])


def journal_of(store: Store) -> WriteJournal:
    """A new journal of what is written to a store."""
    return WriteJournal(patience_seconds=PATIENCE_SECONDS if store.queues_follow else 0.0)
