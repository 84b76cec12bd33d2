"""Rate limits on SQLite: a log of grants for each definition."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from podium_backends.sqlite.file.database import Database
from podium_core.ports import RateGrantTable

# Each grant forgets up to so many that no window reaches any more: the log shrinks faster than it grows.
_FORGET = 2


class _Limit(NamedTuple):
    name: str
    grants: int
    window_ms: int


class SqliteRateGrantTable:
    """Grants in one database file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_grant(self, definition_name: str, *, grants: int, window_ms: int) -> bool:
        limit = _Limit(definition_name, grants, window_ms)
        # Refuse from a read: at a limit most calls are refused, and a refusal writes nothing.
        now_ms = self._database.now_ms()
        if self._database.read(lambda conn: _is_refused(conn, limit, now_ms=now_ms)):
            return False
        return await self._database.write(
            lambda conn: _take(conn, limit, now_ms=self._database.now_ms()), weight=4
        )


def _is_refused(conn: sqlite3.Connection, limit: _Limit, *, now_ms: int) -> bool:
    seq, granted_ms = _last_grant(conn, limit.name)
    return granted_ms <= now_ms and _is_full(conn, limit, last_seq=seq, now_ms=now_ms)


def _take(conn: sqlite3.Connection, limit: _Limit, *, now_ms: int) -> bool:
    seq, granted_ms = _last_grant(conn, limit.name)
    if granted_ms > now_ms:
        # The clock was set back. These grants count as given now, which is later than they were.
        conn.execute(
            "UPDATE rate_grants SET granted_ms = ?1 WHERE definition_name = ?2 AND granted_ms > ?1",
            (now_ms, limit.name),
        )
    if _is_full(conn, limit, last_seq=seq, now_ms=now_ms):
        return False
    conn.execute(
        "INSERT INTO rate_grants (definition_name, seq, granted_ms) VALUES (?, ?, ?)",
        (limit.name, seq + 1, now_ms),
    )
    conn.execute(
        "DELETE FROM rate_grants WHERE definition_name = ?1 AND granted_ms < ?2 AND seq IN"
        " (SELECT seq FROM rate_grants WHERE definition_name = ?1 ORDER BY seq LIMIT ?3)",
        (limit.name, now_ms - limit.window_ms, _FORGET),
    )
    return True


def _last_grant(conn: sqlite3.Connection, name: str) -> tuple[int, int]:
    sql = "SELECT seq, granted_ms FROM rate_grants WHERE definition_name = ? ORDER BY seq DESC LIMIT 1"
    row: tuple[int, int] = conn.execute(sql, (name,)).fetchone() or (0, 0)
    return row


def _is_full(conn: sqlite3.Connection, limit: _Limit, *, last_seq: int, now_ms: int) -> bool:
    # Both ends of a window belong to it: within their milliseconds, two grants may lie up to one closer than their times.
    sql = "SELECT granted_ms FROM rate_grants WHERE definition_name = ? AND seq = ?"
    row = conn.execute(sql, (limit.name, last_seq - limit.grants + 1)).fetchone()
    return row is not None and row[0] >= now_ms - limit.window_ms


_: type[RateGrantTable] = SqliteRateGrantTable
