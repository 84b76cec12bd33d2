"""How much the drainer reads at once: little while writers go first, more once a backlog is old."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from podium_core.outbox import Bucket, DueEntries, OutboxEntry
from podium_core.ports import Outbox
from podium_server.outbox.drainer import BEHIND_MS, Drainer
from podium_server.outbox.handlers import Settled, Settlement
from podium_server.outbox.leases import Leases


class FullOutbox:
    """An outbox that always has more, whose entries have waited for so long, one number for each read; then nothing.

    Attributes:
        limits: How much was asked for, by each read.
        done: Set when nothing is left.
    """

    def __init__(self, *waited_ms: int) -> None:
        self._waited_ms = list(waited_ms)
        self.limits: list[int] = []
        self.done = asyncio.Event()

    async def due_entries(
        self, buckets: Sequence[Bucket], kinds: Sequence[str], limit: int
    ) -> DueEntries:
        self.limits.append(limit)
        if not self._waited_ms:
            self.done.set()
            return DueEntries([], 1_000_000)
        since_ms = 1_000_000 - self._waited_ms.pop(0)
        entry = OutboxEntry(kind="k", id="e", owner="w", token=1, since_ms=since_ms)
        return DueEntries([entry] * limit, 1_000_000)

    async def due_in_ms(self, buckets: Sequence[Bucket], kinds: Sequence[str]) -> int | None:
        return None

    async def finish(self, entries: Sequence[OutboxEntry]) -> None:
        pass


class AllBuckets:
    async def buckets(self) -> Sequence[Bucket]:
        return range(16)


class Carrying:
    kinds = ("k",)

    async def carry_out(self, due: DueEntries) -> Sequence[Settlement]:
        return [Settled.DONE] * len(due.entries)

    async def close(self) -> None:
        pass


async def test_an_old_backlog_is_drained_in_larger_batches() -> None:
    young, old = BEHIND_MS, BEHIND_MS + 1
    outbox = FullOutbox(young, old, old, young, young)
    drainer = Drainer(
        cast(Outbox, outbox),
        Carrying(),
        cast(Leases, AllBuckets()),
        batch=3,
        backlog_batch=9,
        gather_seconds=0.001,
    )
    running = asyncio.create_task(drainer.run())
    await outbox.done.wait()
    running.cancel()
    assert outbox.limits == [3, 3, 9, 9, 3, 3]
