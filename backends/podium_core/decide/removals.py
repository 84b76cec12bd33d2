"""Removals of single tasks, and the removal records of workflows."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.decide.effects import (
    DeletePayloadsLater,
    DropMark,
    LeaveSets,
    RemoveTaskDocument,
    SetRemoval,
    Unqueue,
)
from podium_core.decide.facts import WorkflowFacts
from podium_core.decide.removal_record import Sweep, expiry_of, is_due, new_record
from podium_core.decide.state import MARK_TASK, MARK_WORKFLOW, DecisionState
from podium_core.index.changes import Remove
from podium_core.index.marks import encode_mark
from podium_core.models import DECIDER_QUEUE
from podium_core.write_set.write_set import TaskRemoval, WorkflowRemoval

_REMOVED = encode_mark(Remove())


def decide_task_removals(removals: Sequence[TaskRemoval], state: DecisionState) -> tuple[bool, ...]:
    """For each, whether the task was there; one that goes with its workflow counts as gone."""
    return tuple(_decide_task_removal(removal, state) for removal in removals)


def _decide_task_removal(removal: TaskRemoval, state: DecisionState) -> bool:
    facts = state.tasks.get(removal.task_id)
    if facts is None or is_due(facts.removal, state.now_ms):
        return False
    state.effects.append(RemoveTaskDocument(removal.task_id, facts, removal.remove_message))
    state.mark_entry(MARK_TASK, removal.task_id, facts.workflow_id, _REMOVED)
    removal_record = expiry_of(facts.removal)
    if removal_record is not None and removal_record.archives:
        state.archive_again(facts.workflow_id, removal_record)
    if removal.delete_payloads and facts.payload_keys:
        state.effects.append(DeletePayloadsLater(facts.workflow_id, facts.payload_keys))
    return True


def decide_workflow_removals(
    removals: Sequence[WorkflowRemoval], state: DecisionState
) -> tuple[bool, ...]:
    """For each, whether the workflow is there (also where an earlier removal isn't over yet)."""
    return tuple(_decide_workflow_removal(removal, state) for removal in removals)


def _decide_workflow_removal(removal: WorkflowRemoval, state: DecisionState) -> bool:
    facts = state.workflows.get(removal.workflow_id)
    if facts is None:
        return False
    if not is_due(facts.removal, state.now_ms):
        _set_record(removal, facts, state)
    return True


def _set_record(removal: WorkflowRemoval, facts: WorkflowFacts, state: DecisionState) -> None:
    """The workflow itself; its tasks follow in the sweep that the record asks for (``podium_core.removal``)."""
    id_ = removal.workflow_id
    record = new_record(removal, facts.removal, mark_index=state.marks_index, now_ms=state.now_ms)
    state.effects.append(SetRemoval(id_, record))
    if removal.ttl_ms or not removal.archive:
        state.effects.append(LeaveSets(id_))
    if removal.archive:
        state.effects.append(DropMark(MARK_WORKFLOW, id_, id_))
    if removal.ttl_ms and removal.remove_messages:
        state.effects.append(Unqueue(DECIDER_QUEUE, id_, id_))
    if Sweep.MARK in record.sweeps:
        state.mark_entry(MARK_WORKFLOW, id_, id_)
