"""The tokens of deleted entries, for an hour: a late older write must not raise one."""

from __future__ import annotations

import sqlite3

from podium_core.index.changes import EntryKind
from podium_core.index.entries import TOMBSTONE_MS


def token_of_deleted(conn: sqlite3.Connection, kind: EntryKind, id_: str) -> int:
    """The token that is remembered of a deleted entry; 0: none."""
    sql = "SELECT token FROM tombstones WHERE kind = ? AND id = ?"
    row = conn.execute(sql, (kind, id_)).fetchone()
    return 0 if row is None else int(row[0])


def remember(
    conn: sqlite3.Connection, kind: EntryKind, id_: str, *, token: int, now_ms: int
) -> None:
    """Remember the token of a deleted entry, or of one that wasn't there."""
    sql = "INSERT OR REPLACE INTO tombstones (kind, id, token, until_ms) VALUES (?, ?, ?, ?)"
    conn.execute(sql, (kind, id_, token, now_ms + TOMBSTONE_MS))


def forget(conn: sqlite3.Connection, kind: EntryKind, id_: str) -> None:
    """The entry is there again, and has a token of its own."""
    conn.execute("DELETE FROM tombstones WHERE kind = ? AND id = ?", (kind, id_))


def forget_old(conn: sqlite3.Connection, *, now_ms: int, limit: int) -> bool:
    """Forget some of those whose hour is over, and say whether there may be more."""
    sql = (
        "DELETE FROM tombstones WHERE (kind, id) IN"
        " (SELECT kind, id FROM tombstones WHERE until_ms <= ? LIMIT ?)"
    )
    return conn.execute(sql, (now_ms, limit)).rowcount == limit
