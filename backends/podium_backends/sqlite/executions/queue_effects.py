"""Where the queue operations of a WriteSet go: into the same transaction, or into the outbox as intents."""

from __future__ import annotations

import sqlite3
from typing import Protocol

import msgspec

from podium_backends.sqlite.executions import outbox_statements
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.times import later
from podium_backends.sqlite.queues import lease_statements, push_statements, removal_statements
from podium_backends.sqlite.queues.changes import QueueChanges
from podium_core.outbox import (
    KIND_ACK,
    KIND_PUSH,
    KIND_REMOVE,
    KIND_UNQUEUE,
    WRITER_FIRST_MS,
    PushIntent,
    UnqueueIntent,
    message_key,
)
from podium_core.write_set import AckOp, PushOp, RemoveOp


class QueueEffects(Protocol):
    """Queue operations within an executions transaction."""

    def push(self, conn: sqlite3.Connection, op: PushOp, *, now_ms: int) -> bool:
        """Push a message; false if it is there already and was to stay."""
        ...

    def ack(self, conn: sqlite3.Connection, op: AckOp, *, now_ms: int) -> bool:
        """Take an unacked message out."""
        ...

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, *, now_ms: int) -> bool:
        """Take a message out, in whatever state."""
        ...

    def unqueue(
        self, conn: sqlite3.Connection, queue_name: str, message_id: str, *, now_ms: int
    ) -> None:
        """Take along the message of a record that is removed."""
        ...


class QueuesHere:
    """Executions and queues are one file: everything in the one transaction."""

    def __init__(self, database: Database, changes: QueueChanges) -> None:
        self._database = database
        self._changes = changes

    def push(self, conn: sqlite3.Connection, op: PushOp, *, now_ms: int) -> bool:
        if op.if_absent and not push_statements.push_if_absent(conn, op, now_ms=now_ms):
            return False
        if not op.if_absent:
            push_statements.push(conn, (op,), now_ms=now_ms)
        self._database.after_commit(lambda: self._changes.notify(op.queue_name))
        return True

    def ack(self, conn: sqlite3.Connection, op: AckOp, *, now_ms: int) -> bool:
        return lease_statements.ack(
            conn, op.queue_name, op.message_id, receipt=op.receipt, now_ms=now_ms
        )

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, *, now_ms: int) -> bool:
        del now_ms
        return removal_statements.remove(conn, op.queue_name, op.message_id)

    def unqueue(
        self, conn: sqlite3.Connection, queue_name: str, message_id: str, *, now_ms: int
    ) -> None:
        del now_ms
        removal_statements.remove(conn, queue_name, message_id)


class QueuesElsewhere:
    """Queues are another store: everything becomes an intent, which nothing can interrupt any more."""

    def push(self, conn: sqlite3.Connection, op: PushOp, *, now_ms: int) -> bool:
        key = message_key(op.queue_name, op.message_id)
        if op.if_absent and outbox_statements.has_entry(conn, KIND_PUSH, key):
            return False
        intent = PushIntent(push=op, due_ms=later(now_ms, op.offset_ms))
        outbox_statements.put_entry(
            conn, KIND_PUSH, key, now_ms=now_ms, body=msgspec.json.encode(intent)
        )
        return True

    def ack(self, conn: sqlite3.Connection, op: AckOp, *, now_ms: int) -> bool:
        _put_intent(conn, KIND_ACK, op, now_ms)
        return False

    def remove(self, conn: sqlite3.Connection, op: RemoveOp, *, now_ms: int) -> bool:
        outbox_statements.drop_entry(conn, KIND_PUSH, message_key(op.queue_name, op.message_id))
        if op.seen_token:
            _put_intent(conn, KIND_REMOVE, op, now_ms)
        return False

    def unqueue(
        self, conn: sqlite3.Connection, queue_name: str, message_id: str, *, now_ms: int
    ) -> None:
        if not queue_name:
            return  # a task without a type waits nowhere
        key = message_key(queue_name, message_id)
        outbox_statements.drop_entry(conn, KIND_PUSH, key)
        intent = UnqueueIntent(queue_name=queue_name, message_id=message_id)
        outbox_statements.put_entry(
            conn, KIND_UNQUEUE, key, now_ms=now_ms, body=msgspec.json.encode(intent)
        )


def _put_intent(conn: sqlite3.Connection, kind: str, op: AckOp | RemoveOp, now_ms: int) -> None:
    outbox_statements.put_entry(
        conn,
        kind,
        message_key(op.queue_name, op.message_id),
        now_ms=now_ms,
        due_ms=now_ms + WRITER_FIRST_MS,
        body=msgspec.json.encode(op),
    )
