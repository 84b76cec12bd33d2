"""The outbox of a SQLite file: what the drainer asks of it."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Sequence
from itertools import islice

from podium_backends.sqlite.executions.outbox_statements import make_due, put_new_entry
from podium_backends.sqlite.file.database import INLINE_WEIGHT, Database
from podium_backends.sqlite.file.stored_text import is_readable
from podium_backends.sqlite.file.tokens import next_token
from podium_core.outbox import (
    CLAIMED,
    DUE_SIZE,
    LEASE_MS,
    Bucket,
    BucketLease,
    ClockSteps,
    DueEntries,
    NewEntry,
    OutboxEntry,
    OutboxFailure,
    OutboxStats,
    fair_share,
)
from podium_core.paging.read_budget import up_to
from podium_core.ports import Outbox

_COLUMNS = "due_ms, token, bucket, kind, id, owner, since_ms, attempts, body"
_Row = tuple[int, int, int, str, str, str, int, int, bytes]


class SqliteOutbox:
    """Implements ``Outbox``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._steps = ClockSteps()

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> Sequence[Bucket]:
        now_ms = self._database.now_ms()
        leases, present = self._database.read(lambda conn: (_leases(conn), _present(conn)))
        share = fair_share(leases, present, owner, now_ms=now_ms, lease_ms=lease_ms)

        def job(conn: sqlite3.Connection) -> Sequence[Bucket]:
            conn.executemany(
                "DELETE FROM outbox_leases WHERE bucket = ? AND owner = ?",
                [(bucket, owner) for bucket in share.give_up],
            )
            until_ms = now_ms + lease_ms
            conn.execute("DELETE FROM outbox_owners WHERE until_ms <= ?", (now_ms,))
            conn.execute(
                "INSERT OR REPLACE INTO outbox_owners (owner, until_ms) VALUES (?, ?)",
                (owner, until_ms),
            )
            rows = [(bucket, owner, until_ms, owner, now_ms, until_ms) for bucket in share.take]
            conn.executemany(
                "INSERT INTO outbox_leases (bucket, owner, until_ms) VALUES (?, ?, ?)"
                " ON CONFLICT (bucket) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms"
                " WHERE owner = ? OR until_ms <= ? OR until_ms > ?",
                rows,
            )
            mine = conn.execute(
                "SELECT bucket FROM outbox_leases WHERE owner = ? ORDER BY bucket", (owner,)
            )
            return [int(row[0]) for row in mine]

        return await self._database.write(job, weight=len(share.take) + 2)

    async def release_buckets(self, owner: str) -> None:
        def job(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM outbox_leases WHERE owner = ?", (owner,))
            conn.execute("DELETE FROM outbox_owners WHERE owner = ?", (owner,))

        await self._database.write(job)

    async def due_entries(
        self, buckets: Sequence[Bucket], kinds: Sequence[str], limit: int
    ) -> DueEntries:
        # One entry of each kind in turn, in the order of its index: nothing is sorted, and no kind starves another.
        sql = (
            f"SELECT {_COLUMNS} FROM outbox"
            f" WHERE aside = 0 AND kind = ? AND due_ms <= ? AND bucket IN ({_marks(buckets)})"
            " ORDER BY due_ms, token LIMIT ?"
        )
        now_ms = self._database.now_ms()
        if self._steps.back(now_ms):
            await self._database.write(
                lambda conn: make_due(conn, now_ms=now_ms), weight=INLINE_WEIGHT + 1
            )

        def query(conn: sqlite3.Connection) -> list[_Row]:
            cursors = [conn.execute(sql, (kind, now_ms, *buckets, limit)) for kind in kinds]
            first = islice(heapq.merge(*cursors, key=_due_and_token), limit)
            return up_to(first, DUE_SIZE, _body_size)

        rows = self._database.read(query)
        unreadable = [row for row in rows if not is_readable(row[4])]
        if unreadable:
            await self._set_aside_unreadable(unreadable)
            rows = [row for row in rows if is_readable(row[4])]
        return DueEntries([_entry(row) for row in rows], now_ms)

    async def _set_aside_unreadable(self, entries: Sequence[_Row]) -> None:
        """Set entries aside by their place: their ids find nothing."""
        sql = "UPDATE outbox SET aside = 1, reason = ? WHERE kind = ? AND bucket = ? AND token = ?"
        reason = "its id isn't UTF-8"
        rows = [(reason, kind, bucket, token) for _, token, bucket, kind, *_ in entries]
        await self._database.write(lambda conn: conn.executemany(sql, rows), weight=len(rows))

    async def due_in_ms(self, buckets: Sequence[Bucket], kinds: Sequence[str]) -> int | None:
        sql = (
            "SELECT due_ms FROM outbox"
            f" WHERE aside = 0 AND kind = ? AND bucket IN ({_marks(buckets)}) ORDER BY due_ms, token LIMIT 1"
        )

        def query(conn: sqlite3.Connection) -> int | None:
            rows = [conn.execute(sql, (kind, *buckets)).fetchone() for kind in kinds]
            return min((int(row[0]) for row in rows if row), default=None)

        due_ms = self._database.read(query)
        return None if due_ms is None else max(due_ms - self._database.now_ms(), 0)

    async def put(self, entries: Sequence[NewEntry]) -> list[OutboxEntry]:
        def job(conn: sqlite3.Connection) -> list[OutboxEntry]:
            now_ms = self._database.now_ms()
            token = next_token(conn)
            return [put_new_entry(conn, e, now_ms=now_ms, token=token) for e in entries]

        return await self._database.write(job, weight=1 + 3 * len(entries))

    async def waiting_ids(self, kind: str, keys: Sequence[tuple[str, str]]) -> frozenset[str]:
        sql = "SELECT id FROM outbox WHERE kind = ? AND id = ?"

        def query(conn: sqlite3.Connection) -> frozenset[str]:
            rows = (conn.execute(sql, (kind, id_)).fetchone() for id_, _ in keys)
            return frozenset(row[0] for row in rows if row)

        return self._database.read(query)

    async def finish(self, entries: Sequence[OutboxEntry]) -> None:
        rows = [(entry.kind, entry.id, entry.token) for entry in entries]

        def job(conn: sqlite3.Connection) -> None:
            conn.executemany("DELETE FROM outbox WHERE kind = ? AND id = ? AND token = ?", rows)

        await self._database.write(job, weight=len(rows))

    async def raise_token(self, entry: OutboxEntry, *, above: int) -> int | None:
        def job(conn: sqlite3.Connection) -> int | None:
            fresh = next_token(conn, above=above)
            sql = "UPDATE outbox SET token = ? WHERE kind = ? AND id = ? AND token = ?"
            where = (entry.kind, entry.id, entry.token)
            return fresh if conn.execute(sql, (fresh, *where)).rowcount else None

        return await self._database.write(job, weight=2)

    async def claim(self, entry: OutboxEntry, *, delay_ms: int) -> bool:
        def job(conn: sqlite3.Connection) -> bool:
            sql = "UPDATE outbox SET body = ?, due_ms = ? WHERE kind = ? AND id = ? AND token = ?"
            due_ms = self._database.now_ms() + delay_ms
            arguments = (CLAIMED, due_ms, entry.kind, entry.id, entry.token)
            return conn.execute(sql, arguments).rowcount == 1

        return await self._database.write(job)

    async def retry(self, entry: OutboxEntry, *, delay_ms: int, reason: str) -> None:
        def job(conn: sqlite3.Connection) -> None:
            conn.execute(
                "UPDATE outbox SET due_ms = ?, attempts = attempts + 1, reason = ?"
                " WHERE kind = ? AND id = ? AND token = ?",
                (self._database.now_ms() + delay_ms, reason, entry.kind, entry.id, entry.token),
            )

        await self._database.write(job)

    async def set_aside(self, entry: OutboxEntry, *, reason: str) -> None:
        def job(conn: sqlite3.Connection) -> None:
            conn.execute(
                "UPDATE outbox SET aside = 1, attempts = attempts + 1, reason = ?"
                " WHERE kind = ? AND id = ? AND token = ?",
                (reason, entry.kind, entry.id, entry.token),
            )

        await self._database.write(job)

    async def failures(self, limit: int) -> list[OutboxFailure]:
        sql = "SELECT kind, id, reason, since_ms FROM outbox WHERE aside = 1 ORDER BY since_ms LIMIT ?"
        rows = self._database.read(lambda conn: conn.execute(sql, (limit,)).fetchall())
        return [OutboxFailure(kind=k, id=i, reason=r or "", since_ms=s) for k, i, r, s in rows]

    async def try_again(self, limit: int) -> int:
        sql = (
            "UPDATE outbox SET aside = 0, attempts = 0, due_ms = 0 WHERE (kind, id) IN"
            " (SELECT kind, id FROM outbox WHERE aside = 1 ORDER BY since_ms LIMIT ?)"
        )
        return await self._database.write(
            lambda conn: conn.execute(sql, (limit,)).rowcount, weight=limit
        )

    async def stats(self) -> OutboxStats:
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection) -> OutboxStats:
            sql = "SELECT count(*), min(max(due_ms, since_ms)) FROM outbox WHERE aside = 0 AND due_ms <= ?"
            depth, oldest = conn.execute(sql, (now_ms,)).fetchone()
            aside = conn.execute("SELECT count(*) FROM outbox WHERE aside = 1").fetchone()[0]
            return OutboxStats(
                depth=depth, oldest_age_ms=max(now_ms - oldest, 0) if depth else 0, set_aside=aside
            )

        return self._database.read(query)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _due_and_token(row: _Row) -> tuple[int, int]:
    return row[:2]


def _body_size(row: _Row) -> int:
    return len(row[-1])


def _entry(row: _Row) -> OutboxEntry:
    due_ms, token, _, kind, id_, owner, since_ms, attempts, body = row
    return OutboxEntry(
        kind=kind,
        id=id_,
        owner=owner,
        token=token,
        since_ms=since_ms,
        due_ms=due_ms,
        attempts=attempts,
        body=body,
    )


def _leases(conn: sqlite3.Connection) -> dict[int, BucketLease]:
    rows = conn.execute("SELECT bucket, owner, until_ms FROM outbox_leases")
    return {bucket: BucketLease(owner, until_ms) for bucket, owner, until_ms in rows}


def _present(conn: sqlite3.Connection) -> list[BucketLease]:
    return [BucketLease(*row) for row in conn.execute("SELECT owner, until_ms FROM outbox_owners")]


_: type[Outbox] = SqliteOutbox
