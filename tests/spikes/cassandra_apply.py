"""``apply`` on Cassandra by guard and redo: a spike that proves the WriteSet.

It stays as a test until the real adapter replaces it. The five steps are design.md's:

1. read the guard, carry out the WriteSet that it names if its row is there, read documents, decide;
2. store the WriteSet as a row under a fresh id;
3. one lightweight transaction on the guard, conditional on the seq that was read;
4. documents, limit places, marks and push intents, all with timestamps that follow from the guard's stamp, so that
   whoever repeats them changes nothing;
5. drop the row.

Updates alone, without an expected time, are one logged batch. Left out: removing workflows, leaving pending, event
executions, sets of our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import randint
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import (
    BackendUnavailableError,
    NotFoundError,
    StorageError,
    UnsupportedOperationError,
)
from podium_core.intents import PushIntent
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.outbox import KIND_PUSH
from podium_core.write_set import (
    ExpectedWorkflowTime,
    PushOp,
    PutMode,
    RemoveOp,
    Slot,
    TaskPut,
    WorkflowExists,
    WorkflowPut,
    WriteOutcome,
    WriteSet,
)
from tests.spikes.cassandra_decide import (
    HELD,
    REQUEST,
    SLOT,
    Decider,
    Decision,
    Guard,
    GuardChange,
    Reading,
    Redo,
    Stored,
    slot_name,
)
from tests.spikes.cassandra_redo import (
    UPSERTED,
    Statement,
    bucket_of,
    identity,
    mark,
    put_statements,
    redo_statements,
)
from tests.spikes.cassandra_tables import BUCKETS, Row, Tables
from tests.spikes.failpoints import Failpoints

ATTEMPTS = 8
REMEMBER_SECONDS = 600
# Cassandra refuses a batch of several partitions above 50 KiB (batch_size_fail_threshold).
BATCH_BYTES = 40_000

_redo = msgspec.msgpack.Decoder(Redo)
_outcome = msgspec.msgpack.Decoder(WriteOutcome)
_encode = msgspec.msgpack.encode


class CassandraApply:
    """Implements ``ExecutionStore.apply``; ``carry_out`` and ``raise_seq`` are the drainer's too."""

    def __init__(
        self, tables: Tables, failpoints: Failpoints | None = None, clock: Clock = system_clock_ms
    ) -> None:
        self.tables = tables
        self._failpoints = failpoints or Failpoints()
        self._clock = clock

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        """Carry out a WriteSet."""
        refuse_what_is_elsewhere(write_set)
        if not needs_guard(write_set):
            return await self._update_plainly(write_set)
        workflow_id = await self._workflow_of(write_set)
        for _ in range(ATTEMPTS):
            outcome = await self._attempt(workflow_id, write_set)
            if outcome is not None:
                return outcome
        raise BackendUnavailableError(
            "cassandra spike", f"workflow '{workflow_id}' is written by too many at once"
        )

    async def _attempt(self, workflow_id: str, write_set: WriteSet) -> WriteOutcome | None:
        """Steps (1) to (5); None: somebody else came between, read again."""
        guard = await self.read_guard(workflow_id)
        if await self._carry_out_unfinished(guard):
            return None
        reading = await self._read(workflow_id, guard, write_set)
        await self._failpoints.reached("1 read")
        if reading.answer is not None:
            return reading.answer
        try:
            decision = Decider(write_set, workflow_id, reading, self._clock()).decide()
        except StorageError:
            # True only if nobody passed the guard since it was read.
            if await self.read_guard(workflow_id) != guard:
                return None
            raise
        if decision is None:
            unchanged = await self.read_guard(workflow_id) == guard
            return WriteOutcome(workflow_created=False) if unchanged else None
        return await self._step(guard, decision)

    async def _step(self, guard: Guard, decision: Decision) -> WriteOutcome | None:
        redo = decision.redo
        body = _encode(redo)
        await self.tables.rows(
            "put_row", bucket_of(redo.row_id), redo.row_id, redo.workflow_id, body, redo.timestamp
        )
        await self._failpoints.reached("2 row stored")
        if not await self._move_guard(guard, decision):
            await self.drop_row(redo)
            return None
        await self._failpoints.reached("3 guard moved")
        await self.carry_out(redo)
        return decision.outcome

    # the guard

    async def read_guard(self, workflow_id: str) -> Guard:
        """The guard record; empty where there is none."""
        for row in await self.tables.rows("guard", workflow_id):
            return Guard(row.seq, row.stamp or 0, row.row_id or "")
        return Guard()

    async def _move_guard(self, guard: Guard, decision: Decision) -> bool:
        redo = decision.redo
        seq = (guard.seq or 0) + 1
        step = self.tables.bound(
            "step_guard", seq, redo.stamp, redo.row_id, redo.workflow_id, guard.seq
        )
        rows = [self._guard_row(redo.workflow_id, change) for change in decision.changes]
        return await self.tables.applied([step, *rows])

    def _guard_row(self, workflow_id: str, change: GuardChange) -> Statement:
        if change.value is None:
            return self.tables.bound("remove_guard_row", workflow_id, change.kind, change.name)
        ttl = REMEMBER_SECONDS if change.kind == REQUEST else 0
        return self.tables.bound(
            "put_guard_row", workflow_id, change.kind, change.name, change.value, ttl
        )

    async def raise_seq(self, workflow_id: str, guard: Guard) -> bool:
        """Let every step that was decided on this guard fail."""
        return await self.tables.applied(
            [self.tables.bound("raise_seq", (guard.seq or 0) + 1, workflow_id, guard.seq)]
        )

    # reading

    async def _workflow_of(self, write_set: WriteSet) -> str:
        """The one workflow whose guard it is."""
        ids = {put.workflow_id for put in puts_of(write_set)}
        ids |= {
            g.workflow_id
            for g in write_set.guards
            if isinstance(g, WorkflowExists | ExpectedWorkflowTime)
        }
        for removal in write_set.task_removals:
            ids |= {
                str(row.workflow_id) for row in await self.tables.rows("lookup", removal.task_id)
            }
        if len(ids) > 1:
            raise UnsupportedOperationError(
                "cassandra spike", "apply", "guards of several workflows in one WriteSet"
            )
        if not ids:
            raise NotFoundError("task", write_set.task_removals[0].task_id)
        return str(ids.pop())

    async def _read(self, workflow_id: str, guard: Guard, write_set: WriteSet) -> Reading:
        slots = [slot_name(put.slot) for put in write_set.task_puts if put.slot]
        tasks = [put.task_id for put in write_set.task_puts] + [
            r.task_id for r in write_set.task_removals
        ]
        workflow, task_rows, holders, held, requests = await asyncio.gather(
            self.tables.rows("workflow", workflow_id),
            self.tables.rows("tasks", workflow_id, tasks),
            self.tables.rows("guard_rows", workflow_id, SLOT, slots),
            self.tables.rows("guard_rows", workflow_id, HELD, tasks),
            self.tables.rows("guard_rows", workflow_id, REQUEST, [write_set.request_id]),
        )
        seeds = await self._seeds(workflow_id) if not guard.stamp else {}
        return Reading(
            guard=guard,
            workflow=next(
                (stored_workflow(row, workflow_id) for row in workflow if row.payload), None
            ),
            tasks={row.task_id: stored_task(row) for row in task_rows},
            holders=seeds | {row.name: row.value.decode() for row in holders},
            held={id_: name for name, id_ in seeds.items()}
            | {row.name: row.value.decode() for row in held},
            seeds=seeds,
            answer=next(
                (replace(_outcome.decode(row.value), replayed=True) for row in requests), None
            ),
        )

    async def _seeds(self, workflow_id: str) -> dict[str, str]:
        """Slots of tasks that were there before the first guarded step."""
        tasks = [
            TASK.decode(row.payload, row.task_id)
            for row in await self.tables.rows("all_tasks", workflow_id)
        ]
        return {
            slot_name(Slot(str(t.reference_task_name), t.retry_count)): str(t.task_id)
            for t in tasks
        }

    # redo

    async def _carry_out_unfinished(self, guard: Guard) -> bool:
        for row in (
            await self.tables.rows("row", bucket_of(guard.row_id), guard.row_id)
            if guard.row_id
            else ()
        ):
            await self.carry_out(_redo.decode(row.body))
            return True
        return False

    async def carry_out(self, redo: Redo) -> None:
        """Steps (4) and (5). One by one here, so that a writer can die between any two."""
        for what, statement in redo_statements(self.tables, redo):
            await self.tables.run(statement)
            await self._failpoints.reached(f"4 {what}")
        await self.drop_row(redo)
        await self._failpoints.reached("5 row dropped")

    async def drop_row(self, redo: Redo) -> None:
        """With the row's own timestamp: nobody's clock can bring it back."""
        await self.tables.rows("remove_row", redo.timestamp, bucket_of(redo.row_id), redo.row_id)

    # updates alone

    async def _update_plainly(self, write_set: WriteSet) -> WriteOutcome:
        """Documents and marks in one logged batch, a little above the timestamps that were read, never by the clock."""
        statements: list[Statement] = []
        stamps: dict[str, dict[str, int]] = {"workflow": {}, "task": {}}
        for put in puts_of(write_set):
            kind, id_ = identity(put)
            stored = await self._stored(put)
            if stored is None:
                raise NotFoundError(kind, id_)
            stamps[kind][id_] = stamp = max(self._clock(), stored.stamp + 1)
            timestamp = stored.written + randint(2, 999)
            statements += [
                statement for _, statement in put_statements(self.tables, put, stamp, timestamp)
            ]
            if write_set.mark_index:
                statements.append(mark(self.tables, kind, id_, UPSERTED, timestamp))
        await self.tables.run_logged(statements)
        return WriteOutcome(workflow_times=stamps["workflow"], task_times=stamps["task"])

    async def _stored(self, put: TaskPut | WorkflowPut) -> Stored | None:
        if isinstance(put, TaskPut):
            found = [
                stored_task(row)
                for row in await self.tables.rows("tasks", put.workflow_id, [put.task_id])
            ]
        else:
            rows = await self.tables.rows("workflow", put.workflow_id)
            found = [stored_workflow(row, put.workflow_id) for row in rows if row.payload]
        return found[0] if found else None


