"""Remembered requests: the outcome of each request id, for ten minutes."""

from __future__ import annotations

import sqlite3

import msgspec

from podium_core.write_set import WriteOutcome
from podium_core.write_set.request_memory import REQUEST_MEMORY_MS

_outcome = msgspec.msgpack.Decoder(WriteOutcome)


def find_outcome(conn: sqlite3.Connection, request_id: str, *, now_ms: int) -> WriteOutcome | None:
    """The outcome of a request that came before."""
    sql = "SELECT outcome FROM requests WHERE id = ? AND expires_ms > ?"
    row = conn.execute(sql, (request_id, now_ms)).fetchone()
    return None if row is None else _outcome.decode(row[0])


def remember(
    conn: sqlite3.Connection, request_id: str, outcome: WriteOutcome, *, now_ms: int
) -> None:
    """Keep the outcome."""
    conn.execute(
        "INSERT OR REPLACE INTO requests (id, expires_ms, outcome) VALUES (?, ?, ?)",
        (request_id, now_ms + REQUEST_MEMORY_MS, msgspec.msgpack.encode(outcome)),
    )
