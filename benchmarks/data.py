"""The requests that are sent: tasks and payloads of 1 kB, as bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from podium.v1 import (
    commit_pb2,
    execution_tasks_pb2,
    execution_workflows_pb2,
    message_pb2,
    queue_messages_pb2,
    task_pb2,
    workflow_pb2,
)
from podium_protocol.rpcs import RPCS

KILOBYTE = 1024
_PATHS = {
    rpc.name: path
    for path, rpc in RPCS.items()
    if ".v1.ExecutionService/" in path or ".v1.QueueService/" in path
}


def path(name: str) -> str:
    """The path of an RPC of ExecutionService or QueueService."""
    return _PATHS[name]


def _pad(text: str, missing_bytes: int) -> str:
    """A JSON object with so many bytes more."""
    return f'{text[:-1]},"note":"{"n" * max(missing_bytes - 10, 0)}"}}'


def task(workflow_id: str, name: str, definition_name: str = "reserve_stock") -> task_pb2.Task:
    """A task of 1 kB, with the fields that a task in progress has."""
    message = task_pb2.Task(
        task_id=f"{workflow_id}-{name}",
        workflow_instance_id=workflow_id,
        status=task_pb2.TASK_STATUS_IN_PROGRESS,
        task_type="SIMPLE",
        reference_task_name=name,
        input_data_json='{"order":9007199254740993,"address":{"city":"Zürich","zip":"8001"},"items":[1,2,3]}',
        output_data_json='{"reserved":true}',
        task_def_name=definition_name,
        seq=1,
        scheduled_time=1_790_000_000_000,
        start_time=1_790_000_000_500,
        workflow_type="order",
        poll_count=1,
        response_timeout_seconds=3_600,
        worker_id="worker-17",
        workflow_task_json='{"name":"reserve_stock","taskReferenceName":"reserve","type":"SIMPLE"}',
    )
    missing = KILOBYTE - message.ByteSize()
    message.output_data_json = _pad(message.output_data_json, missing)
    return message


def task_names(workflow_id: str, count: int) -> Iterator[str]:
    """The reference names of a workflow's tasks."""
    del workflow_id
    return (f"t{number:06}" for number in range(count))


def workflow(workflow_id: str) -> workflow_pb2.Workflow:
    """A running workflow of 1 kB."""
    message = workflow_pb2.Workflow(
        workflow_id=workflow_id,
        status=workflow_pb2.WORKFLOW_STATUS_RUNNING,
        workflow_definition_json='{"name":"order","version":1,"tasks":[{"name":"reserve_stock"}]}',
        input_json='{"order":9007199254740993}',
        variables_json='{"step":1}',
        priority=3,
        create_time=1_790_000_000_000,
    )
    message.input_json = _pad(message.input_json, KILOBYTE - message.ByteSize())
    return message


def create_workflow(workflow_id: str) -> bytes:
    """CreateWorkflow."""
    return execution_workflows_pb2.CreateWorkflowRequest(
        workflow=workflow(workflow_id)
    ).SerializeToString()


def update_workflow(workflow_id: str) -> bytes:
    """UpdateWorkflow."""
    return execution_workflows_pb2.UpdateWorkflowRequest(
        workflow=workflow(workflow_id)
    ).SerializeToString()


def create_tasks(
    workflow_id: str, names: Sequence[str], definition_name: str = "reserve_stock"
) -> bytes:
    """CreateTasks."""
    return execution_tasks_pb2.CreateTasksRequest(
        tasks=[task(workflow_id, name, definition_name) for name in names]
    ).SerializeToString()


def get_task(workflow_id: str, name: str) -> bytes:
    """GetTask."""
    return execution_tasks_pb2.GetTaskRequest(task_id=f"{workflow_id}-{name}").SerializeToString()


def update_task(workflow_id: str, name: str) -> bytes:
    """UpdateTask."""
    return execution_tasks_pb2.UpdateTaskRequest(task=task(workflow_id, name)).SerializeToString()


def get_workflow(workflow_id: str) -> bytes:
    """GetWorkflow, with its tasks."""
    return execution_workflows_pb2.GetWorkflowRequest(
        workflow_id=workflow_id, include_tasks=True
    ).SerializeToString()