def stored_task(row: Row) -> Stored:
    """A task's row."""
    return Stored(row.payload, row.written, TASK.decode(row.payload, row.task_id).update_time)


def stored_workflow(row: Row, workflow_id: str) -> Stored:
    """A workflow's row."""
    stamp = WORKFLOW.decode(row.payload, workflow_id).updated_time
    return Stored(row.payload, row.written, 0 if stamp is UNSET else stamp)


def puts_of(write_set: WriteSet) -> list[TaskPut | WorkflowPut]:
    """All that is put."""
    return [*write_set.workflow_puts, *write_set.task_puts]


def needs_guard(write_set: WriteSet) -> bool:
    """Whether it does more than update documents that are there, and that fit one batch."""
    puts = puts_of(write_set)
    return bool(
        write_set.request_id
        or write_set.guards
        or write_set.task_removals
        or write_set.queue_ops
        or any(put.mode is not PutMode.UPDATE for put in puts)
        or any(put.expected_time is not None for put in write_set.task_puts)
        or sum(len(put.document.head) + len(put.document.tail) for put in puts) > BATCH_BYTES
    )


def refuse_what_is_elsewhere(write_set: WriteSet) -> None:
    """Receipts and acks are the queue store's; the rest is what the spike leaves out."""
    ops = [op for op in write_set.queue_ops if not isinstance(op, PushOp | RemoveOp)]
    guards = (WorkflowExists, ExpectedWorkflowTime)
    strange = [guard for guard in write_set.guards if not isinstance(guard, guards)]
    left_out: tuple[Any, ...] = (
        *write_set.workflow_removals,
        *write_set.pending_removals,
        *write_set.event_puts,
        *write_set.event_removals,
    )
    if ops or strange or left_out:
        raise UnsupportedOperationError("cassandra spike", "apply")


