"""Task documents: which are stored, and the slots, sets and limit places that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from podium_core.decide.effects import OccupyPlace, ReleasePlace, StoreTask, TakeSlot
from podium_core.decide.facts import TaskFacts
from podium_core.decide.guards import require_time
from podium_core.decide.removal_record import RemovalRecord, expiry_of, is_due
from podium_core.decide.state import MARK_TASK, DecisionState
from podium_core.errors import AlreadyExistsError, NotFoundError
from podium_core.models.enums import TaskStatus
from podium_core.write_set.write_set import PutMode, TaskPut


class DecidedTasks(NamedTuple):
    """The ids that CREATE stored now or before, those that it left out, and the stamps of what was written."""

    created: list[str]
    left_out: list[str]
    times: dict[str, int]


def decide_tasks(puts: Sequence[TaskPut], state: DecisionState) -> DecidedTasks:
    """Decide each task in turn: of two for one slot the first has it."""
    decided = DecidedTasks([], [], {})
    for put in puts:
        stored = state.tasks.get(put.task_id)
        if put.mode is PutMode.CREATE:
            _create(put, stored, state, decided)
        else:
            decided.times[put.task_id] = _update(put, stored, state)
    return decided


def _create(
    put: TaskPut, stored: TaskFacts | None, state: DecisionState, decided: DecidedTasks
) -> None:
    if stored is not None and stored.workflow_id != put.workflow_id:
        raise AlreadyExistsError("task", put.task_id)
    if not _has_slot(put, stored, state):
        decided.left_out.append(put.task_id)
        return
    decided.created.append(put.task_id)
    # One that was created before stays as it is, also where it takes its slot only now.
    if stored is None:
        decided.times[put.task_id] = _insert(put, state)


def _has_slot(put: TaskPut, stored: TaskFacts | None, state: DecisionState) -> bool:
    """Take the slot; whether it is this task's now."""
    if put.slot is None:
        return True
    key = (put.workflow_id, put.slot)
    holder = state.holder(key)
    if holder is not None:
        return holder == put.task_id
    if stored is not None and stored.slot not in (None, put.slot):
        raise AlreadyExistsError("task", put.task_id)
    state.take_slot(key, put.task_id)
    state.effects.append(TakeSlot(put.workflow_id, put.slot, put.task_id))
    return True


def _update(put: TaskPut, stored: TaskFacts | None, state: DecisionState) -> int:
    if stored is None and put.mode is PutMode.UPSERT and put.expected_time is None:
        return _insert(put, state)
    if stored is None or stored.workflow_id != put.workflow_id:
        raise NotFoundError("task", put.task_id)
    if put.expected_time is not None:
        require_time("task", put.task_id, put.expected_time, stored.stamp)
    if is_due(stored.removal, state.now_ms):
        raise NotFoundError("task", put.task_id)
    stamp = max(state.now_ms, stored.stamp + 1)
    removal = expiry_of(stored.removal)
    _store(put, stamp, stored, removal, state)
    if put.limited or put.status != stored.status or put.definition_name != stored.definition_name:
        _follow_limit(put, stored, expires=removal is not None, state=state)
    return stamp


def _insert(put: TaskPut, state: DecisionState) -> int:
    removal = state.removal(put.workflow_id)
    if is_due(removal, state.now_ms):
        raise NotFoundError("workflow", put.workflow_id)
    _store(put, state.now_ms, None, removal, state)
    if put.in_progress and removal is None:
        state.effects.append(OccupyPlace(put.definition_name, put.task_id, put.limited))
    return state.now_ms


def _store(
    put: TaskPut,
    stamp: int,
    before: TaskFacts | None,
    removal: RemovalRecord | None,
    state: DecisionState,
) -> None:
    after = TaskFacts(
        workflow_id=put.workflow_id,
        stamp=stamp,
        definition_name=put.definition_name,
        status=put.status,
        # A workflow that expires is in no set any more.
        pending=put.pending and removal is None,
        limited=put.limited,
        queue_name=put.queue_name,
        payload_keys=put.payload_keys,
        removal=removal,
    )
    state.effects.append(StoreTask(put, stamp, before, after))
    if removal is not None and removal.archives:
        # The task goes with the archive; and a mark of a removed task of its id must not delete the archived entry.
        state.drop_mark(MARK_TASK, put.task_id, put.workflow_id)
        state.archive_again(put.workflow_id, removal)
    else:
        state.mark_entry(MARK_TASK, put.task_id, put.workflow_id)
    state.refer_to_payloads(
        put.workflow_id, before.payload_keys if before else (), put.payload_keys
    )


def _follow_limit(put: TaskPut, stored: TaskFacts, *, expires: bool, state: DecisionState) -> None:
    """Places belong to tasks, wherever the limit came from: they follow a task whose document names none, too."""
    if put.definition_name != stored.definition_name:
        state.effects.append(ReleasePlace(stored.definition_name, put.task_id, stored.status))
    if put.in_progress and not expires:
        state.effects.append(OccupyPlace(put.definition_name, put.task_id, put.limited))
    elif stored.status is TaskStatus.IN_PROGRESS or not put.pending:
        # A place held by a task that is still to start stays: only leaving IN_PROGRESS, or the end, frees it.
        state.effects.append(ReleasePlace(put.definition_name, put.task_id, stored.status))
