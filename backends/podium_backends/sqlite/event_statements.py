"""Event executions: put with a time to live, removed."""

from __future__ import annotations

import sqlite3

from podium_backends.sqlite.times import later
from podium_core.write_set import EventPut, EventRemoval, PutMode


def put_event(conn: sqlite3.Connection, put: EventPut, *, ttl_ms: int, now_ms: int) -> bool:
    """Store an event execution; false where CREATE finds one that hasn't expired."""
    expires_ms = later(now_ms, ttl_ms) if ttl_ms else None
    key = (put.handler_name, put.event, put.message_id, put.id)
    insert = (
        "INSERT INTO event_executions (handler_name, event, message_id, id, expires_ms, document)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (handler_name, event, message_id, id) DO UPDATE SET document = excluded.document"
    )
    if put.mode is PutMode.CREATE:
        insert += ", expires_ms = excluded.expires_ms WHERE event_executions.expires_ms <= ?"
        return bool(
            conn.execute(insert, (*key, expires_ms, put.document.decode(), now_ms)).rowcount
        )
    # One that has expired is stored anew; any other keeps its time to live.
    insert += (
        ", expires_ms = CASE WHEN event_executions.expires_ms <= ?"
        " THEN excluded.expires_ms ELSE event_executions.expires_ms END"
    )
    conn.execute(insert, (*key, expires_ms, put.document.decode(), now_ms))
    return False


def remove_event(conn: sqlite3.Connection, removal: EventRemoval, *, now_ms: int) -> bool:
    """Remove an event execution, and say whether it was there."""
    row = conn.execute(
        "DELETE FROM event_executions WHERE handler_name = ? AND event = ? AND message_id = ? AND id = ?"
        " RETURNING expires_ms",
        (removal.handler_name, removal.event, removal.message_id, removal.id),
    ).fetchone()
    return row is not None and (row[0] is None or row[0] > now_ms)
