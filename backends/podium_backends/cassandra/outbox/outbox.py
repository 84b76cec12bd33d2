"""The outbox of executions on Cassandra: what the drainer asks of it.

A process drains from memory what it wrote. Its log is read by an heir only, once it has died; entries that are delayed for
long come from the partitions of their time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.outbox import entry_jobs as jobs
from podium_backends.cassandra.outbox.heir import Heir
from podium_backends.cassandra.outbox.shares import Shares
from podium_backends.cassandra.outbox.stored_entries import entries_of, planned_ms
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.jobs import EntryJob
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_backends.cassandra.partition.sets import SHARDS
from podium_backends.cassandra.rounds.waiting import WaitingEntries
from podium_backends.cassandra.rounds.writes import PartitionWrites
from podium_core.clock import Clock
from podium_core.errors import PayloadTooLargeError
from podium_core.outbox import (
    DUE_SIZE,
    KIND_REMOVAL,
    LEASE_MS,
    MOMENT_MS,
    Bucket,
    ClockSteps,
    DueEntries,
    NewEntry,
    OutboxEntry,
    OutboxFailure,
    OutboxStats,
    waits_too_long,
)
from podium_core.paging.read_budget import up_to
from podium_core.ports import Outbox

_WRITTEN = (
    "SELECT id, value, WRITETIME(value) FROM executions"
    " WHERE workflow_id = ? AND kind = 3 AND id IN ?"
)
_DELETE = "DELETE FROM executions USING TIMESTAMP ? WHERE workflow_id = ? AND kind = 3 AND id = ?"
_IDS = "SELECT id FROM executions WHERE workflow_id = ? AND kind = 3 AND id = ?"
_ASIDE = "SELECT workflow_id FROM aside WHERE shard = ?"
_DROP_ASIDE = "DELETE FROM aside WHERE shard = ? AND workflow_id = ?"


class CassandraOutbox:
    """Implements ``Outbox``."""

    def __init__(
        self,
        session: Session,
        writes: PartitionWrites,
        waiting: WaitingEntries,
        heir: Heir,
        shares: Shares,
        clock: Clock,
        *,
        max_write_bytes: int,
    ) -> None:
        self._session = session
        self._writes = writes
        self._waiting = waiting
        self._heir = heir
        self._shares = shares
        self._clock = clock
        self._max_write_bytes = max_write_bytes
        self._steps = ClockSteps()

    # buckets: the shards of delayed entries. What this process wrote itself it drains in any case.

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> Sequence[Bucket]:
        await self._heir.inherit()
        return await self._shares.lease(owner, lease_ms=lease_ms)

    async def release_buckets(self, owner: str) -> None:
        await self._shares.release(owner)

    # what is due

    async def due_entries(
        self, buckets: Sequence[Bucket], kinds: Sequence[str], limit: int
    ) -> DueEntries:
        now_ms = self._clock()
        if not buckets:
            return DueEntries([], now_ms)
        await self._heir.read_due([int(bucket) for bucket in buckets], now_ms)
        if self._steps.back(now_ms):
            await self._make_due(now_ms)
        found = self._waiting.due(kinds, now_ms, limit)
        return DueEntries(up_to(found, DUE_SIZE, _body_size), now_ms)

    async def _make_due(self, now_ms: int) -> None:
        """After the clock was set back: what would wait for as long as the step is due now."""
        for entry in self._waiting.due_after(now_ms + MOMENT_MS):
            is_removal = entry.kind == KIND_REMOVAL
            planned = await planned_ms(self._session, entry.id) if is_removal else None
            if waits_too_long(entry.kind, entry.due_ms, planned_ms=planned, now_ms=now_ms):
                self._waiting.make_due(entry)

    async def due_in_ms(self, buckets: Sequence[Bucket], kinds: Sequence[str]) -> int | None:
        if not buckets:
            return None
        due_ms = self._waiting.next_due_ms(kinds)
        if due_ms is None:
            due_ms = await self._heir.next_delayed_ms([int(bucket) for bucket in buckets], kinds)
        return None if due_ms is None else max(due_ms - self._clock(), 0)

    # entries

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        """As ``Outbox.put``, but each in a step of its own. Raises PayloadTooLargeError above ``max_write_bytes``."""
        return list(await asyncio.gather(*(self._put(entry) for entry in entries)))

    async def _put(self, entry: NewEntry) -> OutboxEntry:
        if len(entry.body) > self._max_write_bytes:
            raise PayloadTooLargeError(
                "", limit_bytes=self._max_write_bytes, size_bytes=len(entry.body)
            )
        owner = rows.partition_of(entry.owner, entry.id)
        answer = await self._writes.run(owner, jobs.PutEntry(entry))
        return _written(owner, entry.kind, entry.id, answer.value, answer.token)

    async def waiting_ids(self, kind: str, keys: Sequence[tuple[str, str]]) -> frozenset[str]:
        found = await asyncio.gather(
            *(
                self._session.rows(
                    _IDS, rows.partition_of(owner, id_), rows.entry_row(kind, id_)[1]
                )
                for id_, owner in keys
            )
        )
        return frozenset(id_ for (id_, _), there in zip(keys, found, strict=True) if there)

    async def finish(self, entries: Sequence[OutboxEntry]) -> None:
        """As ``Outbox.finish``. Without a condition: a row is deleted as of the time when the entry was written."""
        tokens: dict[str, dict[str, int]] = {}
        for entry in entries:
            owner, row = rows.partition_of(entry.owner, entry.id), (entry.kind, entry.id)
            tokens.setdefault(owner, {})[rows.entry_row(*row)[1]] = entry.token
        found = await asyncio.gather(*(self._deletions(*one) for one in tokens.items()))
        await self._session.write_all([write for part in found for write in part])
        for entry in entries:
            self._waiting.remove(entry)

    async def _deletions(self, owner: str, tokens: Mapping[str, int]) -> list[Write]:
        """What deletes the entries of one partition whose tokens are unchanged."""
        found = await self._session.rows(_WRITTEN, owner, list(tokens))
        return [
            Write(_DELETE, (written, owner, row_id))
            for row_id, value, written in found
            if value is not None and rows.decode_entry(value).token == tokens[row_id]
        ]

    async def raise_token(self, entry: OutboxEntry, *, above: int) -> int | None:
        answer = await self._change(entry, jobs.RaiseToken(entry, above))
        return None if answer is None else answer.token

    async def claim(self, entry: OutboxEntry, *, delay_ms: int) -> bool:
        """As ``Outbox.claim``; a payload to which a document of its workflow refers stays, and the entry goes."""
        return await self._change(entry, jobs.ClaimEntry(entry, delay_ms)) is not None

    async def retry(self, entry: OutboxEntry, *, delay_ms: int, reason: str) -> None:
        await self._change(entry, jobs.RetryEntry(entry, delay_ms, reason))

    async def set_aside(self, entry: OutboxEntry, *, reason: str) -> None:
        await self._change(entry, jobs.SetAside(entry, reason))

    async def _change(self, entry: OutboxEntry, job: EntryJob) -> OutboxEntry | None:
        """The entry as it is now; None where it was written again, or is gone."""
        owner = rows.partition_of(entry.owner, entry.id)
        answer = await self._writes.run(owner, job)
        if answer.value is None:
            self._waiting.remove(entry)
            return None
        return _written(owner, entry.kind, entry.id, answer.value, answer.token)

    # what was set aside

    async def failures(self, limit: int) -> list[OutboxFailure]:
        return [
            OutboxFailure(kind=e.kind, id=e.id, reason=stored.reason, since_ms=stored.since_ms)
            for e, stored in await self._first_set_aside(limit)
        ]

    async def try_again(self, limit: int) -> int:
        found = await self._first_set_aside(limit)
        for entry, _ in found:
            await self._change(entry, jobs.TryAgain(entry))
        return len(found)

    async def _first_set_aside(self, limit: int) -> list[tuple[OutboxEntry, StoredEntry]]:
        return sorted(await self._set_aside(), key=lambda entry: entry[1].since_ms)[:limit]

    async def _set_aside(self) -> list[tuple[OutboxEntry, StoredEntry]]:
        found = []
        for shard in range(SHARDS):
            for (owner,) in await self._session.rows(_ASIDE, shard):
                aside = await self._set_aside_of(owner)
                if not aside:
                    await self._session.write(_DROP_ASIDE, shard, owner)
                found += aside
        return found

    async def _set_aside_of(self, owner: str) -> list[tuple[OutboxEntry, StoredEntry]]:
        entries = [
            (rows.outbox_entry(id_, owner, stored), stored)
            for id_, stored in await entries_of(self._session, owner)
        ]
        return [(entry, stored) for entry, stored in entries if stored.aside]

    async def stats(self) -> OutboxStats:
        """As ``Outbox.stats``: of what this process is to drain, and of all that was set aside."""
        now_ms = self._clock()
        due = self._waiting.all_due(now_ms)
        oldest = min((max(entry.due_ms, entry.since_ms) for entry in due), default=now_ms)
        aside = len(await self._set_aside())
        return OutboxStats(
            depth=len(due), oldest_age_ms=max(now_ms - oldest, 0) if due else 0, set_aside=aside
        )


def _written(owner: str, kind: str, id_: str, stored: StoredEntry, token: int) -> OutboxEntry:
    row_id = rows.entry_row(kind, id_)[1]
    entry = rows.outbox_entry(row_id, owner, stored)
    return entry if entry.token else replace(entry, token=token)


def _body_size(entry: OutboxEntry) -> int:
    return len(entry.body)


_: type[Outbox] = CassandraOutbox
