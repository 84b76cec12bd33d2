"""``apply`` on Cassandra by guard and redo: a spike that proves the WriteSet, and stays as a test until the real adapter
replaces it.

The five steps are design.md's. (1) Read the guard, carry out the WriteSet that it names if its row is there, read documents,
decide. (2) Store the WriteSet as a row. (3) One lightweight transaction on the guard. (4) Documents, limit places, marks and
push intents, all with timestamps that follow from the guard's stamp, so that whoever repeats them changes nothing. (5) Drop the
row. Updates alone are one logged batch. Left out: removing workflows, leaving pending, event executions, other sets.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Sequence
from random import randint
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import (
    BackendUnavailableError,
    ConflictError,
    NotFoundError,
    StorageError,
    UnsupportedOperationError,
)
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.outbox import KIND_PUSH, PushIntent, message_key
from podium_core.write_set import (
    ExpectedTaskTime,
    ExpectedWorkflowTime,
    IndexMark,
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
from tests.spikes.cassandra_tables import BUCKETS, Row, Tables
from tests.spikes.failpoints import Failpoints

ATTEMPTS = 8
REMEMBER_SECONDS = 600
REMOVAL_MARGIN_MS = 1_000
MICROS = 1_000

SLOT, REQUEST = "slot", "request"
Statement = Any


class Guard(NamedTuple):
    """A workflow's guard record. ``stamp`` is 0 until the first guarded step: raising seq alone sets none."""

    seq: int | None = None
    stamp: int = 0
    row_id: str = ""


class Stored(NamedTuple):
    """A document as it was read."""

    payload: str
    written: int  # its WRITETIME, in microseconds
    stamp: int


class GuardChange(NamedTuple):
    """A row beside the guard, put (``value``) or removed (None) in the guard step."""

    kind: str
    name: str
    value: bytes | None


class RemovedTask(Struct, frozen=True):
    """What a task's removal needs of its document."""

    task_id: str
    definition_name: str


class Redo(Struct, frozen=True, kw_only=True):
    """A WriteSet that was decided: what is left to do, whoever does it and however often."""

    row_id: str
    workflow_id: str
    stamp: int
    workflow_puts: tuple[WorkflowPut, ...] = ()
    task_puts: tuple[TaskPut, ...] = ()
    removed: tuple[RemovedTask, ...] = ()
    marks: tuple[IndexMark, ...] = ()
    pushes: tuple[PushIntent, ...] = ()
    dropped_messages: tuple[str, ...] = ()

    @property
    def timestamp(self) -> int:
        """The timestamp of all that it writes, and the token of its marks and pushes."""
        return self.stamp * MICROS


class Reading(NamedTuple):
    """All that step (1) read, guard first."""

    guard: Guard
    workflow: Stored | None
    tasks: dict[str, Stored]
    holders: dict[str, str]  # slot name to task id
    seeds: dict[str, str]  # the same, of tasks that Java made; to be put beside a new guard
    answer: WriteOutcome | None


class Decision(NamedTuple):
    """What follows from a reading."""

    redo: Redo
    changes: list[GuardChange]
    outcome: WriteOutcome


_redo = msgspec.msgpack.Decoder(Redo)
_outcome = msgspec.msgpack.Decoder(WriteOutcome)
_encode = msgspec.msgpack.encode


def bucket_of(text: str) -> int:
    """The bucket of a row or an entry."""
    return zlib.crc32(text.encode()) % BUCKETS


def slot_name(slot: Slot) -> str:
    """A slot's name beside the guard: no two collide."""
    return f"{slot.reference_task_name}\x00{slot.retry_count}"


