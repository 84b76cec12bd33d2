"""Where the queue operations of a WriteSet go: into the same transaction, or into the outbox as intents."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from podium_backends.sqlite.executions.outbox_statements import drop_entry, has_entry, put_entry
from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.queues import lease_statements, push_statements, removal_statements
from podium_backends.sqlite.queues.changes import QueueChanges
from podium_core.intents import intents_of, unqueue_intents
from podium_core.outbox import EntryChange, EntryDrop, OutboxEntry
from podium_core.write_set import AckOp, PushOp, QueueOp, RemoveOp


class Effect(NamedTuple):
    """Whether an operation found or pushed its message, or wrote its intent; and the intents."""

    done: bool
    intents: Sequence[OutboxEntry] = ()


class QueueEffects(Protocol):
    """Queue operations within an executions transaction."""

    def carry_out(self, conn: sqlite3.Connection, op: QueueOp, *, now_ms: int) -> Effect:
        """Carry an operation out."""
        ...

    def unqueue(
        self,
        conn: sqlite3.Connection,
        queue_name: str,
        message_id: str,
        workflow_id: str,
        *,
        now_ms: int,
    ) -> Sequence[OutboxEntry]:
        """Take along the message of a record that is removed; the intents."""
        ...


class QueuesInSameFile:
    """Executions and queues are one file: everything in the one transaction."""

    def __init__(self, database: Database, changes: QueueChanges) -> None:
        self._database = database
        self._changes = changes

    def carry_out(self, conn: sqlite3.Connection, op: QueueOp, *, now_ms: int) -> Effect:
        match op:
            case PushOp():
                return Effect(self._push(conn, op, now_ms))
            case AckOp(queue_name=queue_name, message_id=message_id, receipt=receipt):
                return Effect(
                    lease_statements.ack(
                        conn, queue_name, message_id, receipt=receipt, now_ms=now_ms
                    )
                )
            case RemoveOp():
                return Effect(removal_statements.remove(conn, op.queue_name, op.message_id))

    def _push(self, conn: sqlite3.Connection, op: PushOp, now_ms: int) -> bool:
        if op.if_absent and not push_statements.push_if_absent(conn, op, now_ms=now_ms):
            return False
        if not op.if_absent:
            push_statements.push(conn, (op,), now_ms=now_ms)
        self._database.after_commit(lambda: self._changes.notify(op.queue_name))
        return True

    def unqueue(
        self,
        conn: sqlite3.Connection,
        queue_name: str,
        message_id: str,
        workflow_id: str,
        *,
        now_ms: int,
    ) -> Sequence[OutboxEntry]:
        del workflow_id, now_ms
        removal_statements.remove(conn, queue_name, message_id)
        return ()


class QueueIntents:
    """Queues are another store: everything becomes an intent, which nothing can interrupt any more."""

    def carry_out(self, conn: sqlite3.Connection, op: QueueOp, *, now_ms: int) -> Effect:
        intents = _change_entries(conn, intents_of(op, now_ms=now_ms), now_ms)
        # Only the store of the queue knows whether an ack or a remove found its message.
        return Effect(isinstance(op, PushOp) and bool(intents), intents)

    def unqueue(
        self,
        conn: sqlite3.Connection,
        queue_name: str,
        message_id: str,
        workflow_id: str,
        *,
        now_ms: int,
    ) -> Sequence[OutboxEntry]:
        return _change_entries(conn, unqueue_intents(queue_name, message_id, workflow_id), now_ms)


def _change_entries(
    conn: sqlite3.Connection, changes: Sequence[EntryChange], now_ms: int
) -> Sequence[OutboxEntry]:
    """Carry changes out; the entries that were written."""
    written: list[OutboxEntry] = []
    for change in changes:
        if isinstance(change, EntryDrop):
            drop_entry(conn, change.kind, change.id)
        elif not (change.if_absent and has_entry(conn, change.kind, change.id)):
            written.append(put_entry(conn, change, now_ms=now_ms))
    return written
