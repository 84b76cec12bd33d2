"""The layout "podium": keys of Podium's own, and a set of the names of all queues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.keys import Keys
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.queue_table import RedisQueueTable
from podium_backends.redis.queues.scanned import message_scan
from podium_backends.redis.queues.scripts import queue_scripts
from podium_backends.redis.script_files import queue_script
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import MessageScan, QueueTable, QueueTarget
from podium_core.ports.queue_table import QueueCounts

SWEEP_STEP = 10_000
COUNTS_PAGE = 500

_SCAN = queue_script("podium", "podium/scan")


class PodiumQueueTable(RedisQueueTable):
    """The messages of queues in this layout; ``scripts/queues/podium/queue.lua`` explains the keys."""

    def __init__(self, run_scripts: ClockedScripts, keys: Keys, changes: QueueChanges) -> None:
        super().__init__(run_scripts, keys, changes, queue_scripts("podium"))
        # For scripts about all queues: names are put behind these.
        self._every = keys.queue("")

    async def process_unacks(self, queue_name: str) -> int:
        total = 0
        while (
            swept := int(await self._run(self._scripts.process_unacks, queue_name, SWEEP_STEP))
        ) == SWEEP_STEP:
            total += swept
        return total + swept

    async def counts(self, queue_name: str) -> QueueCounts:
        one = f"[{queue_name}"
        found = await self._counts_between(one, one)
        return found[0] if found else QueueCounts(queue_name, 0, 0, 0)

    async def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        first = "-"
        more = True
        while more:
            page = await self._counts_between(first, "+")
            yield page
            more = len(page) >= COUNTS_PAGE
            first = f"({page[-1].name}" if more else ""

    async def _counts_between(self, first: str, last: str) -> list[QueueCounts]:
        arguments = (first, last, COUNTS_PAGE)
        rows = await self._run_scripts.run_reading(self._scripts.counts, self._every, arguments)
        return [QueueCounts(name.decode(), *counts) for name, *counts in rows]

    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan:
        # The cursor within a queue is HSCAN's: messages that are there throughout come, whatever their priority becomes.
        name, position = resume_key(cursor, tuple[str, int], ("", 0))
        next_name, next_position, found = await self._run_scripts.run_reading(
            _SCAN, self._every, (name, position, limit)
        )
        messages = zip(found[::3], found[1::3], found[2::3], strict=True)
        more = resume_token(next_name.decode(), int(next_position)) if next_name else None
        return message_scan(messages, more)


_table: type[QueueTable] = PodiumQueueTable
_target: type[QueueTarget] = PodiumQueueTable