class CassandraApply:
    """Implements ``ExecutionStore.apply``; ``carry_out`` and ``raise_seq`` are the drainer's too."""

    def __init__(self, tables: Tables, failpoints: Failpoints | None = None, clock: Clock = system_clock_ms) -> None:
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
        raise BackendUnavailableError("cassandra spike", f"workflow '{workflow_id}' is written by too many at once")

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
            seq, stamp, row_id = (row.column_value(name) for name in ("seq", "stamp", "row_id"))
            return Guard(seq, stamp or 0, row_id or "")
        return Guard()

    async def _move_guard(self, guard: Guard, decision: Decision) -> bool:
        redo = decision.redo
        seq = (guard.seq or 0) + 1
        step = self.tables.bound("step_guard", seq, redo.stamp, redo.row_id, redo.workflow_id, guard.seq)
        rows = [self._guard_row(redo.workflow_id, change) for change in decision.changes]
        return await self.tables.applied([step, *rows])

    def _guard_row(self, workflow_id: str, change: GuardChange) -> Statement:
        if change.value is None:
            return self.tables.bound("remove_guard_row", workflow_id, change.kind, change.name)
        ttl = REMEMBER_SECONDS if change.kind == REQUEST else 0
        return self.tables.bound("put_guard_row", workflow_id, change.kind, change.name, change.value, ttl)

    async def raise_seq(self, workflow_id: str, guard: Guard) -> bool:
        """Let every step that was decided on this guard fail."""
        return await self.tables.applied([self.tables.bound("raise_seq", (guard.seq or 0) + 1, workflow_id, guard.seq)])

    # reading

    async def _workflow_of(self, write_set: WriteSet) -> str:
        """The one workflow whose guard it is."""
        ids = {put.workflow_id for put in (*write_set.workflow_puts, *write_set.task_puts)}
        ids |= {g.workflow_id for g in write_set.guards if isinstance(g, WorkflowExists | ExpectedWorkflowTime)}
        for removal in write_set.task_removals:
            ids |= {str(row.workflow_id) for row in await self.tables.rows("lookup", removal.task_id)}
        if len(ids) > 1:
            raise UnsupportedOperationError("cassandra spike", "apply", "guards of several workflows in one WriteSet")
        if not ids:
            raise NotFoundError("task", write_set.task_removals[0].task_id)
        return ids.pop()

    async def _read(self, workflow_id: str, guard: Guard, write_set: WriteSet) -> Reading:
        slots = [slot_name(put.slot) for put in write_set.task_puts if put.slot]
        tasks = [put.task_id for put in write_set.task_puts] + [r.task_id for r in write_set.task_removals]
        workflow, task_rows, holders, requests = await asyncio.gather(
            self.tables.rows("workflow", workflow_id),
            self.tables.rows("tasks", workflow_id, tasks),
            self.tables.rows("guard_rows", workflow_id, SLOT, slots),
            self.tables.rows("guard_rows", workflow_id, REQUEST, [write_set.request_id]),
        )
        seeds = await self._seeds(workflow_id) if not guard.stamp else {}
        return Reading(
            guard=guard,
            workflow=next((stored_workflow(row, workflow_id) for row in workflow if row.payload), None),
            tasks={row.task_id: stored_task(row) for row in task_rows},
            holders=seeds | {row.name: row.value.decode() for row in holders},
            seeds=seeds,
            answer=next((replace(_outcome.decode(row.value), replayed=True) for row in requests), None),
        )

    async def _seeds(self, workflow_id: str) -> dict[str, str]:
        """Slots of tasks that were there before the first guarded step."""
        tasks = [TASK.decode(row.payload, row.task_id) for row in await self.tables.rows("all_tasks", workflow_id)]
        return {slot_name(Slot(str(t.reference_task_name), t.retry_count)): str(t.task_id) for t in tasks}

    # redo

    async def _carry_out_unfinished(self, guard: Guard) -> bool:
        for row in await self.tables.rows("row", bucket_of(guard.row_id), guard.row_id) if guard.row_id else ():
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
        times: tuple[dict[str, int], dict[str, int]] = {}, {}
        for put in (*write_set.workflow_puts, *write_set.task_puts):
            is_task = isinstance(put, TaskPut)
            id_ = put.task_id if isinstance(put, TaskPut) else put.workflow_id
            stored = await self._stored(put)
            if stored is None:
                raise NotFoundError("task" if is_task else "workflow", id_)
            stamp = times[is_task][id_] = max(self._clock(), stored.stamp + 1)
            timestamp = stored.written + randint(2, 999)
            statements += [statement for _, statement in put_statements(self.tables, put, stamp, timestamp)]
            statements += [mark(self.tables, m, timestamp) for m in write_set.marks if m.id == id_]
        await self.tables.run_logged(statements)
        return WriteOutcome(workflow_times=times[0], task_times=times[1])

    async def _stored(self, put: TaskPut | WorkflowPut) -> Stored | None:
        if isinstance(put, TaskPut):
            found = [stored_task(row) for row in await self.tables.rows("tasks", put.workflow_id, [put.task_id])]
        else:
            rows = await self.tables.rows("workflow", put.workflow_id)
            found = [stored_workflow(row, put.workflow_id) for row in rows if row.payload]
        return found[0] if found else None