def pending_tasks(task_name: str, workflow_id: str) -> bytes:
    """GetPendingTasksByWorkflow."""
    return execution_tasks_pb2.GetPendingTasksByWorkflowRequest(
        task_type=task_name, workflow_id=workflow_id
    ).SerializeToString()


def push(queue: str, message_id: str, payload_bytes: int = KILOBYTE) -> bytes:
    """Push, of a message that is ready at once."""
    return queue_messages_pb2.PushRequest(
        queue_name=queue,
        message_id=message_id,
        payload="p" * payload_bytes if payload_bytes else None,
        priority=5,
    ).SerializeToString()


def push_messages(queue: str, message_ids: Sequence[str]) -> bytes:
    """PushMessages, of messages as ``push`` pushes them."""
    payload = "p" * KILOBYTE
    return queue_messages_pb2.PushMessagesRequest(
        queue_name=queue,
        messages=[
            message_pb2.PushMessage(id=id_, payload=payload, priority=5) for id_ in message_ids
        ],
    ).SerializeToString()


def pop(queue: str, *, count: int = 1, timeout_ms: int = 0) -> bytes:
    """Pop, under a lease that outlasts the run."""
    return queue_messages_pb2.PopRequest(
        queue_name=queue, count=count, timeout_ms=timeout_ms, unack_timeout_ms=600_000
    ).SerializeToString()


def ack(queue: str, message_id: str) -> bytes:
    """Ack by id."""
    return queue_messages_pb2.AckRequest(
        queue_name=queue, message_id=message_id
    ).SerializeToString()


def commit(workflow_id: str, names: Sequence[str], queue: str) -> bytes:
    """Commit of a decide step: the workflow updated, tasks created and each one's message pushed."""
    return commit_pb2.CommitRequest(
        workflow_id=workflow_id,
        update_workflow=workflow(workflow_id),
        create_tasks=[task(workflow_id, name) for name in names],
        pushes=[
            commit_pb2.CommitPush(queue_name=queue, message_id=f"{workflow_id}-{name}", priority=3)
            for name in names
        ],
    ).SerializeToString()


def started(workflow_id: str, name: str, queue: str) -> bytes:
    """Commit of a new workflow with its first task, whose message is pushed."""
    return commit_pb2.CommitRequest(
        workflow_id=workflow_id,
        create_workflow=workflow(workflow_id),
        create_tasks=[task(workflow_id, name)],
        pushes=[commit_pb2.CommitPush(queue_name=queue, message_id=f"{workflow_id}-{name}")],
    ).SerializeToString()


def answered(workflow_id: str, name: str, following: str, queue: str) -> bytes:
    """Commit of a worker's answer and what is decided by it: the task completed, and the next one created, or the end."""
    done = task(workflow_id, name)
    done.status = task_pb2.TASK_STATUS_COMPLETED
    whole = workflow(workflow_id)
    if not following:
        whole.status = workflow_pb2.WORKFLOW_STATUS_COMPLETED
    names = [following] if following else []
    return commit_pb2.CommitRequest(
        workflow_id=workflow_id,
        update_workflow=whole,
        update_tasks=[execution_tasks_pb2.UpdateTaskItem(task=done)],
        create_tasks=[task(workflow_id, next_name) for next_name in names],
        acks=[commit_pb2.CommitAck(queue_name=queue, message_id=done.task_id)],
        pushes=[
            commit_pb2.CommitPush(queue_name=queue, message_id=f"{workflow_id}-{next_name}")
            for next_name in names
        ],
    ).SerializeToString()


def single_calls(
    workflow_id: str, names: Sequence[str], queue: str
) -> tuple[tuple[str, bytes], ...]:
    """The same step in calls of their own."""
    return (
        (path("UpdateWorkflow"), update_workflow(workflow_id)),
        *((path("CreateTasks"), create_tasks(workflow_id, [name])) for name in names),
        *((path("Push"), push(queue, f"{workflow_id}-{name}", 0)) for name in names),
    )


def mixed(items: Sequence[bytes], count: int) -> list[bytes]:
    """So many of the items, in an order of no pattern that is the same in every run."""
    order = list(items)
    random.Random(7).shuffle(order)
    return list(islice(cycle(order), count))
