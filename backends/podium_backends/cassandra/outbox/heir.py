"""Takes over what processes left undone that died, and what was delayed until now.

An heir raises the version of each workflow that a log names, before it takes what it reads for all that was written: a
batch of the dead process that is still under way fails then. (``tests/model/one_partition.py``)
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from msgspec.structs import replace

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.outbox.stored_entries import entries_of, planned_ms
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_backends.cassandra.rounds import log as logs
from podium_backends.cassandra.rounds.due import DueHints
from podium_backends.cassandra.rounds.log import Log
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.windows import DUE_WINDOW_MS, NEAR_WINDOWS, due_window
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.clock import Clock
from podium_core.errors import StorageError
from podium_core.outbox import KIND_REMOVAL, MOMENT_MS, waits_too_long

_LOGS = "SELECT owner, first_window, holder FROM logs WHERE part = ?"
_HINTS = "SELECT workflow_id FROM log WHERE owner = ? AND window = ?"
_AT_ONCE = 32
_FEW = 100

_log = structlog.get_logger("podium.cassandra")


class Heir:
    """Brings entries of the store into the memory of this process."""

    def __init__(
        self,
        session: Session,
        writes: PartitionWrites,
        waiting: WaitingEntries,
        due: DueHints,
        log: Log,
        clock: Clock,
    ) -> None:
        self._session = session
        self._writes = writes
        self._waiting = waiting
        self._due = due
        self._log = log
        self._clock = clock
        self._inheriting = asyncio.Lock()
        # The window up to which a shard's delayed entries were read.
        self._read_up_to: dict[int, int] = {}

    # logs

    async def inherit(self) -> None:
        """Take over the logs that nobody holds, and find out about this process's own unknown outcomes."""
        async with self._inheriting:
            for workflow_id in list(self._writes.unsettled):
                await self._settle(workflow_id)
            for owner, first_window, holder in await self._session.rows(_LOGS, logs.PART):
                if holder is None and owner != self._log.owner:
                    await self._inherit_log(owner, first_window)

    async def _settle(self, workflow_id: str) -> None:
        if self._writes.is_under_way(workflow_id):
            return
        # Before it is read: of a batch that is sent meanwhile nothing is known again.
        self._writes.unsettled.discard(workflow_id)
        try:
            await self.take_over(workflow_id)
        except StorageError:
            self._writes.unsettled.add(workflow_id)
            raise

    async def _inherit_log(self, owner: str, first_window: int | None) -> None:
        if first_window is None:
            # The log was ended while its lease was given back.
            await logs.end_log(self._session, owner)
            return
        if not await self._log.take_over(owner):
            return
        for window in range(first_window, first_window + logs.WINDOWS):
            found = [row[0] for row in await self._session.rows(_HINTS, owner, window)]
            for at in range(0, len(found), _AT_ONCE):
                part = found[at : at + _AT_ONCE]
                await asyncio.gather(*(self.take_over(workflow_id) for workflow_id in part))
            if found:
                await logs.drop_window(self._session, owner, window)
                _log.info("took over what a server left undone", workflows=len(found))
        await logs.end_log(self._session, owner)

    async def take_over(self, workflow_id: str) -> None:
        """Be responsible for a workflow's entries from now on. Raises as ``Session.write``."""
        await self._writes.raise_version(workflow_id)
        await self._remember(workflow_id)

    async def _remember(self, workflow_id: str) -> None:
        """Take a workflow's entries into memory, then hint in the own log: once they are there, the hint stays.

        The hint that led here may be dropped after that. (``tests/model/delayed_entries.py``)
        """
        entries, now_ms = await entries_of(self._session, workflow_id), self._clock()
        # By the clock of who wrote them they may have been due soon.
        await self._due.write(workflow_id, entries, now_ms)
        in_time = [(id_, await self._in_time(workflow_id, id_, entry)) for id_, entry in entries]
        near = self._due.soon(in_time, now_ms, NEAR_WINDOWS)
        # What isn't near may have been written again meanwhile, and wait here.
        self._waiting.written(workflow_id, [one for one in near if one[1] is not None])
        if self._waiting.has_of(workflow_id):
            await self._log.hold_hint(workflow_id)

    async def _in_time(self, workflow_id: str, row_id: str, entry: StoredEntry) -> StoredEntry:
        """The entry; due now where its writer's clock was ahead, and it would wait too long."""
        now_ms, (kind, _, _) = self._clock(), row_id.partition("\x00")
        if entry.due_ms <= now_ms + MOMENT_MS:
            return entry
        planned = await planned_ms(self._session, workflow_id) if kind == KIND_REMOVAL else None
        is_late = waits_too_long(kind, entry.due_ms, planned_ms=planned, now_ms=now_ms)
        return replace(entry, due_ms=0) if is_late else entry

    # delayed entries

    async def next_delayed_ms(self, shards: Sequence[int], kinds: Sequence[str]) -> int | None:
        """When the next entry of these kinds is due that is delayed for long; None without any.

        An estimate, too early, where many workflows have one.
        """
        due = []
        for shard, window in await self._due.next_windows(shards):
            workflows = await self._due.workflows(shard, window)
            if len(workflows) > _FEW:
                due.append(window * DUE_WINDOW_MS)
                continue
            for workflow_id in workflows:
                due += await self._due_times(workflow_id, kinds)
        return min(due, default=None)

    async def _due_times(self, workflow_id: str, kinds: Sequence[str]) -> list[int]:
        return [
            entry.due_ms
            for row_id, entry in await entries_of(self._session, workflow_id)
            if row_id.partition("\x00")[0] in kinds and not entry.aside
        ]

    async def read_due(self, shards: Sequence[int], now_ms: int) -> None:
        """Bring in what was delayed until this time. Raises as ``Session.rows``."""
        now = due_window(now_ms)
        for shard in shards:
            if self._read_up_to.get(shard, -1) < now:
                await self._read_shard(shard, now_ms)
                self._read_up_to[shard] = now

    async def _read_shard(self, shard: int, now_ms: int) -> None:
        for window in await self._due.windows(shard, now_ms):
            for workflow_id in await self._due.workflows(shard, window):
                await self._remember(workflow_id)
            await self._due.drop(shard, window)