class Decider:
    """What a WriteSet comes to, given what was read. Pure."""

    def __init__(self, write_set: WriteSet, workflow_id: str, reading: Reading, now: int) -> None:
        self._set, self._workflow_id, self._reading, self._now = write_set, workflow_id, reading, now
        self._created: list[str] = []
        self._left_out: list[str] = []

    def decide(self) -> Decision | None:
        """The decision; None where the workflow to create is there; else what a guard says."""
        self._check_guards()
        if not self._check_workflow():
            return None
        removed = tuple(self._removed())
        task_puts, changes = self._task_puts()
        redo = Redo(
            row_id=str(uuid4()),
            workflow_id=self._workflow_id,
            stamp=self._stamp(),
            workflow_puts=self._set.workflow_puts,
            task_puts=task_puts,
            removed=removed,
            marks=tuple(m for m in self._set.marks if m.id not in self._left_out),
            dropped_messages=tuple(self._keys_of(RemoveOp)),
        )
        redo = replace(redo, pushes=tuple(self._pushes(redo.stamp)))
        outcome = self._outcome(redo)
        changes += [GuardChange(SLOT, name, id_.encode()) for name, id_ in self._reading.seeds.items()]
        if self._set.request_id:
            changes.append(GuardChange(REQUEST, self._set.request_id, _encode(outcome)))
        return Decision(redo, [*changes, *self._freed()], outcome)

    def _check_guards(self) -> None:
        for guard in self._set.guards:
            if isinstance(guard, ExpectedTaskTime):
                require_time("task", guard.task_id, self._reading.tasks.get(guard.task_id), guard.expected)
            elif isinstance(guard, ExpectedWorkflowTime):
                require_time("workflow", guard.workflow_id, self._reading.workflow, guard.expected)
            elif self._reading.workflow is None:
                raise NotFoundError("workflow", self._workflow_id)
        for put in self._set.task_puts:
            if put.mode is PutMode.UPDATE and put.task_id not in self._reading.tasks:
                raise NotFoundError("task", put.task_id)

    def _check_workflow(self) -> bool:
        for put in self._set.workflow_puts:
            if put.mode is PutMode.UPDATE and self._reading.workflow is None:
                raise NotFoundError("workflow", put.workflow_id)
            if put.mode is PutMode.CREATE and self._reading.workflow is not None:
                return False
        return True

    def _task_puts(self) -> tuple[tuple[TaskPut, ...], list[GuardChange]]:
        puts, changes, holders = [], [], dict(self._reading.holders)
        for put in self._set.task_puts:
            if put.slot is None:
                puts.append(put)
                continue
            name = slot_name(put.slot)
            holder = holders.setdefault(name, put.task_id)
            if holder != put.task_id:
                self._left_out.append(put.task_id)
                continue
            self._created.append(put.task_id)
            if put.task_id not in self._reading.tasks:
                puts.append(put)
                changes.append(GuardChange(SLOT, name, put.task_id.encode()))
        return tuple(puts), changes

    def _stamp(self) -> int:
        """Above the clock, the guard and all that was read: it is the timestamp too."""
        read = [s for s in (self._reading.workflow, *self._reading.tasks.values()) if s is not None]
        above = [max(s.written // MICROS, s.stamp) + 1 for s in read]
        stamp = max(self._now, self._reading.guard.stamp + 1, *above)
        return stamp + REMOVAL_MARGIN_MS if self._set.task_removals else stamp

    def _removed(self) -> Iterator[RemovedTask]:
        for removal in self._set.task_removals:
            stored = self._reading.tasks.get(removal.task_id)
            if stored is not None:
                yield RemovedTask(removal.task_id, TASK.decode(stored.payload, removal.task_id).definition_name)

    def _freed(self) -> Iterator[GuardChange]:
        for removal in self._set.task_removals:
            stored = self._reading.tasks.get(removal.task_id)
            if stored is not None:
                task = TASK.decode(stored.payload, removal.task_id)
                yield GuardChange(SLOT, slot_name(Slot(str(task.reference_task_name), task.retry_count)), None)

    def _pushes(self, stamp: int) -> Iterator[PushIntent]:
        for op in self._set.queue_ops:
            if isinstance(op, PushOp) and op.unless_left_out not in self._left_out:
                yield PushIntent(push=op, due_ms=stamp + op.offset_ms)

    def _keys_of(self, kind: type[RemoveOp]) -> Iterator[str]:
        return (message_key(op.queue_name, op.message_id) for op in self._set.queue_ops if isinstance(op, kind))

    def _outcome(self, redo: Redo) -> WriteOutcome:
        removed = {task.task_id for task in redo.removed}
        creates = any(put.mode is PutMode.CREATE for put in self._set.workflow_puts)
        return WriteOutcome(
            workflow_created=True if creates else None,
            created_task_ids=tuple(self._created),
            left_out_task_ids=tuple(self._left_out),
            workflow_times={put.workflow_id: redo.stamp for put in redo.workflow_puts},
            task_times={put.task_id: redo.stamp for put in redo.task_puts},
            tasks_removed=tuple(removal.task_id in removed for removal in self._set.task_removals),
        )


# statements


def redo_statements(tables: Tables, redo: Redo) -> Iterator[tuple[str, Statement]]:
    """Tasks first, the workflow after them, so that a half-made one isn't there yet; what wakes others last."""
    timestamp = redo.timestamp
    for task in redo.removed:
        yield "lookup gone", tables.bound("remove_lookup", timestamp, task.task_id)
        yield "limit gone", tables.bound("remove_limit", timestamp, task.definition_name, task.task_id)
        yield "task gone", tables.bound("remove_task", timestamp, redo.workflow_id, task.task_id)
    for put in (*redo.task_puts, *redo.workflow_puts):
        yield from put_statements(tables, put, redo.stamp, timestamp)
    for at, index_mark in enumerate(redo.marks):
        yield f"mark {at}", mark(tables, index_mark, timestamp)
    for key in redo.dropped_messages:
        # Below its own pushes: a Commit may remove a message and push it anew.
        yield "intent dropped", tables.bound("remove_entry", timestamp - 1, bucket_of(key), KIND_PUSH, key)
    for at, intent in enumerate(redo.pushes):
        key = message_key(intent.push.queue_name, intent.push.message_id)
        yield f"intent {at}", tables.bound("put_entry", bucket_of(key), KIND_PUSH, key, _encode(intent), timestamp)


def put_statements(
    tables: Tables, put: TaskPut | WorkflowPut, stamp: int, timestamp: int
) -> Iterator[tuple[str, Statement]]:
    """A document, and what is kept beside it in Conductor's tables."""
    document = put.document.stamped(stamp).decode()
    if isinstance(put, WorkflowPut):
        if put.mode is PutMode.UPDATE:
            yield "workflow", tables.bound("put_workflow", timestamp, document, put.workflow_id)
        else:
            yield "workflow", tables.bound("create_workflow", put.workflow_id, document, timestamp)
        return
    if put.mode is not PutMode.UPDATE:
        yield f"lookup {put.definition_name}", tables.bound("put_lookup", timestamp, put.workflow_id, put.task_id)
    yield f"task {put.definition_name}", tables.bound("put_task", put.workflow_id, put.task_id, document, timestamp)
    if put.limited and put.in_progress:
        limit = (timestamp, put.workflow_id, put.definition_name, put.task_id)
        yield f"limit {put.definition_name}", tables.bound("put_limit", *limit)
    elif put.limited:
        yield f"limit {put.definition_name}", tables.bound("remove_limit", timestamp, put.definition_name, put.task_id)


def mark(tables: Tables, index_mark: IndexMark, timestamp: int) -> Statement:
    """An outbox mark with its write's timestamp, which is its token."""
    id_, action = index_mark.id, index_mark.action.value.encode()
    return tables.bound("put_entry", bucket_of(id_), index_mark.kind, id_, action, timestamp)


# reading


def stored_task(row: Row) -> Stored:
    """A task's row."""
    return Stored(row.payload, row.written, TASK.decode(row.payload, row.task_id).update_time)


def stored_workflow(row: Row, workflow_id: str) -> Stored:
    """A workflow's row."""
    stamp = WORKFLOW.decode(row.payload, workflow_id).updated_time
    return Stored(row.payload, row.written, 0 if stamp is UNSET else stamp)


def require_time(kind: str, name: str, stored: Stored | None, expected: int) -> None:
    """The expected time is the document's."""
    if stored is None:
        raise NotFoundError(kind, name)
    if stored.stamp != expected:
        raise ConflictError("STALE_UPDATE_TIME", f"{kind}/{name}", expected=str(expected), actual=str(stored.stamp))


def needs_guard(write_set: WriteSet) -> bool:
    """Whether it does more than update documents that are there."""
    puts: Sequence[TaskPut | WorkflowPut] = (*write_set.workflow_puts, *write_set.task_puts)
    return bool(
        write_set.request_id
        or any(not isinstance(guard, WorkflowExists) for guard in write_set.guards)
        or any(put.mode is not PutMode.UPDATE for put in puts)
        or write_set.task_removals
        or write_set.queue_ops
    )


def refuse_what_is_elsewhere(write_set: WriteSet) -> None:
    """Receipts and acks are the queue store's; the rest is what the spike leaves out."""
    ops = [op for op in write_set.queue_ops if not isinstance(op, PushOp | RemoveOp)]
    guards = (WorkflowExists, ExpectedTaskTime, ExpectedWorkflowTime)
    strange = [guard for guard in write_set.guards if not isinstance(guard, guards)]
    left_out: tuple[Any, ...] = (*write_set.workflow_removals, *write_set.unpend, *write_set.event_puts)
    if ops or strange or left_out:
        raise UnsupportedOperationError("cassandra spike", "apply")


# the drainer

Deliver = Callable[[PushOp, int], Any]


class Drainer:
    """Finishes what writers left: rows, and the push intents of the outbox."""

    def __init__(self, writer: CassandraApply, deliver: Deliver, failpoints: Failpoints | None = None) -> None:
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
