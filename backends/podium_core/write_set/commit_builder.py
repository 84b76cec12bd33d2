"""The builder of Commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from podium_core.errors import InvalidArgumentError
from podium_core.models import Commit, CommitAck, CommitPush, CommitRemove
from podium_core.requirements import MAX_ITEMS, require_not_negative, require_text
from podium_core.write_set import builders
from podium_core.write_set.request_memory import request_digest
from podium_core.write_set.write_set import (
    AckOp,
    ExpectedWorkflowTime,
    Guard,
    HeldReceipt,
    PushOp,
    PutMode,
    QueueOp,
    RemoveOp,
    TaskPut,
    WorkflowExists,
    WorkflowPut,
    WriteSet,
)


class CommitSize(NamedTuple):
    """How much a Commit holds; ids only where the number alone doesn't decide."""

    create_tasks: int
    update_tasks: int
    pushes: int
    acks: int
    removes: int


def commit(request: Commit, *, now_ms: int, as_sent: Commit | None = None) -> WriteSet:
    """One decide step as a WriteSet, without the facade's side effects.

    ``as_sent`` is the Commit before payloads were moved out of it: the one that a repeat is compared with.
    """
    require_text(request.workflow_id, "workflow_id")
    _require_size(request)
    workflow_puts = _workflow_puts(request, now_ms)
    task_puts = _task_puts(request, now_ms)
    return WriteSet(
        request_id=_request_key(request),
        guards=_guards(request),
        workflow_puts=workflow_puts,
        task_puts=task_puts,
        queue_ops=_queue_ops(request),
        request_digest=request_digest(as_sent or request) if request.request_id else b"",
    )


def _request_key(request: Commit) -> str:
    """Request ids are the callers' own, so one counts within its workflow only."""
    if not request.request_id:
        return ""
    return f"{request.workflow_id}\x00{require_text(request.request_id, 'request_id')}"


def require_size(
    sizes: CommitSize, created: Callable[[], Iterable[str]], pushed: Callable[[], Iterable[str]]
) -> None:
    """At most 1,000 items in all, a task that is created and one push of its id being one.

    Args:
        sizes: The lengths of the request's lists; a server asks before it decodes them.
        created: Gives the ids of the tasks to create.
        pushed: Gives the ids of the messages to push.
    """
    total = sum(sizes)
    if total > MAX_ITEMS:
        total -= len(set(created()) & set(pushed()))
    if total > MAX_ITEMS:
        advice = "; create the tasks first, with CreateTasks" if sizes.create_tasks else ""
        raise InvalidArgumentError(
            "", f"{total} items in one Commit are more than the limit of {MAX_ITEMS}{advice}"
        )


def _require_size(request: Commit) -> None:
    sizes = CommitSize(
        len(request.create_tasks),
        len(request.update_tasks),
        len(request.pushes),
        len(request.acks),
        len(request.removes),
    )
    require_size(
        sizes,
        lambda: (str(task.task_id) for task in request.create_tasks),
        lambda: (push.message.id for push in request.pushes),
    )


def _workflow_puts(request: Commit, now_ms: int) -> tuple[WorkflowPut, ...]:
    if request.create_workflow is not None and request.update_workflow is not None:
        raise InvalidArgumentError("update_workflow", "must be absent where create_workflow is set")
    if request.create_workflow is not None:
        put = builders.workflow_put(
            request.create_workflow, PutMode.CREATE, "create_workflow", now_ms=now_ms
        )
    elif request.update_workflow is not None:
        put = builders.workflow_put(
            request.update_workflow, PutMode.UPDATE, "update_workflow", now_ms=now_ms
        )
    else:
        return ()
    if put.workflow_id != request.workflow_id:
        field = "create_workflow" if request.create_workflow is not None else "update_workflow"
        raise InvalidArgumentError(f"{field}.workflow_id", "must be the Commit's workflow_id")
    return (put,)


def _task_puts(request: Commit, now_ms: int) -> tuple[TaskPut, ...]:
    puts = [
        builders.new_task_put(task, f"create_tasks[{at}]", now_ms=now_ms)
        for at, task in enumerate(request.create_tasks)
    ]
    puts += [
        builders.updated_task_put(update, f"update_tasks[{at}]", now_ms=now_ms)
        for at, update in enumerate(request.update_tasks)
    ]
    seen: set[str] = set()
    for at, put in enumerate(puts):
        created = at < len(request.create_tasks)
        path = (
            f"create_tasks[{at}]"
            if created
            else f"update_tasks[{at - len(request.create_tasks)}].task"
        )
        if put.workflow_id != request.workflow_id:
            raise InvalidArgumentError(
                f"{path}.workflow_instance_id", "must be the Commit's workflow_id"
            )
        if put.task_id in seen:
            raise InvalidArgumentError(
                f"{path}.task_id", f"the id '{put.task_id}' comes twice: send it once"
            )
        seen.add(put.task_id)
    return tuple(puts)


def _guards(request: Commit) -> tuple[Guard, ...]:
    guards: list[Guard] = [
        HeldReceipt(a.queue_name, a.message_id, a.receipt) for a in request.acks if a.receipt
    ]
    if request.create_workflow is None and (request.create_tasks or request.update_tasks):
        guards.append(WorkflowExists(request.workflow_id))
    if request.expected_update_time is not None:
        if request.create_workflow is not None:
            raise InvalidArgumentError(
                "expected_update_time",
                "must be absent where create_workflow is set: nothing is stored yet",
            )
        expected = require_not_negative(request.expected_update_time, "expected_update_time")
        guards.append(ExpectedWorkflowTime(request.workflow_id, expected))
    return tuple(guards)


def _queue_ops(request: Commit) -> tuple[QueueOp, ...]:
    acks: list[QueueOp] = [
        _ack(ack, f"acks[{at}]", request.workflow_id) for at, ack in enumerate(request.acks)
    ]
    removes: list[QueueOp] = [
        _remove(remove, f"removes[{at}]", request.workflow_id)
        for at, remove in enumerate(request.removes)
    ]
    created = {str(task.task_id) for task in request.create_tasks}
    pushes: list[QueueOp] = [
        _push(push, f"pushes[{at}]", request.workflow_id, created)
        for at, push in enumerate(request.pushes)
    ]
    return tuple(acks + removes + pushes)


def _ack(ack: CommitAck, path: str, workflow_id: str) -> AckOp:
    queue_name = require_text(ack.queue_name, f"{path}.queue_name")
    return AckOp(
        queue_name=queue_name,
        message_id=require_text(ack.message_id, f"{path}.message_id"),
        receipt=ack.receipt,
        workflow_id=workflow_id,
    )


def _remove(remove: CommitRemove, path: str, workflow_id: str) -> RemoveOp:
    queue_name = require_text(remove.queue_name, f"{path}.queue_name")
    return RemoveOp(
        queue_name=queue_name,
        message_id=require_text(remove.message_id, f"{path}.message_id"),
        workflow_id=workflow_id,
    )


def _push(push: CommitPush, path: str, workflow_id: str, created: set[str]) -> PushOp:
    queue_name = require_text(push.queue_name, f"{path}.queue_name")
    of_task = push.message.id if push.message.id in created else ""
    return builders.push_op(
        queue_name, push.message, f"{path}.", of_task=of_task, workflow_id=workflow_id
    )
