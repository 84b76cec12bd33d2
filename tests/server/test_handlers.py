"""Entries of the outbox that take long go on by themselves: the drainer comes to others meanwhile, and learns the end."""

from __future__ import annotations

import asyncio

from podium_core.errors import BackendUnavailableError
from podium_core.outbox import DueEntries, OutboxEntry
from podium_server.outbox.handlers import OneByOne, Settled


def entry(id_: str, token: int = 1) -> OutboxEntry:
    return OutboxEntry(kind="k", id=id_, owner=id_, token=token, since_ms=0, due_ms=0)


class Slow:
    """A target that a test lets end."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.may_end = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, entry: OutboxEntry, now_ms: int) -> Settled:
        self.begun.append((entry.id, entry.token))
        if entry.id.startswith("slow"):
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if entry.id.endswith("away"):
            raise BackendUnavailableError("", "away")
        return Settled.DONE


async def test_others_are_settled_meanwhile() -> None:
    target = Slow()
    handler = OneByOne({"k": target}, patience_seconds=0.01)
    first = await handler.carry_out(DueEntries([entry("slow"), entry("quick")], 0))
    assert first == [Settled.KEPT, Settled.DONE]
    # Again, as the drainer finds it, beside a new one: it isn't begun a second time.
    assert await handler.carry_out(DueEntries([entry("slow"), entry("new")], 0)) == [
        Settled.KEPT,
        Settled.DONE,
    ]
    assert target.begun == [("slow", 1), ("quick", 1), ("new", 1)]
    target.may_end.set()
    last = OneByOne({"k": target})
    assert await last.carry_out(DueEntries([entry("slow")], 0)) == [Settled.DONE]
    await asyncio.sleep(0)
    assert await handler.carry_out(DueEntries([entry("slow")], 0)) == [Settled.DONE]


async def test_an_entry_that_was_renewed_is_another_one() -> None:
    target = Slow()
    handler = OneByOne({"k": target}, patience_seconds=0.01)
    await handler.carry_out(DueEntries([entry("slow")], 0))
    await handler.carry_out(DueEntries([entry("slow", 2)], 0))
    assert target.begun == [("slow", 1), ("slow", 2)]
    await handler.close()
    assert target.cancelled == 2


async def test_an_error_comes_as_the_settlement() -> None:
    target = Slow()
    handler = OneByOne({"k": target}, patience_seconds=0.01)
    assert await handler.carry_out(DueEntries([entry("slow-away")], 0)) == [Settled.KEPT]
    target.may_end.set()
    (settlement,) = await OneByOne({"k": target}).carry_out(DueEntries([entry("slow-away")], 0))
    assert isinstance(settlement, BackendUnavailableError)
    await asyncio.sleep(0)
    (settlement,) = await handler.carry_out(DueEntries([entry("slow-away")], 0))
    assert isinstance(settlement, BackendUnavailableError)


async def test_a_drainer_that_ends_takes_them_along() -> None:
    target = Slow()
    handler = OneByOne({"k": target})
    waiting = asyncio.create_task(handler.carry_out(DueEntries([entry("slow")], 0)))
    while not target.begun:
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert target.cancelled == 1
