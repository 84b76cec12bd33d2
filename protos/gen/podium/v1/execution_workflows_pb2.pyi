from podium.v1 import workflow_pb2 as _workflow_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IfExists(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IF_EXISTS_UNSPECIFIED: _ClassVar[IfExists]
    IF_EXISTS_REPLACE: _ClassVar[IfExists]

class WorkflowSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORKFLOW_SOURCE_UNSPECIFIED: _ClassVar[WorkflowSource]
    WORKFLOW_SOURCE_PRIMARY: _ClassVar[WorkflowSource]
    WORKFLOW_SOURCE_ARCHIVE: _ClassVar[WorkflowSource]
IF_EXISTS_UNSPECIFIED: IfExists
IF_EXISTS_REPLACE: IfExists
WORKFLOW_SOURCE_UNSPECIFIED: WorkflowSource
WORKFLOW_SOURCE_PRIMARY: WorkflowSource
WORKFLOW_SOURCE_ARCHIVE: WorkflowSource

class CreateWorkflowRequest(_message.Message):
    __slots__ = ("workflow", "if_exists")
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    workflow: _workflow_pb2.Workflow
    if_exists: IfExists
    def __init__(self, workflow: _Optional[_Union[_workflow_pb2.Workflow, _Mapping]] = ..., if_exists: _Optional[_Union[IfExists, str]] = ...) -> None: ...

class CreateWorkflowResponse(_message.Message):
    __slots__ = ("created", "updated_time")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_TIME_FIELD_NUMBER: _ClassVar[int]
    created: bool
    updated_time: int
    def __init__(self, created: _Optional[bool] = ..., updated_time: _Optional[int] = ...) -> None: ...

class UpdateWorkflowRequest(_message.Message):
    __slots__ = ("workflow", "expected_update_time", "upsert")
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPSERT_FIELD_NUMBER: _ClassVar[int]
    workflow: _workflow_pb2.Workflow
    expected_update_time: int
    upsert: bool
    def __init__(self, workflow: _Optional[_Union[_workflow_pb2.Workflow, _Mapping]] = ..., expected_update_time: _Optional[int] = ..., upsert: _Optional[bool] = ...) -> None: ...

class UpdateWorkflowResponse(_message.Message):
    __slots__ = ("updated_time",)
    UPDATED_TIME_FIELD_NUMBER: _ClassVar[int]
    updated_time: int
    def __init__(self, updated_time: _Optional[int] = ...) -> None: ...

class RemoveWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id", "archive")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    archive: bool
    def __init__(self, workflow_id: _Optional[str] = ..., archive: _Optional[bool] = ...) -> None: ...

class RemoveWorkflowResponse(_message.Message):
    __slots__ = ("removed", "source")
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    source: WorkflowSource
    def __init__(self, removed: _Optional[bool] = ..., source: _Optional[_Union[WorkflowSource, str]] = ...) -> None: ...

class RemoveWorkflowWithExpiryRequest(_message.Message):
    __slots__ = ("workflow_id", "archive", "ttl_seconds")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    ARCHIVE_FIELD_NUMBER: _ClassVar[int]
    TTL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    archive: bool
    ttl_seconds: int
    def __init__(self, workflow_id: _Optional[str] = ..., archive: _Optional[bool] = ..., ttl_seconds: _Optional[int] = ...) -> None: ...

class RemoveWorkflowWithExpiryResponse(_message.Message):
    __slots__ = ("removed", "source")
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    source: WorkflowSource
    def __init__(self, removed: _Optional[bool] = ..., source: _Optional[_Union[WorkflowSource, str]] = ...) -> None: ...

class RemoveFromPendingWorkflowRequest(_message.Message):
    __slots__ = ("workflow_name", "workflow_id")
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    workflow_id: str
    def __init__(self, workflow_name: _Optional[str] = ..., workflow_id: _Optional[str] = ...) -> None: ...

class RemoveFromPendingWorkflowResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id", "include_tasks", "include_payloads")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TASKS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    include_tasks: bool
    include_payloads: bool
    def __init__(self, workflow_id: _Optional[str] = ..., include_tasks: _Optional[bool] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetWorkflowResponse(_message.Message):
    __slots__ = ("workflow", "source")
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    workflow: _workflow_pb2.Workflow
    source: WorkflowSource
    def __init__(self, workflow: _Optional[_Union[_workflow_pb2.Workflow, _Mapping]] = ..., source: _Optional[_Union[WorkflowSource, str]] = ...) -> None: ...

class GetWorkflowsRequest(_message.Message):
    __slots__ = ("workflow_ids", "include_tasks", "include_payloads", "resume_token")
    WORKFLOW_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TASKS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workflow_ids: _containers.RepeatedScalarFieldContainer[str]
    include_tasks: bool
    include_payloads: bool
    resume_token: str
    def __init__(self, workflow_ids: _Optional[_Iterable[str]] = ..., include_tasks: _Optional[bool] = ..., include_payloads: _Optional[bool] = ..., resume_token: _Optional[str] = ...) -> None: ...

class GetWorkflowsResponse(_message.Message):
    __slots__ = ("workflows", "resume_token", "unreadable_ids")
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflows: _containers.RepeatedCompositeFieldContainer[_workflow_pb2.Workflow]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflows: _Optional[_Iterable[_Union[_workflow_pb2.Workflow, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetRunningWorkflowIdsRequest(_message.Message):
    __slots__ = ("workflow_name", "version", "resume_token")
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    version: int
    resume_token: str
    def __init__(self, workflow_name: _Optional[str] = ..., version: _Optional[int] = ..., resume_token: _Optional[str] = ...) -> None: ...

class GetRunningWorkflowIdsResponse(_message.Message):
    __slots__ = ("workflow_ids", "resume_token", "unreadable_ids")
    WORKFLOW_IDS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflow_ids: _containers.RepeatedScalarFieldContainer[str]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflow_ids: _Optional[_Iterable[str]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPendingWorkflowsByTypeRequest(_message.Message):
    __slots__ = ("workflow_name", "version", "resume_token", "include_payloads")
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    version: int
    resume_token: str
    include_payloads: bool
    def __init__(self, workflow_name: _Optional[str] = ..., version: _Optional[int] = ..., resume_token: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetPendingWorkflowsByTypeResponse(_message.Message):
    __slots__ = ("workflows", "resume_token", "unreadable_ids")
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflows: _containers.RepeatedCompositeFieldContainer[_workflow_pb2.Workflow]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflows: _Optional[_Iterable[_Union[_workflow_pb2.Workflow, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPendingWorkflowCountRequest(_message.Message):
    __slots__ = ("workflow_name",)
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    def __init__(self, workflow_name: _Optional[str] = ...) -> None: ...

class GetPendingWorkflowCountResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class GetWorkflowsByTypeRequest(_message.Message):
    __slots__ = ("workflow_name", "start_time", "end_time", "resume_token", "include_payloads")
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    start_time: int
    end_time: int
    resume_token: str
    include_payloads: bool
    def __init__(self, workflow_name: _Optional[str] = ..., start_time: _Optional[int] = ..., end_time: _Optional[int] = ..., resume_token: _Optional[str] = ..., include_payloads: _Optional[bool] = ...) -> None: ...

class GetWorkflowsByTypeResponse(_message.Message):
    __slots__ = ("workflows", "resume_token", "unreadable_ids")
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflows: _containers.RepeatedCompositeFieldContainer[_workflow_pb2.Workflow]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflows: _Optional[_Iterable[_Union[_workflow_pb2.Workflow, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetWorkflowsByCorrelationIdRequest(_message.Message):
    __slots__ = ("workflow_name", "correlation_id", "include_tasks", "include_payloads", "resume_token")
    WORKFLOW_NAME_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_TASKS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    workflow_name: str
    correlation_id: str
    include_tasks: bool
    include_payloads: bool
    resume_token: str
    def __init__(self, workflow_name: _Optional[str] = ..., correlation_id: _Optional[str] = ..., include_tasks: _Optional[bool] = ..., include_payloads: _Optional[bool] = ..., resume_token: _Optional[str] = ...) -> None: ...

class GetWorkflowsByCorrelationIdResponse(_message.Message):
    __slots__ = ("workflows", "resume_token", "unreadable_ids")
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    workflows: _containers.RepeatedCompositeFieldContainer[_workflow_pb2.Workflow]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, workflows: _Optional[_Iterable[_Union[_workflow_pb2.Workflow, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CanSearchAcrossWorkflowsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CanSearchAcrossWorkflowsResponse(_message.Message):
    __slots__ = ("can_search_across_workflows",)
    CAN_SEARCH_ACROSS_WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    can_search_across_workflows: bool
    def __init__(self, can_search_across_workflows: _Optional[bool] = ...) -> None: ...

class ResetWorkflowRequest(_message.Message):
    __slots__ = ("workflow_id",)
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    def __init__(self, workflow_id: _Optional[str] = ...) -> None: ...

class ResetWorkflowResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...
