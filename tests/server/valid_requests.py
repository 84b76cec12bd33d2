"""For every RPC the smallest request that is valid: each field in it is one that the RPC can't do without.

``WORLD`` is what they are about: one of everything. ``OPTIONAL`` names the few fields that are here for another reason.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from podium_protocol.rpcs import Rpc

Fields = dict[str, Any]

_DEFINITION = json.dumps({"name": "order", "version": 1, "tasks": []})
_LATER = 4_102_444_800_000

_TASK = {"task_id": "t1", "workflow_instance_id": "w1", "reference_task_name": "ref"}
_UPDATED_TASK = {
    "task_id": "t1",
    "workflow_instance_id": "w1",
    "status": "TASK_STATUS_SCHEDULED",
}
_LIMITED_TASK = {"task_id": "t1", "task_def_name": "encode"}
_WORKFLOW = {"workflow_id": "w1", "workflow_definition_json": _DEFINITION}
_UPDATED_WORKFLOW = {**_WORKFLOW, "status": "WORKFLOW_STATUS_RUNNING"}
_EVENT_EXECUTION = {"name": "handler", "event": "sqs:orders", "message_id": "m1", "id": "e1"}
_TASK_DEF = {"document_json": json.dumps({"name": "encode"})}
_WORKFLOW_DEF = {"document_json": _DEFINITION}
_EVENT_HANDLER = {"document_json": json.dumps({"name": "handler", "event": "sqs:orders"})}
_MESSAGE = {"queue_name": "q1", "message_id": "m1"}
_COMMIT: Fields = {
    "workflow_id": "w1",
    "create_tasks": [{**_TASK, "task_id": "t9", "reference_task_name": "ref9"}],
    "update_tasks": [{"task": _UPDATED_TASK}],
    "pushes": [{"queue_name": "q1", "message_id": "m9"}],
    "acks": [{"queue_name": "q1", "message_id": "m8"}],
    "removes": [{"queue_name": "q1", "message_id": "m7"}],
}

_EXECUTIONS: dict[str, Fields] = {
    "CreateTasks": {"tasks": [_TASK]},
    "UpdateTask": {"task": _UPDATED_TASK},
    "UpdateTasks": {"tasks": [{"task": _UPDATED_TASK}]},
    "RemoveTask": {"task_id": "t1"},
    "GetTask": {"task_id": "t1"},
    "GetTasks": {"task_ids": ["t1"]},
    "GetTasksByType": {"task_type": "encode", "count": 1},
    "GetPendingTasksByWorkflow": {"task_type": "encode", "workflow_id": "w1"},
    "GetPendingTasksForTaskType": {"task_type": "encode"},
    "GetTasksForWorkflow": {"workflow_id": "w1"},
    "CreateWorkflow": {"workflow": _WORKFLOW},
    "UpdateWorkflow": {"workflow": _UPDATED_WORKFLOW},
    "RemoveWorkflow": {"workflow_id": "w1"},
    "RemoveWorkflowWithExpiry": {"workflow_id": "w1", "ttl_seconds": 60},
    "RemoveFromPendingWorkflow": {"workflow_id": "w1"},
    "GetWorkflow": {"workflow_id": "w1"},
    "GetWorkflows": {"workflow_ids": ["w1"]},
    "GetRunningWorkflowIds": {"workflow_name": "order"},
    "GetPendingWorkflowsByType": {"workflow_name": "order"},
    "GetPendingWorkflowCount": {"workflow_name": "order"},
    "GetInProgressTaskCount": {"task_type": "encode"},
    "GetWorkflowsByType": {"workflow_name": "order", "start_time": 1, "end_time": _LATER},
    "GetWorkflowsByCorrelationId": {"workflow_name": "order", "correlation_id": "c1"},
    "CanSearchAcrossWorkflows": {},
    "AddEventExecution": {"event_execution": _EVENT_EXECUTION},
    "UpdateEventExecution": {"event_execution": _EVENT_EXECUTION},
    "RemoveEventExecution": {"event_execution": _EVENT_EXECUTION},
    "ExceedsInProgressLimit": {"task": _LIMITED_TASK},
    "ResetWorkflow": {"workflow_id": "w1"},
    "ExtendLease": {"task_id": "t1"},
    "Commit": _COMMIT,
}

_METADATA: dict[str, Fields] = {
    "CreateTaskDef": {"task_def": _TASK_DEF},
    "UpdateTaskDef": {"task_def": _TASK_DEF},
    "GetTaskDef": {"name": "encode"},
    "GetAllTaskDefs": {},
    "RemoveTaskDef": {"name": "encode"},
    "CreateWorkflowDef": {"workflow_def": _WORKFLOW_DEF},
    "UpdateWorkflowDef": {"workflow_def": _WORKFLOW_DEF},
    "GetLatestWorkflowDef": {"name": "order"},
    "GetWorkflowDef": {"name": "order", "version": 1},
    "RemoveWorkflowDef": {"name": "order", "version": 1},
    "GetAllWorkflowDefs": {},
    "GetAllWorkflowDefsLatestVersions": {},
    "GetWorkflowNames": {},
    "GetWorkflowVersions": {"name": "order"},
}

_INDEX: dict[str, Fields] = {
    "Setup": {},
    "IndexWorkflow": {"workflow": {"workflow_id": "w1"}},
    "IndexTask": {"task": {"task_id": "t1", "workflow_id": "w1"}},
    "UpdateWorkflow": {"workflow_id": "w1", "fields_json": "{}"},
    "UpdateTask": {"workflow_id": "w1", "task_id": "t1", "fields_json": "{}"},
    "RemoveWorkflow": {"workflow_id": "w1"},
    "RemoveTask": {"workflow_id": "w1", "task_id": "t1"},
    "SearchWorkflows": {},
    "SearchWorkflowSummary": {},
    "SearchTasks": {},
    "SearchTaskSummary": {},
    "GetWorkflowCount": {},
    "Get": {"workflow_id": "w1", "field": "status"},
    "AddTaskExecutionLogs": {"logs": [{"task_id": "t1"}]},
    "GetTaskExecutionLogs": {"task_id": "t1"},
    "AddEventExecution": {"event_execution": _EVENT_EXECUTION},
    "GetEventExecutions": {"event": "sqs:orders"},
    "AddMessage": {"message": {"message_id": "m1", "queue_name": "q1"}},
    "GetMessages": {"queue_name": "q1"},
    "SearchArchivableWorkflows": {"archive_ttl_days": 1},
}

_QUEUES: dict[str, Fields] = {
    "Push": _MESSAGE,
    "PushMessages": {"queue_name": "q1", "messages": [{"id": "m1"}]},
    "PushIfNotExists": _MESSAGE,
    "Pop": {"queue_name": "q1", "count": 1},
    "PollMessages": {"queue_name": "q1", "count": 1},
    "Remove": _MESSAGE,
    "GetSize": {"queue_name": "q1"},
    "Ack": _MESSAGE,
    "AckMessages": {"queue_name": "q1", "messages": [{"message_id": "m1"}]},
    "SetUnackTimeout": _MESSAGE,
    "SetUnackTimeoutIfShorter": _MESSAGE,
    "Flush": {"queue_name": "q1"},
    "QueuesDetail": {},
    "QueuesDetailVerbose": {},
    "ProcessUnacks": {"queue_name": "q1"},
    "ResetOffsetTime": _MESSAGE,
    "Postpone": _MESSAGE,
    "ContainsMessage": _MESSAGE,
    "PeekFirstIds": {"queue_name": "q1", "count": 1},
    "Consume": {"open": {"queue_name": "q1"}},
}

_OTHERS: dict[str, Fields] = {
    "EventHandlerService.AddEventHandler": {"event_handler": _EVENT_HANDLER},
    "EventHandlerService.UpdateEventHandler": {"event_handler": _EVENT_HANDLER},
    "EventHandlerService.RemoveEventHandler": {"name": "handler"},
    "EventHandlerService.GetAllEventHandlers": {},
    "EventHandlerService.GetEventHandlersForEvent": {"event": "sqs:orders"},
    "PollDataService.UpdateLastPollData": {"task_type": "encode"},
    "PollDataService.GetPollData": {"task_type": "encode"},
    "PollDataService.GetPollDataForTask": {"task_type": "encode"},
    "PollDataService.GetAllPollData": {},
    "ConcurrentExecutionLimitService.AddTaskToLimit": {"task": _LIMITED_TASK},
    "ConcurrentExecutionLimitService.RemoveTaskFromLimit": {"task": _LIMITED_TASK},
    "ConcurrentExecutionLimitService.ExceedsLimit": {"task": _LIMITED_TASK},
    "RateLimitingService.ExceedsRateLimitPerFrequency": {"task": {"task_def_name": "encode"}},
    "ExternalPayloadService.GetLocation": {
        "operation": "PAYLOAD_OPERATION_WRITE",
        "payload_type": "PAYLOAD_TYPE_TASK_INPUT",
    },
    "ExternalPayloadService.Upload": {"header": {"payload_type": "PAYLOAD_TYPE_TASK_INPUT"}},
    "ExternalPayloadService.Download": {"path": "task/input/a.json"},
    "ExternalPayloadService.Delete": {"path": "task/input/a.json"},
    "AdminService.GetServerInfo": {},
    "AdminService.VerifyIndex": {},
    "AdminService.RepairIndex": {},
    "AdminService.VerifyQueues": {},
    "AdminService.RepairQueues": {},
    "AdminService.GetOutbox": {},
    "AdminService.RetryOutbox": {},
}

VALID: dict[str, Fields] = {
    **{f"ExecutionService.{name}": fields for name, fields in _EXECUTIONS.items()},
    **{f"MetadataService.{name}": fields for name, fields in _METADATA.items()},
    **{f"IndexService.{name}": fields for name, fields in _INDEX.items()},
    **{f"QueueService.{name}": fields for name, fields in _QUEUES.items()},
    **_OTHERS,
}
"""By the label of the RPC."""

OPTIONAL: dict[str, frozenset[str]] = {
    # So that there is a time to walk over, and a span of it.
    "ExecutionService.GetWorkflowsByType": frozenset({"start_time", "end_time"}),
    # 0 is at once.
    "ExecutionService.RemoveWorkflowWithExpiry": frozenset({"ttl_seconds"}),
    # 0 is what ended yesterday.
    "IndexService.SearchArchivableWorkflows": frozenset({"archive_ttl_days"}),
}

UNSERVED: frozenset[str] = frozenset()
"""What this version answers with UNIMPLEMENTED."""

WORLD: dict[str, Fields] = {
    "ExecutionService.CreateWorkflow": {"workflow": _UPDATED_WORKFLOW},
    "ExecutionService.CreateTasks": {
        "tasks": [{**_TASK, "task_type": "encode", "status": "TASK_STATUS_SCHEDULED"}]
    },
    "QueueService.Push": _MESSAGE,
    "MetadataService.CreateTaskDef": {"task_def": _TASK_DEF},
    "MetadataService.CreateWorkflowDef": {"workflow_def": _WORKFLOW_DEF},
    "EventHandlerService.AddEventHandler": {"event_handler": _EVENT_HANDLER},
    "PollDataService.UpdateLastPollData": {"task_type": "encode"},
    "ExternalPayloadService.Upload": {"header": {"path": "task/input/a.json"}},
    "IndexService.IndexWorkflow": {"workflow": {"workflow_id": "w1", "status": "RUNNING"}},
    "IndexService.IndexTask": {"task": {"task_id": "t1", "workflow_id": "w1"}},
}
"""What to call for one of everything to be there; where it is there already, no matter."""


def valid_request(rpc: Rpc, part: str = "") -> Message:
    """The smallest valid request of an RPC; of a stream of requests, its first one.

    Args:
        rpc: The RPC.
        part: Of Commit, the way to write the workflow that shall be in it.
    """
    fields = VALID[rpc.label]
    if part == "create_workflow":
        fields = {**fields, part: _WORKFLOW}
    elif part == "update_workflow":
        fields = {**fields, part: _UPDATED_WORKFLOW}
    return request_of(rpc, fields)


def request_of(rpc: Rpc, fields: Fields) -> Message:
    """A request with these fields."""
    request: Message = ParseDict(fields, rpc.request())
    return request
