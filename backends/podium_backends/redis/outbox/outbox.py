"""The outbox of a Redis: what the drainer asks of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.keys import Keys
from podium_backends.redis.outbox import scripts
from podium_backends.redis.outbox.members import bucket_of_owner, id_and_owner, member_of
from podium_core.index.marks import INDEX_KINDS
from podium_core.index.merging import entry_put, is_combined
from podium_core.outbox import (
    BUCKETS,
    CLAIMED,
    DUE_SIZE,
    KIND_ACK,
    KIND_PAYLOAD,
    KIND_PUSH,
    KIND_REMOVAL,
    KIND_REMOVE,
    KIND_UNQUEUE,
    LEASE_MS,
    LONG_KINDS,
    MOMENT_MS,
    Bucket,
    BucketLease,
    ClockSteps,
    DueEntries,
    NewEntry,
    OutboxEntry,
    OutboxFailure,
    OutboxStats,
    fair_share,
    waits_too_long,
)
from podium_core.ports import Outbox

ALL_KINDS = (
    *INDEX_KINDS,
    KIND_REMOVAL,
    KIND_PAYLOAD,
    KIND_PUSH,
    KIND_ACK,
    KIND_REMOVE,
    KIND_UNQUEUE,
)
# Whether a document of a workflow refers to a payload.
Refers = Callable[[str, str], Awaitable[bool]]
# When the removal of a workflow is to go on; None where that isn't known.
PlannedRemoval = Callable[[str], Awaitable[int | None]]
_LATE_AT_ONCE = 1_000


class RedisOutbox:
    """Implements ``Outbox``."""

    def __init__(
        self,
        link: Link,
        run_scripts: ClockedScripts,
        keys: Keys,
        *,
        refers: Refers,
        planned_removal: PlannedRemoval,
    ) -> None:
        """Take the connection, and what only the documents can say."""
        self._link = link
        self._scripts = run_scripts
        self._keys = keys
        self._refers = refers
        self._planned_removal = planned_removal
        self._steps = ClockSteps()

    # buckets

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> Sequence[Bucket]:
        names = [self._keys.outbox_leases, self._keys.outbox_owners]
        stored, present = await self._link.read_all([("HGETALL", name) for name in names])
        share = fair_share(
            _leases(stored),
            _owners(present),
            owner,
            now_ms=await self._scripts.now_ms(),
            lease_ms=lease_ms,
        )
        arguments: list[Argument] = [owner, lease_ms]
        for buckets in (share.give_up, share.take):
            arguments += (len(buckets), *buckets)
        held: list[int] = await self._scripts.run(scripts.LEASE, names, arguments)
        return held

    async def release_buckets(self, owner: str) -> None:
        names = [self._keys.outbox_leases, self._keys.outbox_owners]
        await self._link.run(scripts.RELEASE, names, [owner])

    # what is due

    async def due_entries(
        self, buckets: Sequence[Bucket], kinds: Sequence[str], limit: int
    ) -> DueEntries:
        if not buckets:
            return DueEntries([], await self._scripts.now_ms())
        rows = [(kind, int(bucket)) for kind in kinds for bucket in buckets]
        now_ms, found = await self._due(rows, limit)
        if self._steps.back(now_ms):
            await self._make_due(now_ms)
            now_ms, found = await self._due(rows, limit)
        entries = [_entry(rows[int(row)][0], *parts) for row, *parts in found]
        return DueEntries(entries, now_ms)

    async def _due(self, rows: Sequence[tuple[str, int]], limit: int) -> tuple[int, Any]:
        names = [name for row in rows for name in self._keys.outbox(*row)]
        now_ms, found = await self._scripts.run(scripts.DUE_ENTRIES, names, [limit, DUE_SIZE])
        return now_ms, found

    async def due_in_ms(self, buckets: Sequence[Bucket], kinds: Sequence[str]) -> int | None:
        rows = ((kind, int(bucket)) for kind in kinds for bucket in buckets)
        names = [name for row in rows for name in self._keys.outbox(*row)[:2]]
        due_in = await self._scripts.run_reading(scripts.DUE_IN, names)
        return None if due_in < 0 else int(due_in)

    async def _make_due(self, now_ms: int) -> None:
        """After the clock was set back: what would wait for as long as the step is due now."""
        for kind in ALL_KINDS:
            if kind in LONG_KINDS:
                continue
            for bucket in range(BUCKETS):
                await self._make_row_due(kind, bucket, now_ms)

    async def _make_row_due(self, kind: str, bucket: int, now_ms: int) -> None:
        _, due, entries = self._keys.outbox(kind, bucket)
        found = await self._link.read(
            "ZRANGEBYSCORE", due, f"({now_ms + MOMENT_MS}", "+inf", "WITHSCORES", "LIMIT", 0,
            _LATE_AT_ONCE,
        )  # fmt: skip
        late: list[Argument] = []
        for member, score in zip(found[::2], found[1::2], strict=True):
            due_ms = int(float(score))
            planned_ms = None
            if kind == KIND_REMOVAL:
                planned_ms = await self._planned_removal(id_and_owner(member.decode())[0])
            if waits_too_long(kind, due_ms, planned_ms=planned_ms, now_ms=now_ms):
                late += (member, due_ms)
        if late:
            await self._link.run(scripts.MAKE_DUE, [due, entries] * (len(late) // 2), late)

    # entries

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        if not entries:
            return []
        while True:
            written = await self._try_to_put(entries)
            if written is not None:
                return written

    async def _try_to_put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry] | None:
        """The entries as they stand; None where one that they combine with was changed meanwhile."""
        rows = [self._row(entry.kind, entry.owner) for entry in entries]
        waiting = await self._waiting(entries, rows)
        arguments: list[Argument] = []
        puts = []
        for entry, seen in zip(entries, waiting, strict=True):
            put = entry_put(entry, seen[1:] if seen[:1] == b"1" else None, now_ms=0)
            puts.append(put)
            combined = is_combined(entry.kind)
            member = member_of(entry.id, entry.owner)
            arguments += (member, entry.delay_ms, put.body, int(combined), seen)
        names = [self._keys.token, self._keys.outbox_failures, *(n for row in rows for n in row)]
        _, changed, *reply = await self._scripts.run(scripts.PUT, names, arguments)
        if changed:
            return None
        token, since = reply
        return [
            msgspec.structs.replace(
                put.as_entry(token=int(token), since_ms=int(since_ms)), due_ms=int(due_ms)
            )
            for put, (since_ms, due_ms) in zip(puts, since, strict=True)
        ]

    async def _waiting(
        self, entries: Sequence[NewEntry], rows: Sequence[tuple[str, str, str]]
    ) -> list[bytes]:
        """For each entry ``1`` and the body of the one that waits there, or ``0``."""
        if not any(is_combined(entry.kind) for entry in entries):
            return [b"0"] * len(entries)
        return await self._bodies([member_of(entry.id, entry.owner) for entry in entries], rows)

    async def _bodies(
        self, members: Sequence[str], rows: Sequence[tuple[str, str, str]]
    ) -> list[bytes]:
        names = [name for marks, _, kept in rows for name in (marks, kept)]
        found: list[bytes] = await self._link.run_reading(scripts.BODIES, names, members)
        return found

    async def waiting_ids(self, kind: str, keys: Sequence[tuple[str, str]]) -> frozenset[str]:
        if not keys:
            return frozenset()
        rows = [self._row(kind, owner) for _, owner in keys]
        found = await self._bodies([member_of(*key) for key in keys], rows)
        return frozenset(
            id_ for (id_, _), seen in zip(keys, found, strict=True) if seen[:1] == b"1"
        )

    async def finish(self, entries: Sequence[OutboxEntry]) -> None:
        if entries:
            await self._change("finish", entries)

    async def raise_token(self, entry: OutboxEntry, *, above: int) -> int | None:
        (token,) = await self._change("raise", [entry], above)
        return int(token) or None

    async def claim(self, entry: OutboxEntry, *, delay_ms: int) -> bool:
        """As ``Outbox.claim``; a payload to which a document of its workflow refers stays, and the entry goes."""
        if entry.kind == KIND_PAYLOAD and await self._refers(entry.owner, entry.id):
            await self.finish([entry])
            return False
        return await self._change("claim", [entry], delay_ms, CLAIMED) == [b"1"]

    async def retry(self, entry: OutboxEntry, *, delay_ms: int, reason: str) -> None:
        await self._change("retry", [entry], delay_ms, reason)

    async def set_aside(self, entry: OutboxEntry, *, reason: str) -> None:
        await self._change("aside", [entry], 0, reason)

    async def _change(
        self, what: str, entries: Sequence[OutboxEntry], number: int = 0, text: str | bytes = ""
    ) -> list[bytes]:
        names = [self._keys.token, self._keys.outbox_failures]
        arguments: list[Argument] = []
        for entry in entries:
            names += self._row(entry.kind, entry.owner)
            member = member_of(entry.id, entry.owner)
            arguments += (what, member, entry.token, number, text)
        answers: list[bytes] = await self._scripts.run(scripts.CHANGE, names, arguments)
        return answers

    # what was set aside

    async def failures(self, limit: int) -> list[OutboxFailure]:
        found = []
        for kind, bucket, member, since_ms in await self._set_aside(limit):
            entries = self._keys.outbox(kind, bucket)[2]
            text = await self._link.read("HGET", entries, member)
            id_ = id_and_owner(member.decode(errors="replace"))[0]
            reason = "" if text is None else _reason(text)
            found.append(OutboxFailure(kind=kind, id=id_, reason=reason, since_ms=since_ms))
        return found

    async def try_again(self, limit: int) -> int:
        aside = await self._set_aside(limit)
        names = [self._keys.outbox_failures]
        for kind, bucket, _, _ in aside:
            names += self._keys.outbox(kind, bucket)
        members = [member for _, _, member, _ in aside]
        return int(await self._link.run(scripts.TRY_AGAIN, names, members))

    async def _set_aside(self, limit: int) -> list[tuple[str, int, bytes, int]]:
        """Kind, bucket, member and since when, oldest first."""
        found = await self._link.read(
            "ZRANGE", self._keys.outbox_failures, 0, limit - 1, "WITHSCORES"
        )
        aside = []
        for name, since_ms in zip(found[::2], found[1::2], strict=True):
            place, _, member = name.partition(b" ")
            kind, _, bucket = place.decode().rpartition(".")
            aside.append((kind, int(bucket), member, int(float(since_ms))))
        return aside

    async def stats(self) -> OutboxStats:
        names = [self._keys.outbox_failures]
        for kind in ALL_KINDS:
            for bucket in range(BUCKETS):
                names += self._keys.outbox(kind, bucket)
        depth, age_ms, aside = await self._scripts.run_reading(scripts.STATS, names)
        return OutboxStats(depth=depth, oldest_age_ms=age_ms, set_aside=aside)

    def _row(self, kind: str, owner: str) -> tuple[str, str, str]:
        return self._keys.outbox(kind, bucket_of_owner(owner))


def _entry(
    kind: str, member: bytes, token: bytes, since: bytes, due: bytes, attempts: bytes, body: bytes
) -> OutboxEntry:
    id_, owner = id_and_owner(member.decode(errors="replace"))
    return OutboxEntry(
        kind=kind,
        id=id_,
        owner=owner,
        token=int(token),
        since_ms=int(since),
        due_ms=int(due),
        attempts=int(attempts),
        body=body,
    )


def _reason(text: bytes) -> str:
    *_, size, rest = text.split(b" ", 6)[4:]
    return rest[: int(size)].decode(errors="replace")


def _leases(stored: Sequence[bytes]) -> dict[int, BucketLease]:
    found = {}
    for bucket, text in zip(stored[::2], stored[1::2], strict=True):
        until_ms, _, owner = text.decode().partition(" ")
        found[int(bucket)] = BucketLease(owner, int(until_ms))
    return found


def _owners(stored: Sequence[bytes]) -> list[BucketLease]:
    return [
        BucketLease(owner.decode(), int(until_ms))
        for owner, until_ms in zip(stored[::2], stored[1::2], strict=True)
    ]


_: type[Outbox] = RedisOutbox
