"""Decides a WriteSet: what it refuses, or what it does and answers. Pure: no store, no clock.

The order is the contract's: the remembered request, guards, workflows, tasks that go, tasks that come, event executions,
removals, then acks and removes, then pushes.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podium_core.decide.effects import Effect
from podium_core.decide.events import decide_events
from podium_core.decide.facts import Known
from podium_core.decide.guards import require_guards, require_uploads
from podium_core.decide.removals import decide_task_removals, decide_workflow_removals
from podium_core.decide.state import DecisionState
from podium_core.decide.tasks import decide_tasks
from podium_core.decide.workflows import decide_pending, decide_workflows
from podium_core.outbox import OutboxEntry
from podium_core.write_set.request_memory import first_answer
from podium_core.write_set.write_set import (
    AckOp,
    PushOp,
    QueueOp,
    RemoveOp,
    WriteOutcome,
    WriteSet,
)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What a WriteSet does.

    Attributes:
        outcome: The answer, but for what only carrying out a queue operation can tell (``answer_queue_ops``).
        effects: In the order in which they are carried out, all or none.
        remember: The outcome is to be kept for the request id.
    """

    outcome: WriteOutcome
    effects: Sequence[Effect] = ()
    remember: bool = False


def decide(write_set: WriteSet, known: Known, *, now_ms: int) -> Decision:
    """Decide a WriteSet by what is stored.

    Args:
        write_set: What is wanted.
        known: What ``needs`` asked for.
        now_ms: The store's clock.
    Raises:
        NotFoundError, AlreadyExistsError, ConflictError, FailedPreconditionError: It is refused; the last one too where its
            request id was used for another request.
        UploadLostError: An upload is being deleted.
        RemovalUnderWayError: An id is wanted whose workflow is being removed: that has to end first.
    """
    if known.remembered is not None:
        return Decision(first_answer(known.remembered, write_set))
    s = write_set
    if s.guards:
        require_guards(s.guards, known, now_ms=now_ms)
    if s.uploads:
        require_uploads(s.uploads, known)
    state = DecisionState(known, now_ms=now_ms, mark_index=s.mark_index)
    created, workflow_times = decide_workflows(s.workflow_puts, state)
    if created is False:
        return Decision(WriteOutcome(workflow_created=False))
    tasks_removed = decide_task_removals(s.task_removals, state) if s.task_removals else ()
    tasks = decide_tasks(s.task_puts, state)
    outcome = WriteOutcome(
        workflow_created=created,
        created_task_ids=tuple(tasks.created),
        left_out_task_ids=tuple(tasks.left_out),
        workflow_times=workflow_times,
        task_times=tasks.times,
        tasks_removed=tasks_removed,
    )
    if s.event_puts or s.event_removals or s.pending_removals or s.workflow_removals:
        outcome = _decide_rare_parts(s, outcome, state)
    if s.queue_ops:
        _decide_queue_ops(s.queue_ops, tasks.left_out, state)
    return Decision(outcome, state.effects, bool(s.request_id))


def _decide_rare_parts(s: WriteSet, outcome: WriteOutcome, state: DecisionState) -> WriteOutcome:
    event_created, events_removed = decide_events(s, state)
    decide_pending(s.pending_removals, state)
    return msgspec.structs.replace(
        outcome,
        event_created=event_created,
        events_removed=events_removed,
        workflows_removed=decide_workflow_removals(s.workflow_removals, state),
    )


def answer_queue_ops(
    outcome: WriteOutcome,
    acked: Sequence[bool],
    removed: Sequence[bool],
    pushed: Sequence[bool] = (),
    intents: Sequence[OutboxEntry] = (),
) -> WriteOutcome:
    """The outcome with the intents, and with what became of acks, removes and pushes with ``if_absent``, in their order."""
    if not acked and not removed and not pushed and not intents:
        return outcome
    return msgspec.structs.replace(
        outcome,
        acked=tuple(acked),
        removed=tuple(removed),
        pushed=tuple(pushed),
        intents=tuple(intents),
    )


def _decide_queue_ops(
    ops: Sequence[QueueOp], left_out: Sequence[str], state: DecisionState
) -> None:
    dropped = frozenset(left_out)
    state.effects += [op for op in ops if isinstance(op, AckOp | RemoveOp)]
    state.effects += [op for op in ops if isinstance(op, PushOp) and op.of_task not in dropped]
