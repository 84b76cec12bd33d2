"""Leases in SQL: functions on a connection, for the queues and for a WriteSet in the same file.

A leased message's due time is the end of its lease: ready means due at or before now. A lapsed lease still
shows its receipt, so every check of a receipt checks the time too. Triggers keep the counts (``schema/queues.sql``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from podium_backends.sqlite.file.times import MAX_TIME_MS, time_after
from podium_backends.sqlite.queues.read_statements import LEVELS, next_due_ms
from podium_backends.sqlite.queues.receipts import new_receipt, receipt_number, receipt_text
from podium_core.models import Message
from podium_core.ports.queue_table import Ask, Take, TakeRoom

SWEEP_ROWS = 1_000
# When a message that can't be read is due: later than any other.
SET_ASIDE_MS = MAX_TIME_MS + 1

# The join's order is the order of delivery: CROSS JOIN fixes it, and the index gives due times ascending, then rowids.
_READY = (
    LEVELS
    + """
SELECT m.rowid, CAST(m.id AS BLOB), m.priority, m.deliveries, CAST(m.payload AS BLOB)
FROM levels CROSS JOIN messages AS m
WHERE m.queue_name = ?1 AND m.priority = level AND m.due_ms <= ?2
LIMIT ?3
"""
)
_SET_ASIDE = "UPDATE messages SET receipt = NULL, due_ms = ? WHERE rowid = ?"
_LEASE = "UPDATE messages SET receipt = ?, due_ms = ?, deliveries = deliveries + 1 WHERE rowid = ?"
_ACK = "DELETE FROM messages WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt IS NOT NULL"
_ACK_RECEIPT = "DELETE FROM messages WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt = ?"


class _Ready(NamedTuple):
    """A message that is to be leased."""

    rowid: int
    id: str
    priority: int
    deliveries: int
    payload: str | UnsetType


def take(
    conn: sqlite3.Connection,
    queue_name: str,
    asks: Sequence[Ask],
    room: TakeRoom,
    *,
    now_ms: int,
    unreadable_ids: list[str],
) -> Take:
    """Lease ready messages for each ask, as ``QueueTable.take``.

    One whose id or payload isn't UTF-8 is set aside: it is due at ``SET_ASIDE_MS`` until somebody pushes it again.
    ``unreadable_ids`` takes the ids of those.
    """
    messages: list[list[Message]] = []
    size = 0
    no_room = False
    for ask in asks:
        no_room = not room.has_left()
        if no_room:
            break
        rows = _readable(conn, queue_name, ask.max_messages, now_ms, room.max_bytes, unreadable_ids)
        if not rows:
            break
        messages.append(_lease(conn, rows, lease_ms=ask.lease_ms, now_ms=now_ms))
        size += sum(len(row.payload) for row in rows if row.payload is not UNSET)
        room.hold(size)
    if len(messages) == len(asks):
        return Take(messages, None, now_ms)
    messages += [[] for _ in range(len(asks) - len(messages))]
    return Take(messages, next_due_ms(conn, queue_name), now_ms, no_room)


def _readable(
    conn: sqlite3.Connection,
    queue_name: str,
    count: int,
    now_ms: int,
    max_bytes: int,
    unreadable_ids: list[str],
) -> list[_Ready]:
    """The messages to lease for one ask. Sets aside those that can't be read."""
    while True:
        rows, unreadable = _ready(conn, (queue_name, now_ms, count), max_bytes)
        if unreadable:
            conn.executemany(_SET_ASIDE, [(SET_ASIDE_MS, rowid) for rowid, _ in unreadable])
            unreadable_ids += [id_ for _, id_ in unreadable]
        if rows or not unreadable:
            return rows


def _ready(
    conn: sqlite3.Connection, arguments: tuple[str, int, int], max_bytes: int
) -> tuple[list[_Ready], list[tuple[int, str]]]:
    """The messages to lease, and row and id of those met on the way that can't be read."""
    rows: list[_Ready] = []
    unreadable: list[tuple[int, str]] = []
    size = 0
    cursor = conn.execute(_READY, arguments)
    for rowid, id_, priority, deliveries, payload in cursor:
        try:
            text = UNSET if payload is None else payload.decode()
            ready = _Ready(rowid, id_.decode(), priority, deliveries, text)
        except UnicodeDecodeError:
            unreadable.append((rowid, id_.decode(errors="backslashreplace")))
            continue
        size += len(id_) + len(payload or b"")
        if rows and size > max_bytes:
            break
        rows.append(ready)
    cursor.close()
    return rows, unreadable


