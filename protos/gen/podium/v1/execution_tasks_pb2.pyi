from podium.v1 import event_pb2 as _event_pb2
from podium.v1 import execution_workflows_pb2 as _execution_workflows_pb2
from podium.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateTasksRequest(_message.Message):
    __slots__ = ("tasks", "allow_missing_workflow")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    ALLOW_MISSING_WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    allow_missing_workflow: bool
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., allow_missing_workflow: _Optional[bool] = ...) -> None: ...

class CreateTasksResponse(_message.Message):
    __slots__ = ("created_task_ids", "left_out_task_ids", "update_time")
    CREATED_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    created_task_ids: _containers.RepeatedScalarFieldContainer[str]
    left_out_task_ids: _containers.RepeatedScalarFieldContainer[str]
    update_time: int
    def __init__(self, created_task_ids: _Optional[_Iterable[str]] = ..., left_out_task_ids: _Optional[_Iterable[str]] = ..., update_time: _Optional[int] = ...) -> None: ...

class UpdateTaskRequest(_message.Message):
    __slots__ = ("task", "expected_update_time", "upsert")
    TASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPSERT_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    expected_update_time: int
    upsert: bool
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., expected_update_time: _Optional[int] = ..., upsert: _Optional[bool] = ...) -> None: ...

class UpdateTaskResponse(_message.Message):
    __slots__ = ("update_time",)
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    update_time: int
    def __init__(self, update_time: _Optional[int] = ...) -> None: ...

class UpdateTaskItem(_message.Message):
    __slots__ = ("task", "expected_update_time")
    TASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    expected_update_time: int
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., expected_update_time: _Optional[int] = ...) -> None: ...

class UpdateTasksRequest(_message.Message):
    __slots__ = ("tasks", "upsert")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    UPSERT_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[UpdateTaskItem]
    upsert: bool
    def __init__(self, tasks: _Optional[_Iterable[_Union[UpdateTaskItem, _Mapping]]] = ..., upsert: _Optional[bool] = ...) -> None: ...

class UpdateTasksResponse(_message.Message):
    __slots__ = ("update_times",)
    UPDATE_TIMES_FIELD_NUMBER: _ClassVar[int]
    update_times: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, update_times: _Optional[_Iterable[int]] = ...) -> None: ...

class RemoveTaskRequest(_message.Message):
    __slots__ = ("task_id",)
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    def __init__(self, task_id: _Optional[str] = ...) -> None: ...

class RemoveTaskResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...

class GetTaskRequest(_message.Message):
    __slots__ = ("task_id", "include_payloads")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    include_payloads: bool
    def __init__(self, task_id: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetTaskResponse(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ...) -> None: ...

class GetTasksRequest(_message.Message):
    __slots__ = ("task_ids", "include_payloads")
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    include_payloads: bool
    def __init__(self, task_ids: _Optional[_Iterable[str]] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetTasksResponse(_message.Message):
    __slots__ = ("tasks",)
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ...) -> None: ...

class GetTasksByTypeRequest(_message.Message):
    __slots__ = ("task_type", "start_key", "count", "include_payloads")
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    START_KEY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    start_key: str
    count: int
    include_payloads: bool
    def __init__(self, task_type: _Optional[str] = ..., start_key: _Optional[str] = ..., count: _Optional[int] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetTasksByTypeResponse(_message.Message):
    __slots__ = ("tasks",)
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ...) -> None: ...

class GetPendingTasksByWorkflowRequest(_message.Message):
    __slots__ = ("task_type", "workflow_id", "resume_token", "include_payloads")
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    workflow_id: str
    resume_token: str
    include_payloads: bool
    def __init__(self, task_type: _Optional[str] = ..., workflow_id: _Optional[str] = ..., resume_token: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetPendingTasksByWorkflowResponse(_message.Message):
    __slots__ = ("tasks", "resume_token", "unreadable_ids")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPendingTasksForTaskTypeRequest(_message.Message):
    __slots__ = ("task_type", "resume_token", "include_payloads")
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    resume_token: str
    include_payloads: bool
    def __init__(self, task_type: _Optional[str] = ..., resume_token: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetPendingTasksForTaskTypeResponse(_message.Message):
    __slots__ = ("tasks", "resume_token", "unreadable_ids")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetTasksForWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id", "resume_token", "include_payloads")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    resume_token: str
    include_payloads: bool
    def __init__(self, workflow_id: _Optional[str] = ..., resume_token: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetTasksForWorkflowResponse(_message.Message):
    __slots__ = ("tasks", "resume_token", "unreadable_ids", "source")
    TASKS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    source: _execution_workflows_pb2.WorkflowSource
    def __init__(self, tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ..., source: _Optional[_Union[_execution_workflows_pb2.WorkflowSource, str]] = ...) -> None: ...

class GetInProgressTaskCountRequest(_message.Message):
    __slots__ = ("task_type",)
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    def __init__(self, task_type: _Optional[str] = ...) -> None: ...

class GetInProgressTaskCountResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class ExceedsInProgressLimitRequest(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ...) -> None: ...

class ExceedsInProgressLimitResponse(_message.Message):
    __slots__ = ("exceeds",)
    EXCEEDS_FIELD_NUMBER: _ClassVar[int]
    exceeds: bool
    def __init__(self, exceeds: _Optional[bool] = ...) -> None: ...

class ExtendLeaseRequest(_message.Message):
    __slots__ = ("task_id",)
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    def __init__(self, task_id: _Optional[str] = ...) -> None: ...

class ExtendLeaseResponse(_message.Message):
    __slots__ = ("update_time",)
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    update_time: int
    def __init__(self, update_time: _Optional[int] = ...) -> None: ...

class AddEventExecutionRequest(_message.Message):
    __slots__ = ("event_execution",)
    EVENT_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    event_execution: _event_pb2.EventExecution
    def __init__(self, event_execution: _Optional[_Union[_event_pb2.EventExecution, _Mapping]] = ...) -> None: ...

class AddEventExecutionResponse(_message.Message):
    __slots__ = ("added",)
    ADDED_FIELD_NUMBER: _ClassVar[int]
    added: bool
    def __init__(self, added: _Optional[bool] = ...) -> None: ...

class UpdateEventExecutionRequest(_message.Message):
    __slots__ = ("event_execution",)
    EVENT_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    event_execution: _event_pb2.EventExecution
    def __init__(self, event_execution: _Optional[_Union[_event_pb2.EventExecution, _Mapping]] = ...) -> None: ...

class UpdateEventExecutionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RemoveEventExecutionRequest(_message.Message):
    __slots__ = ("event_execution",)
    EVENT_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    event_execution: _event_pb2.EventExecution
    def __init__(self, event_execution: _Optional[_Union[_event_pb2.EventExecution, _Mapping]] = ...) -> None: ...

class RemoveEventExecutionResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...
