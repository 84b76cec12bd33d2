"""Queue messages in SQL: functions on a connection, for the queue DAO and for a WriteSet in the same file.

A leased message's due time is the end of its lease: ready means due at or before now, whoever held it. A lapsed lease still
shows its receipt, so whatever asks for a receipt asks for the time too. Triggers keep the counts (``schema/queues.sql``).
"""

from __future__ import annotations

import heapq
import random
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from podium_backends.sqlite.file.stored_text import scanned
from podium_backends.sqlite.file.times import MAX_TIME_MS, later, token_now
from podium_core.models import Message
from podium_core.paging.read_budget import MAX_ANSWER_BYTES
from podium_core.write_set import PushOp

SWEEP_ROWS = 1_000
# When a message that can't be read is due: later than any other.
SET_ASIDE_MS = MAX_TIME_MS + 1

# Seeded by the system, in each process anew; receipts are no secrets, they must only never come twice.
_random = random.Random()  # noqa: S311

# The priorities of a queue from the highest down, one index seek for each: delayed messages are never scanned.
_LEVELS = """
WITH RECURSIVE levels (level) AS (
    SELECT (SELECT max(priority) FROM messages WHERE queue_name = ?1)
    UNION ALL
    SELECT (SELECT max(priority) FROM messages WHERE queue_name = ?1 AND priority < level)
    FROM levels WHERE level IS NOT NULL
)
"""

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

# The join's order is the order of delivery: CROSS JOIN fixes it, and the index gives due times ascending, then rowids.
_READY = (
    _LEVELS
    + """
SELECT m.rowid, CAST(m.id AS BLOB), m.priority, m.deliveries, CAST(m.payload AS BLOB)
FROM levels CROSS JOIN messages AS m
WHERE m.queue_name = ?1 AND m.priority = level AND m.due_ms <= ?2
LIMIT ?3
"""
)
_SET_ASIDE = "UPDATE messages SET receipt = NULL, due_ms = ? WHERE rowid = ?"
_LEASE = "UPDATE messages SET receipt = ?, due_ms = ?, deliveries = deliveries + 1 WHERE rowid = ?"
_READINESS = (
    _LEVELS
    + """
SELECT
    sum((SELECT count(*) FROM (
        SELECT 1 FROM messages WHERE queue_name = ?1 AND priority = level AND due_ms <= ?2 LIMIT ?3))),
    min((SELECT min(due_ms) FROM messages WHERE queue_name = ?1 AND priority = level AND due_ms > ?2))
FROM levels
"""
)
_READY_IDS = (
    _LEVELS
    + """
SELECT m.id FROM levels CROSS JOIN messages AS m
WHERE m.queue_name = ?1 AND m.priority = level AND m.due_ms <= ?2
LIMIT ?3
"""
)
_DELAYED_IDS = """
SELECT due_ms, id FROM messages
WHERE queue_name = ? AND priority = ? AND due_ms > ? AND receipt IS NULL
ORDER BY due_ms, rowid LIMIT ?
"""

_ACK = "DELETE FROM messages WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt IS NOT NULL"
_ACK_RECEIPT = "DELETE FROM messages WHERE queue_name = ? AND id = ? AND due_ms > ? AND receipt = ?"


class Readiness(NamedTuple):
    """How many messages are ready (counted up to a limit for each priority), and when the next one will be."""

    ready: int
    next_due_ms: int | None


def receipt_number(receipt: str) -> int:
    """The number of a receipt's text; for any other text one that no message has."""
    try:
        number = int(receipt, 16) if len(receipt) <= 16 else -1
    except ValueError:
        return -1
    return number if number < 2**63 else -1


# pushing


def push(conn: sqlite3.Connection, ops: Iterable[PushOp], *, now_ms: int) -> None:
    """Push messages; one of the same id is replaced and its lease ends."""
    conn.executemany(_PUSH_ANEW, [_row(op, token=token_now(), now_ms=now_ms) for op in ops])


def push_if_absent(
    conn: sqlite3.Connection, op: PushOp, *, token: int | None = None, now_ms: int
) -> bool:
    """Push unless the id is there, in whatever state; under a fresh token, or the one of its intent."""
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
    due_ms = later(now_ms, op.offset_ms)
    return op.queue_name, op.message_id, op.priority, due_ms, token, op.payload


# delivering


class _Ready(NamedTuple):
    """A message that is to be leased."""

    rowid: int
    id: str
    priority: int
    deliveries: int
    payload: str | UnsetType


def poll(
    conn: sqlite3.Connection,
    queue_name: str,
    *,
    count: int,
    lease_ms: int,
    now_ms: int,
    max_bytes: int = MAX_ANSWER_BYTES,
    unreadable_ids: list[str] | None = None,
) -> list[Message]:
    """Lease up to ``count`` ready messages, in the order of delivery.

    One whose id or payload isn't UTF-8 is set aside: it is due at ``SET_ASIDE_MS`` until somebody pushes it again.

    Args:
        conn: In a transaction.
        queue_name: The queue.
        count: At most so many.
        lease_ms: How long.
        now_ms: The store's time.
        max_bytes: No further message is leased with which ids and payloads would be above this; the first always is.
        unreadable_ids: Takes the ids of those that are set aside.
    """
    rows: list[_Ready] = []
    unreadable: list[tuple[int, str]] = []
    while not rows:
        rows, unreadable = _ready(conn, (queue_name, now_ms, count), max_bytes)
        if not unreadable:
            break
        conn.executemany(_SET_ASIDE, [(SET_ASIDE_MS, rowid) for rowid, _ in unreadable])
        if unreadable_ids is not None:
            unreadable_ids += [id_ for _, id_ in unreadable]
    return _leased(conn, rows, lease_ms=lease_ms, now_ms=now_ms) if rows else []


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


