"""The layout "conductor": the keys of a Java Conductor's queues, which it uses at the same time, and notes of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.queue_keys import ConductorQueueKeys
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.queue_table import RedisQueueTable
from podium_backends.redis.queues.scanned import message_scan
from podium_backends.redis.queues.scripts import queue_scripts
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import MessageScan, QueueTable, QueueTarget
from podium_core.ports.queue_table import QueueCounts

SWEEP_STEP = 1_000
# Of all keys of the database, at a time.
SCAN_STEP = 1_000


class ConductorQueueTable(RedisQueueTable):
    """The messages of queues in this layout; ``scripts/queues/conductor/queue.lua`` explains the keys.

    Java keeps no set of names, so a list of all queues is a scan of the database's keys.
    """

    def __init__(
        self,
        run_scripts: ClockedScripts,
        keys: ConductorQueueKeys,
        changes: QueueChanges,
        bulk: Link,
    ) -> None:
        super().__init__(run_scripts, keys, changes, queue_scripts("conductor"))
        self._names = keys
        self._bulk = bulk

    async def process_unacks(self, queue_name: str) -> int:
        total = cursor = 0
        while True:
            next_cursor, lapsed = await self._run(
                self._scripts.process_unacks, queue_name, cursor, SWEEP_STEP
            )
            total, cursor = total + int(lapsed), int(next_cursor)
            if cursor == 0:
                return total

    async def counts(self, queue_name: str) -> QueueCounts:
        (counts,) = await self._counts_of([queue_name])
        return counts

    async def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        seen: set[str] = set()
        cursor = 0
        while True:
            cursor, found = await self._scan_names(cursor)
            names = list(dict.fromkeys(name for name in found if name not in seen))
            seen.update(names)
            if names:
                yield await self._counts_of(names)
            if not cursor:
                return

    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan:
        # Where SCAN goes on, the names that it has found, and where ZSCAN goes on in the first of them.
        position, left, within = resume_key(cursor, tuple[int, str, int], (0, "", 0))
        names = left.split("\0") if left else []
        while not names:
            position, names = await self._scan_names(position)
            if not position:
                break
        messages: list[tuple[bytes, bytes, bytes]] = []
        if names:
            within, messages = await self._scan_queue(names[0], within, limit)
            names = names if within else names[1:]
        if not names and not position:
            return message_scan(messages, None)
        return message_scan(messages, resume_token(position, "\0".join(names), within))

    async def _scan_names(self, cursor: int) -> tuple[int, list[str]]:
        options = ("MATCH", self._names.pattern, "COUNT", SCAN_STEP, "TYPE", "zset")
        next_cursor, keys = await self._bulk.read("SCAN", cursor, *options)
        return int(next_cursor), [self._names.name_of(key.decode(errors="replace")) for key in keys]

    async def _scan_queue(
        self, name: str, cursor: int, limit: int
    ) -> tuple[int, list[tuple[bytes, bytes, bytes]]]:
        due = self._names.queue(name)[0]
        next_cursor, found = await self._bulk.read("ZSCAN", due, cursor, "COUNT", limit)
        rows = zip(found[::2], found[1::2], strict=True)
        return int(next_cursor), [(name.encode(), id_, due_ms) for id_, due_ms in rows]

    async def _counts_of(self, names: Sequence[str]) -> list[QueueCounts]:
        """Who holds a message that is due later, if anybody does, can't be told: none counts as leased."""
        sizes = await self._run_scripts.run_reading(self._scripts.counts, self._keys_of(names))
        return [QueueCounts(name, size, 0, 0) for name, size in zip(names, sizes, strict=True)]


_table: type[QueueTable] = ConductorQueueTable
_target: type[QueueTarget] = ConductorQueueTable
