"""For every RPC the largest requests that are legal, or are refused only after they were looked at, and large answers.

Steps run in order, on one store: those that fill it come before those that read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from podium_protocol.rpcs import RPCS, Kind, rpc
from tests.server.bad_input import padded
from tests.server.valid_requests import request_of, valid_request

MIB = 1024 * 1024
WRITE = 15 * MIB
READ = 30 * MIB
ITEMS = 1_000
IDS = 10_000


class Step(NamedTuple):
    """One call: a request in bytes, made when it is needed; of a stream of requests all of them."""

    label: str
    case: str
    requests: Callable[[], list[bytes]]


def steps() -> Iterator[Step]:
    """All steps."""
    yield from _WRITES
    yield from _READS
    for entry in RPCS.values():
        if entry.kind in (Kind.UNARY, Kind.SERVER_STREAM):
            size = WRITE if entry.writes else READ
            yield Step(
                entry.label,
                "an unknown field",
                lambda entry=entry, size=size: [padded(valid_request(entry), size)],  # type: ignore[misc]
            )
    yield from _REFUSED


def _step(label: str, case: str, fields: Callable[[], dict[str, Any]]) -> Step:
    entry = rpc(*label.split("."))
    return Step(label, case, lambda: [request_of(entry, fields()).SerializeToString()])


def text(size: int) -> str:
    """One string as JSON."""
    return json.dumps({"a": "x" * size})


def rows(size: int) -> str:
    """Ordinary rows as JSON."""
    row = {"id": 12345, "name": "item", "price": 1.25, "tags": ["a", "b"]}
    return json.dumps({"rows": [row] * (size // len(json.dumps(row)))})


def _task(id_: str, json_text: str, *, workflow_id: str = "w1") -> dict[str, Any]:
    return {
        "task_id": id_,
        "workflow_instance_id": workflow_id,
        "reference_task_name": id_,
        "task_type": "encode",
        "task_def_name": "encode",
        "status": "TASK_STATUS_SCHEDULED",
        "input_data_json": json_text,
    }


def _workflow(id_: str, **fields: Any) -> dict[str, Any]:
    return {
        "workflow_id": id_,
        "status": "WORKFLOW_STATUS_RUNNING",
        "correlation_id": "c1",
        "workflow_definition_json": json.dumps({"name": "order", "version": 1, "tasks": []}),
        **fields,
    }


def _ids(count: int, prefix: str) -> list[str]:
    return [f"{prefix}{number:05}" for number in range(count)]


_EACH = WRITE // ITEMS
_TASKS = "ExecutionService.CreateTasks"

_WRITES = [
    _step("ExecutionService.CreateWorkflow", "small", lambda: {"workflow": _workflow("w1")}),
    _step("ExecutionService.CreateWorkflow", "small", lambda: {"workflow": _workflow("w2")}),
    _step(
        "ExecutionService.CreateWorkflow",
        "one text",
        lambda: {"workflow": _workflow("w3", variables_json=text(WRITE))},
    ),
    _step(
        "ExecutionService.UpdateWorkflow",
        "one text",
        lambda: {"workflow": _workflow("w3", variables_json=text(WRITE))},
    ),
    _step(
        "ExecutionService.UpdateWorkflow",
        "rows",
        lambda: {"workflow": _workflow("w3", variables_json=rows(WRITE))},
    ),
    *(
        _step(
            _TASKS,
            "1,000 tasks",
            lambda part=part: {  # type: ignore[misc]
                "tasks": [_task(id_, text(_EACH)) for id_ in _ids(ITEMS, f"t{part}-")]
            },
        )
        for part in range(2)
    ),
    *(
        _step(
            _TASKS,
            "1,000 small tasks",
            lambda part=part: {  # type: ignore[misc]
                "tasks": [
                    _task(id_, text(1_500), workflow_id="w2") for id_ in _ids(ITEMS, f"s{part}-")
                ]
            },
        )
        for part in range(10)
    ),
    _step(
        "ExecutionService.UpdateTask",
        "one text",
        lambda: {"task": _task("t0-00000", text(2 * MIB))},
    ),
    _step(
        "ExecutionService.UpdateTasks",
        "1,000 tasks",
        lambda: {"tasks": [{"task": _task(id_, text(_EACH))} for id_ in _ids(ITEMS, "t0-")]},
    ),
    _step(
        "ExecutionService.Commit",
        "1,000 tasks",
        lambda: {
            "workflow_id": "w1",
            "update_tasks": [{"task": _task(id_, text(_EACH))} for id_ in _ids(ITEMS, "t1-")],
        },
    ),
    _step(
        "ExecutionService.Commit",
        "1,000 messages",
        lambda: {
            "workflow_id": "w1",
            "pushes": [
                {"queue_name": "q2", "message_id": id_, "payload": "x" * _EACH}
                for id_ in _ids(ITEMS, "c")
            ],
        },
    ),
    _step(
        "QueueService.Push",
        "one text",
        lambda: {"queue_name": "q3", "message_id": "m", "payload": "x" * WRITE},
    ),
    _step(
        "QueueService.PushMessages",
        "1,000 messages",
        lambda: {
            "queue_name": "q1",
            "messages": [{"id": id_, "payload": "x" * _EACH} for id_ in _ids(ITEMS, "m")],
        },
    ),
    _step(
        "MetadataService.CreateTaskDef",
        "one text",
        lambda: {"task_def": {"document_json": json.dumps({"name": "encode", "d": "x" * WRITE})}},
    ),
    _step(
        "MetadataService.CreateWorkflowDef",
        "rows",
        lambda: {
            "workflow_def": {
                "document_json": json.dumps({"name": "order", "version": 1, "d": rows(MIB)})
            }
        },
    ),
    _step(
        "EventHandlerService.AddEventHandler",
        "one text",
        lambda: {
            "event_handler": {
                "document_json": json.dumps(
                    {"name": "handler", "event": "sqs:orders", "d": "x" * WRITE}
                )
            }
        },
    ),
    _step(
        "IndexService.AddTaskExecutionLogs",
        "1,000 lines",
        lambda: {
            "logs": [{"task_id": "t1", "log": "x" * _EACH, "id": id_} for id_ in _ids(ITEMS, "l")],
            "wait": "WAIT_INDEXED",
        },
    ),
    _step(
        "IndexService.AddMessage",
        "one text",
        lambda: {
            "message": {"message_id": "m1", "queue_name": "q1", "payload": "x" * WRITE},
            "wait": "WAIT_INDEXED",
        },
    ),
    _step(
        "IndexService.AddEventExecution",
        "one text",
        lambda: {
            "event_execution": {
                "name": "handler",
                "event": "sqs:orders",
                "message_id": "m1",
                "id": "e1",
                "output_json": text(WRITE),
            }
        },
    ),
    _step(
        "ExecutionService.AddEventExecution",
        "one text",
        lambda: {
            "event_execution": {
                "name": "handler",
                "event": "sqs:orders",
                "message_id": "m1",
                "id": "e1",
                "output_json": text(WRITE),
            }
        },
    ),
]

_READS = [
    _step("ExecutionService.GetTask", "2 MiB", lambda: {"task_id": "t0-00000"}),
    _step(
        "ExecutionService.GetTasks",
        "10,000 tasks",
        lambda: {"task_ids": [id_ for part in range(10) for id_ in _ids(ITEMS, f"s{part}-")]},
    ),
    _step(
        "ExecutionService.GetTasks",
        "10,000 ids of nothing",
        lambda: {"task_ids": [id_ + "x" * 1_000 for id_ in _ids(IDS, "n")]},
    ),
    _step(
        "ExecutionService.GetTasksByType",
        "10,000 tasks",
        lambda: {"task_type": "encode", "start_key": "s", "count": IDS},
    ),
    _step(
        "ExecutionService.GetWorkflow",
        "30 MB of tasks",
        lambda: {"workflow_id": "w1", "include_tasks": True},
    ),
    _step(
        "ExecutionService.GetWorkflow",
        "10,000 tasks",
        lambda: {"workflow_id": "w2", "include_tasks": True},
    ),
    _step("ExecutionService.GetWorkflow", "15 MB", lambda: {"workflow_id": "w3"}),
    _step(
        "ExecutionService.GetWorkflows",
        "all of it",
        lambda: {"workflow_ids": ["w1", "w2", "w3"], "include_tasks": True},
    ),
    _step(
        "ExecutionService.GetWorkflows",
        "10,000 ids of nothing",
        lambda: {"workflow_ids": [id_ + "x" * 1_000 for id_ in _ids(IDS, "n")]},
    ),
    _step(
        "ExecutionService.GetWorkflowsByCorrelationId",
        "all of it",
        lambda: {"workflow_name": "order", "correlation_id": "c1", "include_tasks": True},
    ),
    _step("ExecutionService.GetTasksForWorkflow", "30 MB", lambda: {"workflow_id": "w1"}),
    _step("ExecutionService.GetTasksForWorkflow", "10,000 tasks", lambda: {"workflow_id": "w2"}),
    _step(
        "ExecutionService.GetPendingTasksForTaskType",
        "12,000 tasks",
        lambda: {"task_type": "encode"},
    ),
    _step(
        "QueueService.PollMessages", "1,000 messages", lambda: {"queue_name": "q1", "count": ITEMS}
    ),
    _step("QueueService.Pop", "1,000 messages", lambda: {"queue_name": "q2", "count": ITEMS}),
    _step(
        "QueueService.AckMessages",
        "1,000 messages",
        lambda: {"queue_name": "q1", "messages": [{"message_id": m} for m in _ids(ITEMS, "m")]},
    ),
    _step("QueueService.PollMessages", "one text", lambda: {"queue_name": "q3", "count": 1}),
    _step("QueueService.Flush", "1,000 messages", lambda: {"queue_name": "q2"}),
    _step("MetadataService.GetTaskDef", "15 MB", lambda: {"name": "encode"}),
    _step("MetadataService.GetAllTaskDefs", "15 MB", lambda: {}),
    _step("EventHandlerService.GetEventHandlersForEvent", "15 MB", lambda: {"event": "sqs:orders"}),
    _step(
        "IndexService.GetTaskExecutionLogs",
        "1,000 lines",
        lambda: {"task_id": "t1", "count": ITEMS},
    ),
    _step("IndexService.GetMessages", "15 MB", lambda: {"queue_name": "q1"}),
    _step("IndexService.GetEventExecutions", "15 MB", lambda: {"event": "sqs:orders"}),
    _step("IndexService.SearchWorkflows", "10,000 ids", lambda: {"count": IDS}),
    _step("IndexService.SearchTasks", "10,000 ids", lambda: {"count": IDS}),
    _step("IndexService.SearchTaskSummary", "10,000 summaries", lambda: {"count": IDS}),
    _step("ExecutionService.RemoveWorkflow", "10,000 tasks", lambda: {"workflow_id": "w2"}),
]


def _repeated(label: str, field: bytes, size: int) -> Step:
    return Step(label, "empty items", lambda: [field * (size // len(field))])


_REFUSED = [
    _repeated("ExecutionService.GetTasks", b"\x0a\x00", READ),
    _repeated("ExecutionService.GetWorkflows", b"\x0a\x00", READ),
    _repeated("IndexService.SearchWorkflows", b"\x2a\x00", READ),
    _repeated(_TASKS, b"\x0a\x00", WRITE),
    _repeated("ExecutionService.UpdateTasks", b"\x0a\x00", WRITE),
    _repeated("ExecutionService.UpdateTask", b"\x0a\x00", WRITE),
    _repeated("QueueService.PushMessages", b"\x12\x00", WRITE),
    _repeated("QueueService.AckMessages", b"\x12\x00", WRITE),
    _repeated("IndexService.AddTaskExecutionLogs", b"\x0a\x00", WRITE),
    *(
        _repeated("ExecutionService.Commit", bytes([number << 3 | 2, 0]), WRITE)
        for number in range(2, 10)
    ),
]
