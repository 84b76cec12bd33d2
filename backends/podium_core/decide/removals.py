"""Removals of single tasks, and the removal marks of workflows."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.decide.effects import (
    ContinueRemoval,
    LeavePayloads,
    RemoveTaskDocument,
    SetRemoval,
)
from podium_core.decide.state import MARK_TASK, State
from podium_core.index.changes import Remove
from podium_core.index.marks import encode_mark
from podium_core.removal.mark import is_due
from podium_core.removal.transitions import marked
from podium_core.write_set.write_set import TaskRemoval, WorkflowRemoval

_REMOVED = encode_mark(Remove())


def decide_task_removals(removals: Sequence[TaskRemoval], state: State) -> tuple[bool, ...]:
    """For each, whether the task was there; one that goes with its workflow counts as gone."""
    return tuple(_decide_task_removal(removal, state) for removal in removals)


def _decide_task_removal(removal: TaskRemoval, state: State) -> bool:
    facts = state.tasks.get(removal.task_id)
    if facts is None or is_due(facts.removal, state.now_ms):
        return False
    state.effects.append(RemoveTaskDocument(removal.task_id, facts, removal.take_message))
    state.mark(MARK_TASK, removal.task_id, _REMOVED)
    if facts.removal is not None and facts.removal.archives:
        state.archive_again(facts.workflow_id, facts.removal)
    if removal.take_payloads and facts.payload_keys:
        state.effects.append(LeavePayloads(facts.workflow_id, facts.payload_keys))
    return True


def decide_workflow_removals(removals: Sequence[WorkflowRemoval], state: State) -> tuple[bool, ...]:
    """For each, whether the workflow is there (also where an earlier removal isn't over yet)."""
    return tuple(_decide_workflow_removal(removal, state) for removal in removals)


def _decide_workflow_removal(removal: WorkflowRemoval, state: State) -> bool:
    facts = state.workflows.get(removal.workflow_id)
    if facts is None:
        return False
    if not is_due(facts.removal, state.now_ms):
        mark = marked(facts.removal, removal, mark_index=state.marks_index, now_ms=state.now_ms)
        state.effects.append(SetRemoval(removal.workflow_id, facts, mark))
    if removal.ttl_ms == 0 or is_due(facts.removal, state.now_ms):
        state.effects.append(ContinueRemoval(removal.workflow_id))
    return True
