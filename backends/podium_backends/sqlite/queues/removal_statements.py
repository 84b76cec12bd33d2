"""Messages that are removed, in any state: functions on a connection."""

from __future__ import annotations

import sqlite3


def remove(conn: sqlite3.Connection, queue_name: str, message_id: str) -> bool:
    """Take a message out, in any state."""
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
