from podium.v1 import task_pb2 as _task_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WorkflowStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WORKFLOW_STATUS_UNSPECIFIED: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_RUNNING: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_COMPLETED: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_FAILED: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_TIMED_OUT: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_TERMINATED: _ClassVar[WorkflowStatus]
    WORKFLOW_STATUS_PAUSED: _ClassVar[WorkflowStatus]
WORKFLOW_STATUS_UNSPECIFIED: WorkflowStatus
WORKFLOW_STATUS_RUNNING: WorkflowStatus
WORKFLOW_STATUS_COMPLETED: WorkflowStatus
WORKFLOW_STATUS_FAILED: WorkflowStatus
WORKFLOW_STATUS_TIMED_OUT: WorkflowStatus
WORKFLOW_STATUS_TERMINATED: WorkflowStatus
WORKFLOW_STATUS_PAUSED: WorkflowStatus

class Workflow(_message.Message):
    __slots__ = ("workflow_id", "status", "workflow_definition_json", "input_json", "output_json", "tasks", "correlation_id", "priority", "create_time", "updated_time", "end_time", "variables_json", "parent_workflow_id", "parent_workflow_task_id", "reason_for_incompletion", "re_run_from_workflow_id", "event", "task_to_domain", "failed_reference_task_names", "failed_task_names", "external_input_payload_storage_path", "external_output_payload_storage_path", "last_retried_time", "owner_app", "created_by", "updated_by", "failed_task_id", "previous_status", "extra_json")
    class TaskToDomainEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_DEFINITION_JSON_FIELD_NUMBER: _ClassVar[int]
    INPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATED_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    VARIABLES_JSON_FIELD_NUMBER: _ClassVar[int]
    PARENT_WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_WORKFLOW_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FOR_INCOMPLETION_FIELD_NUMBER: _ClassVar[int]
    RE_RUN_FROM_WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    TASK_TO_DOMAIN_FIELD_NUMBER: _ClassVar[int]
    FAILED_REFERENCE_TASK_NAMES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TASK_NAMES_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_INPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_OUTPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    LAST_RETRIED_TIME_FIELD_NUMBER: _ClassVar[int]
    OWNER_APP_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    FAILED_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_STATUS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    status: WorkflowStatus
    workflow_definition_json: str
    input_json: str
    output_json: str
    tasks: _containers.RepeatedCompositeFieldContainer[_task_pb2.Task]
    correlation_id: str
    priority: int
    create_time: int
    updated_time: int
    end_time: int
    variables_json: str
    parent_workflow_id: str
    parent_workflow_task_id: str
    reason_for_incompletion: str
    re_run_from_workflow_id: str
    event: str
    task_to_domain: _containers.ScalarMap[str, str]
    failed_reference_task_names: _containers.RepeatedScalarFieldContainer[str]
    failed_task_names: _containers.RepeatedScalarFieldContainer[str]
    external_input_payload_storage_path: str
    external_output_payload_storage_path: str
    last_retried_time: int
    owner_app: str
    created_by: str
    updated_by: str
    failed_task_id: str
    previous_status: WorkflowStatus
    extra_json: str
    def __init__(self, workflow_id: _Optional[str] = ..., status: _Optional[_Union[WorkflowStatus, str]] = ..., workflow_definition_json: _Optional[str] = ..., input_json: _Optional[str] = ..., output_json: _Optional[str] = ..., tasks: _Optional[_Iterable[_Union[_task_pb2.Task, _Mapping]]] = ..., correlation_id: _Optional[str] = ..., priority: _Optional[int] = ..., create_time: _Optional[int] = ..., updated_time: _Optional[int] = ..., end_time: _Optional[int] = ..., variables_json: _Optional[str] = ..., parent_workflow_id: _Optional[str] = ..., parent_workflow_task_id: _Optional[str] = ..., reason_for_incompletion: _Optional[str] = ..., re_run_from_workflow_id: _Optional[str] = ..., event: _Optional[str] = ..., task_to_domain: _Optional[_Mapping[str, str]] = ..., failed_reference_task_names: _Optional[_Iterable[str]] = ..., failed_task_names: _Optional[_Iterable[str]] = ..., external_input_payload_storage_path: _Optional[str] = ..., external_output_payload_storage_path: _Optional[str] = ..., last_retried_time: _Optional[int] = ..., owner_app: _Optional[str] = ..., created_by: _Optional[str] = ..., updated_by: _Optional[str] = ..., failed_task_id: _Optional[str] = ..., previous_status: _Optional[_Union[WorkflowStatus, str]] = ..., extra_json: _Optional[str] = ...) -> None: ...
