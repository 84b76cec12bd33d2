"""The outbox of a SQLite file: what the drainer asks of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.database import Database
from podium_core.outbox import BUCKETS, LEASE_MS, Outbox, OutboxEntry, OutboxFailure, OutboxStats


class SqliteOutbox:
    """Implements ``Outbox``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease_buckets(self, owner: str, *, lease_ms: int = LEASE_MS) -> list[int]:
        now_ms = self._database.now_ms()
        held, owners, free = self._database.read(
            lambda conn: _leases(conn, owner, now_ms=now_ms, lease_ms=lease_ms)
        )
        share = -(-BUCKETS // len(owners | {owner}))
        wanted = held[:share] + free[: max(share - len(held), 0)]

        def job(conn: sqlite3.Connection) -> list[int]:
            conn.executemany(
                "DELETE FROM outbox_leases WHERE bucket = ? AND owner = ?",
                [(b, owner) for b in held[share:]],
            )
            until_ms = now_ms + lease_ms
            rows = [(bucket, owner, until_ms, owner, now_ms, until_ms) for bucket in wanted]
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

        return await self._database.write(job, weight=len(wanted) + 2)

    async def release_buckets(self, owner: str) -> None:
        def job(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM outbox_leases WHERE owner = ?", (owner,))

        await self._database.write(job)

    async def due(
        self, buckets: Sequence[int], kinds: Sequence[str], limit: int
    ) -> list[OutboxEntry]:
        sql = (
            "SELECT kind, id, token, bucket, due_ms, attempts, body FROM outbox"
            f" WHERE aside = 0 AND bucket IN ({_marks(buckets)}) AND due_ms <= ? AND kind IN ({_marks(kinds)})"
            " ORDER BY due_ms, since_ms LIMIT ?"
        )
        arguments = (*buckets, self._database.now_ms(), *kinds, limit)
        return self._database.read(
            lambda conn: [_entry(row) for row in conn.execute(sql, arguments)]
        )

    async def next_due_ms(self, buckets: Sequence[int], kinds: Sequence[str]) -> int | None:
        sql = (
            f"SELECT min(due_ms) FROM outbox WHERE aside = 0 AND bucket IN ({_marks(buckets)})"
            f" AND kind IN ({_marks(kinds)})"
        )
        found = self._database.read(
            lambda conn: conn.execute(sql, (*buckets, *kinds)).fetchone()[0]
        )
        return None if found is None else int(found)

    async def done(self, entries: Sequence[OutboxEntry]) -> None:
        rows = [(entry.kind, entry.id, entry.token) for entry in entries]

        def job(conn: sqlite3.Connection) -> None:
            conn.executemany("DELETE FROM outbox WHERE kind = ? AND id = ? AND token = ?", rows)

        await self._database.write(job, weight=len(rows))

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


def _entry(row: tuple[str, str, int, int, int, int, bytes]) -> OutboxEntry:
    kind, id_, token, bucket, due_ms, attempts, body = row
    return OutboxEntry(
        kind=kind, id=id_, token=token, bucket=bucket, due_ms=due_ms, attempts=attempts, body=body
    )


def _leases(
    conn: sqlite3.Connection, owner: str, *, now_ms: int, lease_ms: int
) -> tuple[list[int], set[str], list[int]]:
    """Buckets this owner holds, all owners with a running lease, buckets nobody holds."""
    # One that ends later than any lease given now was given before the clock stepped back: it has lapsed.
    sql = "SELECT bucket, owner FROM outbox_leases WHERE until_ms > ? AND until_ms <= ?"
    running = dict(conn.execute(sql, (now_ms, now_ms + lease_ms)).fetchall())
    held = [bucket for bucket in range(BUCKETS) if running.get(bucket) == owner]
    free = [bucket for bucket in range(BUCKETS) if bucket not in running]
    return held, set(running.values()), free


_: type[Outbox] = SqliteOutbox