def _leased(
    conn: sqlite3.Connection, rows: list[_Ready], *, lease_ms: int, now_ms: int
) -> list[Message]:
    until_ms = later(now_ms, lease_ms)
    receipts = [_random.getrandbits(63) for _ in rows]
    conn.executemany(
        _LEASE, [(receipt, until_ms, row[0]) for receipt, row in zip(receipts, rows, strict=True)]
    )
    return [
        Message(
            id=message_id,
            payload=payload,
            priority=priority,
            receipt=f"{receipt:016x}",
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
    """Take an unacked message out; by id where there is no receipt."""
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
    due_ms = later(now_ms, unack_timeout_ms)
    number = receipt_number(receipt) if receipt else None
    changed = conn.execute(
        "UPDATE messages SET due_ms = ?1, receipt = CASE WHEN ?1 > ?2 THEN receipt END "
        "WHERE queue_name = ?3 AND id = ?4 AND due_ms > ?2 AND receipt IS NOT NULL "
        "AND (?5 IS NULL OR receipt = ?5) AND (?6 = 0 OR due_ms > ?1)",
        (due_ms, now_ms, queue_name, message_id, number, only_shorter),
    )
    return changed.rowcount > 0


# removing


def remove(conn: sqlite3.Connection, queue_name: str, message_id: str) -> bool:
    """Take a message out, in whatever state."""
    deleted = conn.execute(
        "DELETE FROM messages WHERE queue_name = ? AND id = ?", (queue_name, message_id)
    )
    return deleted.rowcount > 0


def remove_token(conn: sqlite3.Connection, queue_name: str, message_id: str, token: int) -> bool:
    """Take a message out if it came with this token."""
    deleted = conn.execute(
        "DELETE FROM messages WHERE queue_name = ? AND id = ? AND push_token = ?",
        (queue_name, message_id, token),
    )
    return deleted.rowcount > 0


def remove_older(conn: sqlite3.Connection, queue_name: str, message_id: str, token: int) -> bool:
    """Take a message out unless it came with a higher token."""
    deleted = conn.execute(
        "DELETE FROM messages WHERE queue_name = ? AND id = ? AND push_token < ?",
        (queue_name, message_id, token),
    )
    return deleted.rowcount > 0


def remove_some(conn: sqlite3.Connection, queue_name: str, *, up_to_rowid: int, limit: int) -> int:
    """Take up to ``limit`` messages out that were there when ``up_to_rowid`` was the last."""
    deleted = conn.execute(
        "DELETE FROM messages WHERE rowid IN ("
        "SELECT rowid FROM messages WHERE queue_name = ? AND rowid <= ? LIMIT ?)",
        (queue_name, up_to_rowid, limit),
    )
    return deleted.rowcount


def last_rowid(conn: sqlite3.Connection) -> int:
    """The highest rowid of all messages."""
    return int(conn.execute("SELECT coalesce(max(rowid), 0) FROM messages").fetchone()[0])


# moving


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


# reading


def readiness(conn: sqlite3.Connection, queue_name: str, *, limit: int, now_ms: int) -> Readiness:
    """What is ready, and when something will be: leases that lapse included."""
    ready, next_due_ms = conn.execute(_READINESS, (queue_name, now_ms, limit)).fetchone()
    return Readiness(ready, next_due_ms)


def token_of(conn: sqlite3.Connection, queue_name: str, message_id: str) -> int | None:
    """The push token of a message; None without one."""
    row = conn.execute(
        "SELECT push_token FROM messages WHERE queue_name = ? AND id = ?", (queue_name, message_id)
    ).fetchone()
    return None if row is None else int(row[0])


def messages_behind(
    conn: sqlite3.Connection, after: tuple[str, str], limit: int
) -> list[tuple[str, str]]:
    """Queue names and ids of at least ``limit`` messages behind this one, in order."""
    sql = "SELECT queue_name, id FROM messages WHERE (queue_name, id) > (?, ?) ORDER BY queue_name, id"
    rows = scanned(conn.execute(sql, after), limit, tuple)
    return [(str(queue_name), str(message_id)) for queue_name, message_id in rows]


def first_ids(conn: sqlite3.Connection, queue_name: str, count: int, *, now_ms: int) -> list[str]:
    """Ids in the order of delivery: what is ready, then what is delayed, the soonest first."""
    ids = [row[0] for row in conn.execute(_READY_IDS, (queue_name, now_ms, count))]
    wanted = count - len(ids)
    if wanted:
        levels = conn.execute(
            _LEVELS + "SELECT level FROM levels WHERE level IS NOT NULL", (queue_name,)
        ).fetchall()
        delayed = [
            conn.execute(_DELAYED_IDS, (queue_name, level, now_ms, wanted)) for (level,) in levels
        ]
        # Of two due at once the one from the higher level comes first: merge is stable.
        soonest = heapq.merge(*delayed, key=lambda row: int(row[0]))
        ids += [message_id for _, message_id in islice(soonest, wanted)]
    return ids
