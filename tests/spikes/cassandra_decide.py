"""What a WriteSet comes to on Cassandra, given what was read: the pure part of ``cassandra_apply``.

Stays as a test until the real adapter replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from podium_core.errors import AlreadyExistsError, ConflictError, NotFoundError
from podium_core.intents import PushIntent
from podium_core.models.documents import TASK
from podium_core.outbox import message_key
from podium_core.write_set import (
    ExpectedWorkflowTime,
    PushOp,
    PutMode,
    RemoveOp,
    Slot,
    TaskPut,
    WorkflowPut,
    WriteOutcome,
    WriteSet,
)

REMOVAL_MARGIN_MS = 1_000
MICROS = 1_000
# Kinds of rows beside the guard: a slot's holder, the same by task id, a remembered request.
SLOT, HELD, REQUEST = "slot", "held", "request"

_encode = msgspec.msgpack.encode


def slot_name(slot: Slot) -> str:
    """A slot's name beside the guard: no two collide."""
    return f"{slot.reference_task_name}\x00{slot.retry_count}"


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


def taken(name: str, task_id: str) -> list[GuardChange]:
    """A slot's rows: by its name, and by the task that has it."""
    return [
        GuardChange(SLOT, name, task_id.encode()),
        GuardChange(HELD, task_id, name.encode()),
    ]


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
    mark_index: bool = False
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
    held: dict[str, str]  # task id to slot name
    seeds: dict[str, str]  # the same, of tasks that Java made; to be put beside a new guard
    answer: WriteOutcome | None


class Decision(NamedTuple):
    """What follows from a reading."""

    redo: Redo
    changes: list[GuardChange]
    outcome: WriteOutcome


class Decider:
    """What a WriteSet comes to, given what was read. Pure."""

    def __init__(self, write_set: WriteSet, workflow_id: str, reading: Reading, now: int) -> None:
        self._set, self._workflow_id, self._reading, self._now = (
            write_set,
            workflow_id,
            reading,
            now,
        )
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
            mark_index=self._set.mark_index,
            dropped_messages=tuple(self._keys_of(RemoveOp)),
        )
        redo = replace(redo, pushes=tuple(self._pushes(redo.stamp)))
        outcome = self._outcome(redo)
        for name, id_ in self._reading.seeds.items():
            changes += taken(name, id_)
        if self._set.request_id:
            changes.append(GuardChange(REQUEST, self._set.request_id, _encode(outcome)))
        return Decision(redo, [*changes, *self._freed()], outcome)

    def _check_guards(self) -> None:
        for guard in self._set.guards:
            if isinstance(guard, ExpectedWorkflowTime):
                require_time("workflow", guard.workflow_id, self._reading.workflow, guard.expected)
            elif self._reading.workflow is None:
                raise NotFoundError("workflow", self._workflow_id)
        for put in self._set.task_puts:
            # Another workflow's task isn't in this partition, so it isn't there.
            stored = self._reading.tasks.get(put.task_id)
            if put.mode is PutMode.UPDATE and stored is None:
                raise NotFoundError("task", put.task_id)
            if put.expected_time is not None:
                require_time("task", put.task_id, stored, put.expected_time)

    def _check_workflow(self) -> bool:
        for put in self._set.workflow_puts:
            if put.mode is PutMode.UPDATE and self._reading.workflow is None:
                raise NotFoundError("workflow", put.workflow_id)
            if put.mode is PutMode.CREATE and self._reading.workflow is not None:
                return False
        return True

    def _task_puts(self) -> tuple[tuple[TaskPut, ...], list[GuardChange]]:
        puts: list[TaskPut] = []
        changes: list[GuardChange] = []
        holders = dict(self._reading.holders)
        for put in self._set.task_puts:
            if put.slot is None:
                puts.append(put)
                continue
            name = slot_name(put.slot)
            holder = holders.setdefault(name, put.task_id)
            if holder != put.task_id:
                self._left_out.append(put.task_id)
                continue
            if self._reading.held.get(put.task_id, name) != name:
                raise AlreadyExistsError("task", put.task_id)
            self._created.append(put.task_id)
            if name not in self._reading.holders or put.task_id not in self._reading.tasks:
                puts.append(put)
                changes += taken(name, put.task_id)
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
                yield RemovedTask(
                    removal.task_id, TASK.decode(stored.payload, removal.task_id).definition_name
                )

    def _freed(self) -> Iterator[GuardChange]:
        for removal in self._set.task_removals:
            name = self._reading.held.get(removal.task_id)
            if name is not None and removal.task_id in self._reading.tasks:
                yield GuardChange(SLOT, name, None)
                yield GuardChange(HELD, removal.task_id, None)

    def _pushes(self, stamp: int) -> Iterator[PushIntent]:
        for op in self._set.queue_ops:
            if isinstance(op, PushOp) and op.of_task not in self._left_out:
                yield PushIntent(push=op, due_ms=stamp + op.offset_ms)

    def _keys_of(self, kind: type[RemoveOp]) -> Iterator[str]:
        return (
            message_key(op.queue_name, op.message_id)
            for op in self._set.queue_ops
            if isinstance(op, kind)
        )

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


def require_time(kind: str, name: str, stored: Stored | None, expected: int) -> None:
    """The expected time is the document's."""
    if stored is None:
        raise NotFoundError(kind, name)
    if stored.stamp != expected:
        raise ConflictError(
            "STALE_UPDATE_TIME", f"{kind}/{name}", expected=str(expected), actual=str(stored.stamp)
        )