def _lease(
    conn: sqlite3.Connection, rows: list[_Ready], *, lease_ms: int, now_ms: int
) -> list[Message]:
    until_ms = time_after(now_ms, lease_ms)
    receipts = [new_receipt() for _ in rows]
    conn.executemany(
        _LEASE, [(receipt, until_ms, row[0]) for receipt, row in zip(receipts, rows, strict=True)]
    )
    return [
        Message(
            id=message_id,
            payload=payload,
            priority=priority,
            receipt=receipt_text(receipt),
            delivery_count=deliveries + 1,
        )
        for receipt, (_, message_id, priority, deliveries, payload) in zip(
            receipts, rows, strict=True
        )
    ]


def give_back(
    conn: sqlite3.Connection, queue_name: str, messages: Sequence[Message], *, now_ms: int
) -> None:
    """End leases as if the messages had never been delivered; stale receipts change nothing."""
    conn.executemany(
        "UPDATE messages SET receipt = NULL, due_ms = min(due_ms, ?), deliveries = max(deliveries - 1, 0) "
        "WHERE queue_name = ? AND id = ? AND receipt = ?",
        [(now_ms, queue_name, message.id, receipt_number(message.receipt)) for message in messages],
    )


def ack(
    conn: sqlite3.Connection, queue_name: str, message_id: str, *, receipt: str = "", now_ms: int
) -> bool:
    """Remove a leased message; by id where there is no receipt."""
    if not receipt:
        return conn.execute(_ACK, (queue_name, message_id, now_ms)).rowcount > 0
    held = (queue_name, message_id, now_ms, receipt_number(receipt))
    return conn.execute(_ACK_RECEIPT, held).rowcount > 0


def holds(
    conn: sqlite3.Connection, queue_name: str, message_id: str, *, receipt: str, now_ms: int
) -> bool:
    """Whether the message is leased under this receipt."""
    row = conn.execute(
        "SELECT 1 FROM messages WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt = ?",
        (queue_name, message_id, now_ms, receipt_number(receipt)),
    )
    return row.fetchone() is not None


def set_unack_timeout(
    conn: sqlite3.Connection,
    queue_name: str,
    message_id: str,
    unack_timeout_ms: int,
    *,
    receipt: str = "",
    only_shorter: bool = False,
    now_ms: int,
) -> bool:
    """Let an unacked message's lease end so long from now; 0 ends it."""
    due_ms = time_after(now_ms, unack_timeout_ms)
    number = receipt_number(receipt) if receipt else None
    changed = conn.execute(
        "UPDATE messages SET due_ms = ?1, receipt = CASE WHEN ?1 > ?2 THEN receipt END "
        "WHERE queue_name = ?3 AND id = ?4 AND due_ms > ?2 AND receipt IS NOT NULL "
        "AND (?5 IS NULL OR receipt = ?5) AND (?6 = 0 OR due_ms > ?1)",
        (due_ms, now_ms, queue_name, message_id, number, only_shorter),
    )
    return changed.rowcount > 0


def reset_offset(
    conn: sqlite3.Connection, queue_name: str, message_id: str, *, now_ms: int
) -> bool:
    """Make a delayed message ready; one that is ready stays so, and true it is."""
    changed = conn.execute(
        "UPDATE messages SET due_ms = min(due_ms, ?1) "
        "WHERE queue_name = ?2 AND id = ?3 AND (receipt IS NULL OR due_ms <= ?1)",
        (now_ms, queue_name, message_id),
    )
    return changed.rowcount > 0


def sweep(
    conn: sqlite3.Connection, queue_name: str, *, now_ms: int, limit: int = SWEEP_ROWS
) -> int:
    """Drop the receipts of up to ``limit`` lapsed leases, so that counting needn't look at them again."""
    swept = conn.execute(
        "UPDATE messages SET receipt = NULL WHERE rowid IN ("
        "SELECT rowid FROM messages INDEXED BY messages_leased "
        "WHERE queue_name = ? AND receipt IS NOT NULL AND due_ms <= ? LIMIT ?)",
        (queue_name, now_ms, limit),
    )
    return swept.rowcount
