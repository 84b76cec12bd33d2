"""Statements on the outbox, for jobs that run in a transaction of their own making."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence

from podium_backends.sqlite.file.tokens import next_token
from podium_core.index.marks import (
    INDEX_KINDS,
    UPSERT_BODY,
    combined,
    decode_mark,
    encode_mark,
)
from podium_core.outbox import BUCKETS, CLAIMED, KIND_PAYLOAD, LEFT_MS, NewEntry


def bucket_of(id_: str) -> int:
    """The bucket of an entry: the same in every process."""
    return zlib.crc32(id_.encode()) % BUCKETS


def put_entry(
    conn: sqlite3.Connection,
    kind: str,
    id_: str,
    *,
    now_ms: int,
    due_ms: int = 0,
    body: bytes = b"",
    token: int | None = None,
) -> int:
    """Write an entry, replacing one of that id, and return its token.

    Args:
        conn: In a transaction.
        kind: Which target.
        id_: Unique within the kind.
        now_ms: When the entry came, if it is new.
        due_ms: 0: now, whatever the clock does.
        body: What the target needs.
        token: One that this transaction has given out; None: a fresh one.
    """
    token = next_token(conn) if token is None else token
    conn.execute(
        "INSERT INTO outbox (kind, id, token, bucket, due_ms, since_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (kind, id) DO UPDATE SET token = excluded.token, due_ms = excluded.due_ms,"
        " attempts = 0, aside = 0, reason = NULL, body = excluded.body",
        (kind, id_, token, bucket_of(id_), due_ms, now_ms, body),
    )
    return token


def combine_entry(
    conn: sqlite3.Connection, entry: NewEntry, *, now_ms: int, token: int
) -> tuple[bytes, int]:
    """Write an entry as it has to be beside the one that waits there; its body and due time."""
    due_ms = now_ms + entry.delay_ms if entry.delay_ms else 0
    body = entry.body
    if entry.kind in INDEX_KINDS:
        sql = "SELECT body FROM outbox WHERE kind = ? AND id = ?"
        row = conn.execute(sql, (entry.kind, entry.id)).fetchone()
        waiting = None if row is None else decode_mark(row[0])
        body = encode_mark(combined(waiting, decode_mark(entry.body)))
    put_entry(conn, entry.kind, entry.id, now_ms=now_ms, due_ms=due_ms, body=body, token=token)
    return body, due_ms


def has_entry(conn: sqlite3.Connection, kind: str, id_: str) -> bool:
    """Whether an entry waits, or was set aside."""
    sql = "SELECT 1 FROM outbox WHERE kind = ? AND id = ?"
    return conn.execute(sql, (kind, id_)).fetchone() is not None


def drop_entry(conn: sqlite3.Connection, kind: str, id_: str) -> None:
    """Delete an entry whatever its token."""
    conn.execute("DELETE FROM outbox WHERE kind = ? AND id = ?", (kind, id_))


# payloads


def unclaimed(conn: sqlite3.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of these payloads that still have their due mark, and that nobody has begun to delete."""
    sql = "SELECT 1 FROM outbox WHERE kind = ? AND id = ? AND body != ?"
    return frozenset(
        key for key in keys if conn.execute(sql, (KIND_PAYLOAD, key, CLAIMED)).fetchone()
    )


def delete_payloads(conn: sqlite3.Connection, keys: Sequence[str], *, now_ms: int) -> None:
    """Have payloads deleted to which no document refers any more."""
    for key in keys:
        put_entry(conn, KIND_PAYLOAD, key, now_ms=now_ms, body=CLAIMED)


def leave_payloads(
    conn: sqlite3.Connection, workflow_id: str, keys: Sequence[str], *, now_ms: int
) -> None:
    """Have those deleted, later, to which no document of their workflow refers: a task that is retried shares its input.

    A document that is written back meanwhile lifts the mark.
    """
    sql = (
        "SELECT 1 FROM tasks WHERE workflow_id = :id AND payloads IS NOT NULL AND instr(payloads, :key)"
        " UNION ALL SELECT 1 FROM workflows WHERE id = :id AND instr(payloads, :key)"
    )
    for key in keys:
        if conn.execute(sql, {"id": workflow_id, "key": key}).fetchone() is None:
            put_entry(conn, KIND_PAYLOAD, key, now_ms=now_ms, due_ms=now_ms + LEFT_MS)


def lift_payloads(conn: sqlite3.Connection, keys: Sequence[str]) -> None:
    """A stored document refers to these payloads: they needn't be deleted any more."""
    sql = "DELETE FROM outbox WHERE kind = ? AND id = ? AND body != ?"
    for key in keys:
        conn.execute(sql, (KIND_PAYLOAD, key, CLAIMED))


class IndexMarks:
    """The marks of one write: all under one token, given out when the first of them is set."""

    def __init__(self, conn: sqlite3.Connection, *, now_ms: int) -> None:
        self._conn = conn
        self._now_ms = now_ms
        self._token: int | None = None

    def put(self, kind: str, id_: str, body: bytes = UPSERT_BODY) -> None:
        """Mark a document."""
        self._token = put_entry(
            self._conn, kind, id_, now_ms=self._now_ms, body=body, token=self._token
        )
