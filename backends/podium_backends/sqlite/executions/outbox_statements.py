"""Statements on the outbox, for jobs that run in a transaction of their own making."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.file.tokens import next_token
from podium_core.index.marks import UPSERT_BODY
from podium_core.index.merging import entry_put, is_combined
from podium_core.outbox import (
    CLAIMED,
    KIND_PAYLOAD,
    KIND_REMOVAL,
    LONG_KINDS,
    MOMENT_MS,
    EntryPut,
    NewEntry,
    OutboxEntry,
    bucket_of,
    later_payload_deletion,
    payload_deletion,
    waits_too_long,
)

_FIND_LATE = (
    "SELECT o.kind, o.id, o.due_ms, w.removal_due_ms FROM outbox AS o"
    " LEFT JOIN workflows AS w ON o.kind = ? AND w.id = o.id"
    f" WHERE o.aside = 0 AND o.due_ms > ? AND o.kind NOT IN ({', '.join('?' * len(LONG_KINDS))})"
)
_MAKE_DUE = "UPDATE outbox SET due_ms = 0 WHERE kind = ? AND id = ?"

_PUT = (
    "INSERT INTO outbox (kind, id, owner, token, bucket, due_ms, since_ms, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, id) DO UPDATE SET owner = excluded.owner, token = excluded.token,"
    " due_ms = excluded.due_ms, attempts = 0, aside = 0, reason = NULL, body = excluded.body"
)
_SINCE = "SELECT since_ms FROM outbox WHERE kind = ? AND id = ?"


def put_entry(conn: sqlite3.Connection, put: EntryPut, *, now_ms: int) -> OutboxEntry:
    """Write an entry under a fresh token, replacing one of that id."""
    return _put_under(conn, put, next_token(conn), now_ms=now_ms)


def put_new_entry(
    conn: sqlite3.Connection, entry: NewEntry, *, now_ms: int, token: int
) -> OutboxEntry:
    """Write an entry as it has to be beside the one that waits there, under a token that this transaction gave out."""
    body = _body(conn, entry.kind, entry.id) if is_combined(entry.kind) else None
    return _put_under(conn, entry_put(entry, body, now_ms=now_ms), token, now_ms=now_ms)


def _put_under(conn: sqlite3.Connection, put: EntryPut, token: int, *, now_ms: int) -> OutboxEntry:
    row = (put.kind, put.id, put.owner, token, bucket_of(put.id), put.due_ms, now_ms, put.body)
    conn.execute(_PUT, row)
    (since_ms,) = conn.execute(_SINCE, (put.kind, put.id)).fetchone()
    return put.as_entry(token=token, since_ms=since_ms)


def _body(conn: sqlite3.Connection, kind: str, id_: str) -> bytes | None:
    row = conn.execute("SELECT body FROM outbox WHERE kind = ? AND id = ?", (kind, id_)).fetchone()
    return None if row is None else row[0]


def has_entry(conn: sqlite3.Connection, kind: str, id_: str) -> bool:
    """Whether an entry waits, or was set aside."""
    sql = "SELECT 1 FROM outbox WHERE kind = ? AND id = ?"
    return conn.execute(sql, (kind, id_)).fetchone() is not None


def drop_entry(conn: sqlite3.Connection, kind: str, id_: str) -> None:
    """Delete an entry with any token."""
    conn.execute("DELETE FROM outbox WHERE kind = ? AND id = ?", (kind, id_))


# payloads


def unclaimed_payloads(conn: sqlite3.Connection, keys: Sequence[str]) -> frozenset[str]:
    """Those of these payloads that have an unclaimed payload deletion."""
    sql = "SELECT 1 FROM outbox WHERE kind = ? AND id = ? AND body != ?"
    return frozenset(
        key for key in keys if conn.execute(sql, (KIND_PAYLOAD, key, CLAIMED)).fetchone()
    )


def delete_payloads(
    conn: sqlite3.Connection, workflow_id: str, keys: Sequence[str], *, now_ms: int
) -> None:
    """Have payloads deleted to which no document refers any more."""
    for key in keys:
        put_entry(conn, payload_deletion(key, workflow_id), now_ms=now_ms)


def delete_payloads_later(
    conn: sqlite3.Connection, workflow_id: str, keys: Sequence[str], *, now_ms: int
) -> None:
    """Have those deleted, later, to which no document of their workflow refers: a task that is retried shares its input."""
    sql = (
        "SELECT 1 FROM tasks WHERE workflow_id = :id AND payloads IS NOT NULL AND instr(payloads, :key)"
        " UNION ALL SELECT 1 FROM workflows WHERE id = :id AND instr(payloads, :key)"
    )
    for key in keys:
        if conn.execute(sql, {"id": workflow_id, "key": key}).fetchone() is None:
            put_entry(conn, later_payload_deletion(key, workflow_id, now_ms=now_ms), now_ms=now_ms)


def keep_payloads(conn: sqlite3.Connection, keys: Sequence[str]) -> None:
    """A stored document refers to these payloads: they needn't be deleted any more."""
    sql = "DELETE FROM outbox WHERE kind = ? AND id = ? AND body != ?"
    for key in keys:
        conn.execute(sql, (KIND_PAYLOAD, key, CLAIMED))


class MarkWriter:
    """The marks of one write: all under one token, given out when the first of them is set."""

    def __init__(self, conn: sqlite3.Connection, *, now_ms: int) -> None:
        self._conn = conn
        self._now_ms = now_ms
        self._token = 0

    def put(self, kind: str, id_: str, owner: str, body: bytes = UPSERT_BODY) -> None:
        """Mark a document."""
        self._token = self._token or next_token(self._conn)
        row = (kind, id_, owner, self._token, bucket_of(id_), 0, self._now_ms, body)
        self._conn.execute(_PUT, row)


def make_due(conn: sqlite3.Connection, *, now_ms: int) -> None:
    """After the clock was set back: make the entries due that would wait for as long as the step."""
    found = conn.execute(_FIND_LATE, (KIND_REMOVAL, now_ms + MOMENT_MS, *LONG_KINDS))
    late = [
        (kind, id_)
        for kind, id_, due_ms, planned_ms in found
        if waits_too_long(kind, due_ms, planned_ms=planned_ms, now_ms=now_ms)
    ]
    conn.executemany(_MAKE_DUE, late)
