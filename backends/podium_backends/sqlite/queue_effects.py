"""Where the queue operations of a WriteSet go: into the same transaction, or into the outbox as intents."""

from __future__ import annotations

import sqlite3
from typing import Protocol

import msgspec

from podium_backends.sqlite import outbox_statements, queue_statements
from podium_backends.sqlite.database import Database
from podium_backends.sqlite.queue_waiters import QueueWaiters
from podium_core.outbox import KIND_PUSH, KIND_UNQUEUE, PushIntent, UnqueueIntent, message_key
from podium_core.write_set import AckOp, PushOp, RemoveOp


class QueueEffects(Protocol):
    """Queue operations within an executions transaction."""

    def push(self, conn: sqlite3.Connection, op: PushOp, now: int) -> None:
        """Push a message."""
        ...

    def ack(self, conn: sqlite3.Connection, op: AckOp, now: int) -> bool:
        """Take an unacked message out."""
        ...

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, now: int) -> bool:
        """Take a message out, in whatever state."""
        ...

    def unqueue(self, conn: sqlite3.Connection, queue_name: str, message_id: str, now: int) -> None:
        """Take along the message of a record that is removed."""
        ...


class QueuesHere:
    """Executions and queues are one file: everything in the one transaction."""

    def __init__(self, database: Database, waiters: QueueWaiters) -> None:
        self._db = database
        self._waiters = waiters

    def push(self, conn: sqlite3.Connection, op: PushOp, now: int) -> None:
        message = queue_statements.Push(op.message_id, op.payload, op.priority, op.offset_ms)
        queue_statements.push(conn, op.queue_name, (message,), now_ms=now)
        self._db.after_commit(conn, lambda: self._waiters.changed(op.queue_name))

    def ack(self, conn: sqlite3.Connection, op: AckOp, now: int) -> bool:
        return queue_statements.ack(
            conn, op.queue_name, op.message_id, receipt=op.receipt, now_ms=now
        )

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, now: int) -> bool:
        del now
        return queue_statements.remove(conn, op.queue_name, op.message_id)

    def unqueue(self, conn: sqlite3.Connection, queue_name: str, message_id: str, now: int) -> None:
        del now
        queue_statements.remove(conn, queue_name, message_id)


class QueuesElsewhere:
    """Queues are another store: pushes and removals become intents; acks are the facade's, after this step."""

    def push(self, conn: sqlite3.Connection, op: PushOp, now: int) -> None:
        intent = PushIntent(push=op, due_ms=now + op.offset_ms)
        key = message_key(op.queue_name, op.message_id)
        outbox_statements.put_entry(
            conn, KIND_PUSH, key, now_ms=now, body=msgspec.json.encode(intent)
        )

    def ack(self, conn: sqlite3.Connection, op: AckOp, now: int) -> bool:
        del conn, op, now
        return False

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, now: int) -> bool:
        del now
        outbox_statements.drop_entry(conn, KIND_PUSH, message_key(op.queue_name, op.message_id))
        return False

    def unqueue(self, conn: sqlite3.Connection, queue_name: str, message_id: str, now: int) -> None:
        key = message_key(queue_name, message_id)
        outbox_statements.drop_entry(conn, KIND_PUSH, key)
        intent = UnqueueIntent(queue_name=queue_name, message_id=message_id)
        outbox_statements.put_entry(
            conn, KIND_UNQUEUE, key, now_ms=now, body=msgspec.json.encode(intent)
        )