Deliver = Callable[[PushOp, int], Awaitable[None]]


class Drainer:
    """Finishes what writers left: rows, and the push intents of the outbox."""

    def __init__(
        self, writer: CassandraApply, deliver: Deliver, failpoints: Failpoints | None = None
    ) -> None:
        self._writer, self._tables, self._deliver = writer, writer.tables, deliver
        self._failpoints = failpoints or Failpoints()

    async def drain(self) -> None:
        """One pass over everything. In earnest rows younger than a call may last are left to their writers."""
        for bucket in range(BUCKETS):
            for row in await self._tables.rows("rows", bucket):
                await self._finish(_redo.decode(row.body))
        for bucket in range(BUCKETS):
            for entry in await self._tables.rows("entries", bucket):
                if entry.kind == KIND_PUSH:
                    await self._push(bucket, entry)

    async def _finish(self, redo: Redo) -> None:
        """Carry out a row that its guard names; drop any other, once no step can name it any more."""
        guard = await self._writer.read_guard(redo.workflow_id)
        if guard.row_id == redo.row_id:
            await self._writer.carry_out(redo)
        elif await self._writer.raise_seq(redo.workflow_id, guard):
            await self._failpoints.reached("seq raised")
            await self._writer.drop_row(redo)

    async def _push(self, bucket: int, entry: Row) -> None:
        intent = msgspec.msgpack.decode(entry.body, type=PushIntent)
        await self._deliver(intent.push, entry.written)
        await self._failpoints.reached("delivered")
        await self._tables.rows("remove_entry", entry.written, bucket, entry.kind, entry.id)
