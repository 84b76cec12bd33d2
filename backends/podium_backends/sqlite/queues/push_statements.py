"""Pushes in SQL: functions on a connection, for the queues and for a WriteSet in the same file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from podium_backends.sqlite.file.times import time_after
from podium_backends.sqlite.queues.receipts import receipt_number
from podium_core.clock import token_now
from podium_core.write_set import PushOp

_PUSH = """
INSERT INTO messages (queue_name, id, priority, due_ms, push_token, payload) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (queue_name, id) DO UPDATE SET
    priority = excluded.priority, due_ms = excluded.due_ms, receipt = NULL, deliveries = 0,
"""
_PUSH_ANEW = (
    _PUSH
    + """
    push_token = max(excluded.push_token, push_token + 1), payload = excluded.payload
"""
)
_PUSH_KEEPING_PAYLOAD = (
    _PUSH
    + """
    push_token = max(excluded.push_token, push_token + 1)
"""
)
_POSTPONE_HELD = """
UPDATE messages SET
    priority = ?, due_ms = ?, receipt = NULL, deliveries = 0, push_token = max(?, push_token + 1)
WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt = ?
"""
_PUSH_UNLESS_OLDER = (
    _PUSH
    + """
    push_token = excluded.push_token, payload = excluded.payload
WHERE push_token < excluded.push_token
"""
)
_PUSH_IF_ABSENT = """
INSERT INTO messages (queue_name, id, priority, due_ms, push_token, payload) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (queue_name, id) DO NOTHING
"""


def push(conn: sqlite3.Connection, ops: Iterable[PushOp], *, now_ms: int) -> None:
    """Push messages; one of the same id is replaced and its lease ends."""
    conn.executemany(_PUSH_ANEW, [_row(op, token=token_now(), now_ms=now_ms) for op in ops])


def push_if_absent(
    conn: sqlite3.Connection, op: PushOp, *, token: int | None = None, now_ms: int
) -> bool:
    """Push unless the id is there, in any state; under a fresh token, or the one of its intent."""
    row = _row(op, token=token_now() if token is None else token, now_ms=now_ms)
    return conn.execute(_PUSH_IF_ABSENT, row).rowcount > 0


def postpone(conn: sqlite3.Connection, op: PushOp, *, receipt: str = "", now_ms: int) -> bool:
    """Push, with the payload that is there; with a receipt only a message that is leased under it."""
    row = _row(op, token=token_now(), now_ms=now_ms)
    if not receipt:
        return conn.execute(_PUSH_KEEPING_PAYLOAD, row).rowcount > 0
    _, _, priority, due_ms, token, _ = row
    held = (op.queue_name, op.message_id, now_ms, receipt_number(receipt))
    return conn.execute(_POSTPONE_HELD, (priority, due_ms, token, *held)).rowcount > 0


def push_unless_older(conn: sqlite3.Connection, op: PushOp, *, token: int, now_ms: int) -> bool:
    """Push under this token, unless the message there has it already or a higher one."""
    return conn.execute(_PUSH_UNLESS_OLDER, _row(op, token=token, now_ms=now_ms)).rowcount > 0


def _row(op: PushOp, *, token: int, now_ms: int) -> tuple[str, str, int, int, int, str | None]:
    due_ms = time_after(now_ms, op.offset_ms)
    return op.queue_name, op.message_id, op.priority, due_ms, token, op.payload
