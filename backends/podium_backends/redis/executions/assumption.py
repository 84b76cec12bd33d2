"""What is assumed of a WriteSet's needs, so that most writes take one trip.

Nothing is there that is created; what is updated is as Podium wrote it last, with the same facts and an older stamp. Where
that isn't so the script says what is there, and the second trip goes by it.
"""

from __future__ import annotations

from msgspec.structs import replace

from podium_backends.redis.executions.checks import Checks, Need
from podium_backends.redis.executions.facts import WORKFLOW_FIELD, task_rest, workflow_rest
from podium_backends.redis.executions.seen import (
    UNKNOWN_WORKFLOW,
    QueueKeys,
    Seen,
    check_judged,
    slot_field,
)
from podium_backends.redis.keys import Keys
from podium_core.decide import Known, TaskFacts, WorkflowFacts
from podium_core.decide.needs import event_key
from podium_core.models.enums import TaskStatus
from podium_core.write_set import (
    ExpectedWorkflowTime,
    PutMode,
    TaskPut,
    WorkflowExists,
    WorkflowPut,
    WriteSet,
)
from podium_core.write_set.write_set import HeldReceipt

_ASSUMED_GUARDS = (WorkflowExists, ExpectedWorkflowTime, HeldReceipt)


def can_assume(write_set: WriteSet) -> bool:
    """Whether anything is likely enough. What removals and repairs find can't be foreseen."""
    s = write_set
    return not (
        s.task_removals
        or s.workflow_removals
        or any(not leaving.name for leaving in s.pending_removals)
        or any(not isinstance(guard, _ASSUMED_GUARDS) for guard in s.guards)
    )


def assume(
    write_set: WriteSet, seen: Seen, checks: Checks, keys: Keys, queue_keys: QueueKeys, now_ms: int
) -> Known:
    """What the core is to decide by, and the checks that it is so.

    Args:
        write_set: One that ``can_assume``.
        seen: Where the script puts what is there.
        checks: Where the checks are added.
        keys: The key names.
        queue_keys: The keys of a queue.
        now_ms: Redis's clock.
    """
    for request_id in seen.request:
        checks.text(keys.request(request_id), None, (seen.request, request_id))
    absent: dict[str, Need] = {keys.removal(id_): (seen.removals, id_) for id_ in seen.removals}
    tasks = _tasks(write_set, seen, checks, keys, absent, now_ms)
    workflows = _workflows(write_set, seen, checks, keys, absent, now_ms)
    if absent:
        checks.none(absent)
    _check_slots(seen, checks, keys)
    for removal in write_set.event_removals:
        seen.events[event_key(removal)] = b"1"
    for put in write_set.event_puts:
        seen.events[event_key(put)] = b"0" if put.mode is PutMode.CREATE else b"1"
    seen.receipts.update(dict.fromkeys(seen.receipts, b"1"))
    seen.uploads.update(dict.fromkeys(seen.uploads, b"1"))
    check_judged(seen, checks, keys, queue_keys)
    return Known(
        workflows=workflows,
        tasks=tasks,
        events={key for key, there in seen.events.items() if there == b"1"},
        held_receipts=set(seen.receipts),
        unclaimed_payloads={key for key, _ in seen.uploads},
    )


def _tasks(
    write_set: WriteSet,
    seen: Seen,
    checks: Checks,
    keys: Keys,
    absent: dict[str, Need],
    now_ms: int,
) -> dict[str, TaskFacts]:
    known = {}
    for put in write_set.task_puts:
        key, need = keys.task(put.task_id), (seen.tasks, put.task_id)
        if put.mode is PutMode.CREATE:
            absent[key] = need
            continue
        before = _task_before(put, now_ms)
        known[put.task_id] = before
        checks.facts(
            key,
            keys.facts(put.workflow_id),
            put.task_id,
            need,
            compare="<" if put.expected_time is None else "=",
            stamp=now_ms if put.expected_time is None else put.expected_time,
            rest=task_rest(before),
            forbidden_status=_forbidden(put),
        )
    return known


def _task_before(put: TaskPut, now_ms: int) -> TaskFacts:
    return TaskFacts(
        workflow_id=put.workflow_id,
        stamp=now_ms - 1 if put.expected_time is None else put.expected_time,
        definition_name=put.definition_name,
        # One from which places follow as from any that the check allows: to take or release a place twice does no harm.
        status=TaskStatus.SCHEDULED,
        pending=put.pending,
        limited=put.limited,
        queue_name=put.queue_name,
        payload_keys=put.payload_keys,
    )


def _forbidden(put: TaskPut) -> str:
    # A task that goes back to SCHEDULED leaves its place only if it was in progress.
    return TaskStatus.IN_PROGRESS.value if put.pending and not put.in_progress else ""


def _workflows(
    write_set: WriteSet,
    seen: Seen,
    checks: Checks,
    keys: Keys,
    absent: dict[str, Need],
    now_ms: int,
) -> dict[str, WorkflowFacts]:
    expected = {
        guard.workflow_id: guard.expected
        for guard in write_set.guards
        if isinstance(guard, ExpectedWorkflowTime)
    }
    puts = {put.workflow_id: put for put in write_set.workflow_puts}
    known: dict[str, WorkflowFacts] = {}
    for id_ in seen.workflows:
        key, need, put = keys.workflow(id_), (seen.workflows, id_), puts.get(id_)
        if put is not None and put.mode is PutMode.CREATE:
            absent[key] = need
        elif put is None and id_ not in expected:
            known[id_] = _any_workflow(0)
            checks.there(key, need)
        else:
            stamp = expected.get(id_, now_ms - 1)
            before = _any_workflow(stamp) if put is None else _workflow_before(put, stamp)
            known[id_] = before
            checks.facts(
                key,
                keys.facts(id_),
                WORKFLOW_FIELD,
                need,
                compare="=" if id_ in expected else "<",
                stamp=stamp if id_ in expected else now_ms,
                rest="" if put is None else workflow_rest(before),
            )
    return known


def _workflow_before(put: WorkflowPut, stamp: int) -> WorkflowFacts:
    return WorkflowFacts(
        stamp=stamp,
        name=put.name,
        version=put.version,
        status=put.status,
        correlation_id=put.correlation_id,
        create_time=put.create_time,
        pending=put.pending,
        listed=True,
        payload_keys=put.payload_keys,
    )


def _any_workflow(stamp: int) -> WorkflowFacts:
    """One of which no more is asked than that it is there, with this stamp."""
    return replace(UNKNOWN_WORKFLOW, stamp=stamp)


def _check_slots(seen: Seen, checks: Checks, keys: Keys) -> None:
    free: dict[str, dict[str, Need]] = {}
    for slot_key in seen.slots:
        workflow_id, slot = slot_key
        free.setdefault(workflow_id, {})[slot_field(slot)] = (seen.slots, slot_key)
    for workflow_id, fields in free.items():
        checks.free(keys.slots(workflow_id), fields)
