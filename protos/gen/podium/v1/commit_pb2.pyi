from podium.v1 import execution_tasks_pb2 as _execution_tasks_pb2
from podium.v1 import task_pb2 as _task_pb2
from podium.v1 import workflow_pb2 as _workflow_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommitGuarantee(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMMIT_GUARANTEE_UNSPECIFIED: _ClassVar[CommitGuarantee]
    COMMIT_GUARANTEE_ATOMIC: _ClassVar[CommitGuarantee]
    COMMIT_GUARANTEE_ORDERED: _ClassVar[CommitGuarantee]
COMMIT_GUARANTEE_UNSPECIFIED: CommitGuarantee
COMMIT_GUARANTEE_ATOMIC: CommitGuarantee
COMMIT_GUARANTEE_ORDERED: CommitGuarantee

class CommitPush(_message.Message):
    __slots__ = ("queue_name", "message_id", "payload", "priority", "offset_ms")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    payload: str
    priority: int
    offset_ms: int
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., payload: _Optional[str] = ..., priority: _Optional[int] = ..., offset_ms: _Optional[int] = ...) -> None: ...

class CommitAck(_message.Message):
    __slots__ = ("queue_name", "message_id", "receipt")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    receipt: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...

class CommitRemove(_message.Message):
    __slots__ = ("queue_name", "message_id")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...

class CommitRequest(_message.Message):
    __slots__ = ("workflow_id", "create_workflow", "update_workflow", "expected_update_time", "create_tasks", "update_tasks", "pushes", "acks", "removes", "request_id")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    UPDATE_WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATE_TASKS_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TASKS_FIELD_NUMBER: _ClassVar[int]
    PUSHES_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    REMOVES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    create_workflow: _workflow_pb2.Workflow
    update_workflow: _workflow_pb2.Workflow
    expected_update_time: int
    create_tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    update_tasks: _containers.RepeatedCompositeFieldContainer[_execution_tasks_pb2.UpdateTaskItem]
    pushes: _containers.RepeatedCompositeFieldContainer[CommitPush]
    acks: _containers.RepeatedCompositeFieldContainer[CommitAck]
    removes: _containers.RepeatedCompositeFieldContainer[CommitRemove]
    request_id: str
    def __init__(self, workflow_id: _Optional[str] = ..., create_workflow: _Optional[_Union[_workflow_pb2.Workflow, _Mapping]] = ..., update_workflow: _Optional[_Union[_workflow_pb2.Workflow, _Mapping]] = ..., expected_update_time: _Optional[int] = ..., create_tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., update_tasks: _Optional[_Iterable[_Union[_execution_tasks_pb2.UpdateTaskItem, _Mapping]]] = ..., pushes: _Optional[_Iterable[_Union[CommitPush, _Mapping]]] = ..., acks: _Optional[_Iterable[_Union[CommitAck, _Mapping]]] = ..., removes: _Optional[_Iterable[_Union[CommitRemove, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CommitResponse(_message.Message):
    __slots__ = ("workflow_created", "updated_time", "created_task_ids", "left_out_task_ids", "created_update_time", "update_task_times", "acked", "removed", "guarantee", "replayed")
    WORKFLOW_CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_TIME_FIELD_NUMBER: _ClassVar[int]
    CREATED_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATED_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TASK_TIMES_FIELD_NUMBER: _ClassVar[int]
    ACKED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    GUARANTEE_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    workflow_created: bool
    updated_time: int
    created_task_ids: _containers.RepeatedScalarFieldContainer[str]
    left_out_task_ids: _containers.RepeatedScalarFieldContainer[str]
    created_update_time: int
    update_task_times: _containers.RepeatedScalarFieldContainer[int]
    acked: _containers.RepeatedScalarFieldContainer[bool]
    removed: _containers.RepeatedScalarFieldContainer[bool]
    guarantee: CommitGuarantee
    replayed: bool
    def __init__(self, workflow_created: _Optional[bool] = ..., updated_time: _Optional[int] = ..., created_task_ids: _Optional[_Iterable[str]] = ..., left_out_task_ids: _Optional[_Iterable[str]] = ..., created_update_time: _Optional[int] = ..., update_task_times: _Optional[_Iterable[int]] = ..., acked: _Optional[_Iterable[bool]] = ..., removed: _Optional[_Iterable[bool]] = ..., guarantee: _Optional[_Union[CommitGuarantee, str]] = ..., replayed: _Optional[bool] = ...) -> None: ...
