"""Statements on the outbox, for jobs that run in a transaction of their own making."""

from __future__ import annotations

import sqlite3
import zlib

from podium_backends.sqlite.times import token_now
from podium_core.outbox import BUCKETS


def bucket_of(id_: str) -> int:
    """The bucket of an entry: the same in every process."""
    return zlib.crc32(id_.encode()) % BUCKETS


def next_token(conn: sqlite3.Connection) -> int:
    """A token above every one given out before, whatever the clock does."""
    row = conn.execute(
        "UPDATE outbox_token SET last = max(last + 1, ?) RETURNING last", (token_now(),)
    ).fetchone()
    return int(row[0])


def put_entry(
    conn: sqlite3.Connection,
    kind: str,
    id_: str,
    *,
    now_ms: int,
    due_ms: int = 0,
    body: bytes = b"",
) -> int:
    """Write an entry, replacing one of that id, and return its fresh token. ``due_ms`` 0: now, whatever the clock does."""
    token = next_token(conn)
    conn.execute(
        "INSERT INTO outbox (kind, id, token, bucket, due_ms, since_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET token = excluded.token, due_ms = excluded.due_ms,"
        " attempts = 0, aside = 0, reason = NULL, body = excluded.body",
        (kind, id_, token, bucket_of(id_), due_ms, now_ms, body),
    )
    return token


def drop_entry(conn: sqlite3.Connection, kind: str, id_: str) -> None:
    """Delete an entry whatever its token."""
    conn.execute("DELETE FROM outbox WHERE kind = ? AND id = ?", (kind, id_))
