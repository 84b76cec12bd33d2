"""Workflow documents: which are stored, with which stamp, and in which sets they are afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from podium_core.decide.effects import FreeSlots, LeavePending, StoreWorkflow
from podium_core.decide.facts import WorkflowFacts
from podium_core.decide.removal_record import expiry_of, is_due
from podium_core.decide.state import MARK_WORKFLOW, DecisionState
from podium_core.errors import NotFoundError
from podium_core.write_set.refusals import RemovalUnderWayError
from podium_core.write_set.write_set import PendingRemoval, PutMode, WorkflowPut


def decide_workflows(
    puts: Sequence[WorkflowPut], state: DecisionState
) -> tuple[bool | None, dict[str, int]]:
    """Whether a CREATE created (None: there was none; false: nothing is written at all), and the stamps by id."""
    created = None
    times = {}
    for put in puts:
        stamp = _decide_workflow(put, state.workflows.get(put.workflow_id), state)
        if stamp is None:
            return False, {}
        if put.mode is PutMode.CREATE:
            created = True
        times[put.workflow_id] = stamp
    return created, times


def _decide_workflow(
    put: WorkflowPut, before: WorkflowFacts | None, state: DecisionState
) -> int | None:
    if before is None:
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        return _store(put, None, state)
    if is_due(before.removal, state.now_ms):
        if put.mode is PutMode.UPDATE:
            raise NotFoundError("workflow", put.workflow_id)
        raise RemovalUnderWayError(put.workflow_id)
    return None if put.mode is PutMode.CREATE else _store(put, before, state)


def _store(put: WorkflowPut, before: WorkflowFacts | None, state: DecisionState) -> int:
    removal = expiry_of(before.removal) if before else None
    stamp = max(state.now_ms, before.stamp + 1) if before else state.now_ms
    if before and before.create_time and not put.create_time:
        # An update that doesn't say keeps its place in time.
        document = put.document.with_create_time(before.create_time)
        put = replace(put, create_time=before.create_time, document=document)
    after = WorkflowFacts(
        stamp=stamp,
        name=put.name,
        version=put.version,
        status=put.status,
        correlation_id=put.correlation_id,
        create_time=put.create_time,
        # A workflow that expires is in no set any more.
        pending=put.pending and removal is None,
        listed=removal is None,
        payload_keys=put.payload_keys,
        removal=before.removal if before else None,
    )
    state.effects.append(StoreWorkflow(put, stamp, before, after))
    if removal is not None and removal.archives:
        state.archive_again(put.workflow_id, removal)
    else:
        state.mark_entry(MARK_WORKFLOW, put.workflow_id, put.workflow_id)
    state.refer_to_payloads(
        put.workflow_id, before.payload_keys if before else (), put.payload_keys
    )
    return stamp


def decide_pending(pending_removals: Sequence[PendingRemoval], state: DecisionState) -> None:
    """Workflows that leave the pending set; documents stay."""
    for leaving in pending_removals:
        facts = state.workflows.get(leaving.workflow_id)
        name = leaving.name or (facts.name if facts else "")
        state.effects.append(LeavePending(leaving.workflow_id, name))
        state.effects.append(FreeSlots(leaving.workflow_id))
