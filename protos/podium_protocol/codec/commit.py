"""Request and answer of Commit, and the task updates that UpdateTasks has too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from msgspec import UNSET

from podium.v1 import commit_pb2, execution_tasks_pb2
from podium_core.errors import InvalidArgumentError
from podium_core.models import (
    Commit,
    CommitAck,
    CommitPush,
    CommitRemove,
    CommitResult,
    Guarantee,
    PushMessage,
    TaskUpdate,
)
from podium_protocol.codec.compiler import each_from_proto
from podium_protocol.codec.field_table import enum_table
from podium_protocol.codec.records import (
    task_from_proto,
    task_to_proto,
    tasks_from_proto,
    workflow_to_proto,
    workflow_without_tasks_from_proto,
)

_guarantees = enum_table(Guarantee, commit_pb2.CommitGuarantee.DESCRIPTOR)


def guarantee_to_proto(guarantee: Guarantee | None) -> commit_pb2.CommitGuarantee:
    """How whole a Commit is, as a number of CommitGuarantee; None: not said."""
    number = 0 if guarantee is None else _guarantees.numbers[guarantee.value]
    return cast("commit_pb2.CommitGuarantee", number)


def guarantee_from_proto(number: int) -> Guarantee | None:
    """How whole a Commit is; None where that isn't said, or in a word of a newer server."""
    guarantee = _guarantees.members.get(number)
    return None if guarantee is None else Guarantee(guarantee.value)


def task_update_to_proto(update: TaskUpdate) -> execution_tasks_pb2.UpdateTaskItem:
    """A task to update."""
    return execution_tasks_pb2.UpdateTaskItem(
        task=task_to_proto(update.task), expected_update_time=update.expected_update_time
    )


def task_update_from_proto(message: execution_tasks_pb2.UpdateTaskItem, path: str) -> TaskUpdate:
    """A task to update."""
    try:
        task = task_from_proto(message.task, "task")
    except InvalidArgumentError as error:
        raise (error.under(path) if path else error) from None
    expected = message.expected_update_time if message.HasField("expected_update_time") else None
    return TaskUpdate(task=task, expected_update_time=expected)


def task_updates_from_proto(
    messages: Iterable[execution_tasks_pb2.UpdateTaskItem], path: str
) -> list[TaskUpdate]:
    """The task updates of a repeated field."""
    return each_from_proto(task_update_from_proto, messages, path)


def commit_to_request(commit: Commit) -> commit_pb2.CommitRequest:
    """The request of a Commit."""
    create, update = commit.create_workflow, commit.update_workflow
    if create is not None and update is not None:
        raise InvalidArgumentError("update_workflow", "must be absent where create_workflow is set")
    return commit_pb2.CommitRequest(
        workflow_id=commit.workflow_id,
        create_workflow=None if create is None else workflow_to_proto(create),
        update_workflow=None if update is None else workflow_to_proto(update),
        expected_update_time=commit.expected_update_time,
        create_tasks=[task_to_proto(task) for task in commit.create_tasks],
        update_tasks=[task_update_to_proto(item) for item in commit.update_tasks],
        pushes=[_push_to_proto(push) for push in commit.pushes],
        acks=[_ack_to_proto(ack) for ack in commit.acks],
        removes=[
            commit_pb2.CommitRemove(queue_name=remove.queue_name, message_id=remove.message_id)
            for remove in commit.removes
        ],
        request_id=commit.request_id or None,
    )


def _push_to_proto(push: CommitPush) -> commit_pb2.CommitPush:
    payload = push.message.payload
    return commit_pb2.CommitPush(
        queue_name=push.queue_name,
        message_id=push.message.id,
        payload=None if payload is UNSET else payload,
        priority=push.message.priority,
        offset_ms=push.message.offset_ms,
    )


def _ack_to_proto(ack: CommitAck) -> commit_pb2.CommitAck:
    return commit_pb2.CommitAck(
        queue_name=ack.queue_name, message_id=ack.message_id, receipt=ack.receipt or None
    )


def commit_from_request(request: commit_pb2.CommitRequest) -> Commit:
    """The Commit of a request."""
    create = update = None
    write = request.WhichOneof("workflow_write")
    if write == "create_workflow":
        create = workflow_without_tasks_from_proto(request.create_workflow, "create_workflow")
    elif write == "update_workflow":
        update = workflow_without_tasks_from_proto(request.update_workflow, "update_workflow")
    expected = request.expected_update_time if request.HasField("expected_update_time") else None
    return Commit(
        workflow_id=request.workflow_id,
        create_workflow=create,
        update_workflow=update,
        expected_update_time=expected,
        create_tasks=tasks_from_proto(request.create_tasks, "create_tasks"),
        update_tasks=task_updates_from_proto(request.update_tasks, "update_tasks"),
        pushes=[_push_from_proto(push) for push in request.pushes],
        acks=[
            CommitAck(queue_name=ack.queue_name, message_id=ack.message_id, receipt=ack.receipt)
            for ack in request.acks
        ],
        removes=[
            CommitRemove(queue_name=remove.queue_name, message_id=remove.message_id)
            for remove in request.removes
        ],
        request_id=request.request_id,
    )


def _push_from_proto(push: commit_pb2.CommitPush) -> CommitPush:
    message = PushMessage(
        id=push.message_id,
        payload=push.payload if push.HasField("payload") else UNSET,
        priority=push.priority,
        offset_ms=push.offset_ms,
    )
    return CommitPush(queue_name=push.queue_name, message=message)


def commit_to_response(result: CommitResult) -> commit_pb2.CommitResponse:
    """The answer of a Commit."""
    return commit_pb2.CommitResponse(
        workflow_created=result.workflow_created,
        updated_time=result.updated_time,
        created_task_ids=result.created_task_ids,
        left_out_task_ids=result.left_out_task_ids,
        created_update_time=result.created_update_time,
        update_task_times=result.task_update_times,
        acked=result.acked,
        removed=result.removed,
        guarantee=guarantee_to_proto(result.guarantee),
        replayed=result.replayed,
    )


def commit_from_response(response: commit_pb2.CommitResponse) -> CommitResult:
    """The answer of a Commit. A guarantee that this client doesn't know is taken for the weaker one."""
    return CommitResult(
        workflow_created=response.workflow_created
        if response.HasField("workflow_created")
        else None,
        updated_time=response.updated_time,
        created_task_ids=tuple(response.created_task_ids),
        left_out_task_ids=tuple(response.left_out_task_ids),
        created_update_time=response.created_update_time,
        task_update_times=tuple(response.update_task_times),
        acked=tuple(response.acked),
        removed=tuple(response.removed),
        guarantee=guarantee_from_proto(response.guarantee) or Guarantee.ORDERED,
        replayed=response.replayed,
    )
