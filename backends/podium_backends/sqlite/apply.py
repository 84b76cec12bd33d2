"""A WriteSet in one SQLite transaction: the remembered request, guards, documents, acks and removes, pushes."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Raw

from podium_backends.sqlite import (
    event_statements,
    guard_statements,
    outbox_statements,
    removal_statements,
    task_statements,
    workflow_statements as workflows,
)
from podium_backends.sqlite.outbox_statements import MARK_EVENT, IndexMarks
from podium_backends.sqlite.queue_effects import QueueEffects
from podium_core.index.changes import Put
from podium_core.index.marks import encode_mark
from podium_core.write_set import AckOp, PushOp, PutMode, RemoveOp, WriteOutcome, WriteSet
from podium_core.write_set.refusals import PayloadMarkLostError
from podium_core.write_set.remembered import remembered, replayed

REQUEST_MEMORY_MS = 600_000
# To write so many bytes of a document takes as long as a small statement.
BYTES_OF_A_STATEMENT = 8_192
_outcome = msgspec.msgpack.Decoder(WriteOutcome)


class Application:
    """One WriteSet, ready to run as a job: repeatable, since all its state is made anew in ``run``."""

    def __init__(self, write_set: WriteSet, queues: QueueEffects, *, event_ttl_ms: int) -> None:
        self._set = write_set
        self._queues = queues
        self._event_ttl_ms = event_ttl_ms

    @property
    def weight(self) -> int:
        """Roughly how many statements it runs."""
        s = self._set
        removals = removal_statements.CHUNK * len(s.workflow_removals) * 4
        put = 5 if s.mark_index else 4
        weight = 3 + 2 * len(s.queue_ops) + removals
        for task_put in s.task_puts:
            weight += put + task_put.document.size // BYTES_OF_A_STATEMENT
        for workflow_put in s.workflow_puts:
            weight += put + workflow_put.document.size // BYTES_OF_A_STATEMENT
        return weight

    def run(self, conn: sqlite3.Connection, *, now_ms: int) -> WriteOutcome:
        """Apply it, or raise what a guard says before anything is written."""
        request_id = self._set.request_id
        if request_id:
            kept = _kept(conn, request_id, now_ms=now_ms)
            if kept is not None:
                return replayed(kept, self._set)
        outcome = self._write(conn, now_ms=now_ms)
        if request_id and outcome.workflow_created is not False:
            _keep(conn, request_id, remembered(outcome, self._set), now_ms=now_ms)
        return outcome

    def _write(self, conn: sqlite3.Connection, *, now_ms: int) -> WriteOutcome:
        s = self._set
        for guard in s.guards:
            guard_statements.check(conn, guard, now_ms=now_ms)
        if s.lifts and not outbox_statements.unclaimed(conn, s.lifts):
            raise PayloadMarkLostError
        marks = IndexMarks(conn, now_ms=now_ms, wanted=s.mark_index)
        created, workflow_times = self._put_workflows(conn, marks, now_ms=now_ms)
        if created is False:
            return WriteOutcome(workflow_created=False)
        removed_tasks = tuple(
            removal_statements.remove_task(conn, self._queues, removal, marks, now_ms=now_ms)
            for removal in s.task_removals
        )
        task_times, created_ids, left_out = self._put_tasks(conn, marks, now_ms=now_ms)
        events = self._put_events(conn, marks, now_ms=now_ms)
        for unpend in s.unpend:
            workflows.unpend(conn, unpend.workflow_id)
        removed_workflows = tuple(
            removal_statements.mark(
                conn, self._queues, removal, mark_index=s.mark_index, now_ms=now_ms
            )
            for removal in s.workflow_removals
        )
        acked, removed, pushed = self._queue(conn, frozenset(left_out), now_ms=now_ms)
        return WriteOutcome(
            workflow_created=created,
            created_task_ids=created_ids,
            left_out_task_ids=left_out,
            workflow_times=workflow_times,
            task_times=task_times,
            event_created=events,
            events_removed=tuple(
                event_statements.remove_event(conn, r, now_ms=now_ms) for r in s.event_removals
            ),
            tasks_removed=removed_tasks,
            workflows_removed=removed_workflows,
            acked=acked,
            removed=removed,
            pushed=pushed,
        )

    def _put_workflows(
        self, conn: sqlite3.Connection, marks: IndexMarks, *, now_ms: int
    ) -> tuple[bool | None, dict[str, int]]:
        created = None
        times = {}
        for put in self._set.workflow_puts:
            stamp = workflows.put_workflow(conn, put, marks, now_ms=now_ms)
            if stamp is None:
                return False, {}
            outbox_statements.lift_payloads(conn, put.payload_keys)
            if put.mode is PutMode.CREATE:
                created = True
            times[put.workflow_id] = stamp
        return created, times

    def _put_tasks(
        self, conn: sqlite3.Connection, marks: IndexMarks, *, now_ms: int
    ) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
        writes = task_statements.TaskWrites(marks)
        times: dict[str, int] = {}
        created, left_out = [], []
        for put in self._set.task_puts:
            stamp = task_statements.put_task(conn, put, writes, now_ms=now_ms)
            if stamp is task_statements.Taken.BY_ANOTHER:
                left_out.append(put.task_id)
                continue
            if put.mode is PutMode.CREATE:
                created.append(put.task_id)
            if isinstance(stamp, int):
                times[put.task_id] = stamp
                outbox_statements.lift_payloads(conn, put.payload_keys)
        return times, tuple(created), tuple(left_out)

    def _put_events(
        self, conn: sqlite3.Connection, marks: IndexMarks, *, now_ms: int
    ) -> tuple[bool, ...]:
        written = []
        for put in self._set.event_puts:
            new = event_statements.put_event(conn, put, ttl_ms=self._event_ttl_ms, now_ms=now_ms)
            written.append(new)
            if new or put.mode is not PutMode.CREATE:
                marks.put(MARK_EVENT, put.entry_id, encode_mark(Put(Raw(put.document))))
        return tuple(written)

    def _queue(
        self, conn: sqlite3.Connection, left_out: frozenset[str], *, now_ms: int
    ) -> tuple[tuple[bool, ...], tuple[bool, ...], tuple[bool, ...]]:
        acked, removed, pushed = [], [], []
        for op in self._set.queue_ops:
            match op:
                case AckOp():
                    acked.append(self._queues.ack(conn, op, now_ms=now_ms))
                case RemoveOp():
                    removed.append(self._queues.remove(conn, op, now_ms=now_ms))
                case PushOp():
                    if op.of_task not in left_out:
                        new = self._queues.push(conn, op, now_ms=now_ms)
                        if op.if_absent:
                            pushed.append(new)
        return tuple(acked), tuple(removed), tuple(pushed)


def _kept(conn: sqlite3.Connection, request_id: str, *, now_ms: int) -> WriteOutcome | None:
    sql = "SELECT outcome FROM requests WHERE id = ? AND expires_ms > ?"
    row = conn.execute(sql, (request_id, now_ms)).fetchone()
    return None if row is None else _outcome.decode(row[0])


def _keep(conn: sqlite3.Connection, request_id: str, outcome: WriteOutcome, *, now_ms: int) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO requests (id, expires_ms, outcome) VALUES (?, ?, ?)",
        (request_id, now_ms + REQUEST_MEMORY_MS, msgspec.msgpack.encode(outcome)),
    )
