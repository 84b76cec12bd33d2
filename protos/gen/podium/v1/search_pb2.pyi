from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class WorkflowSummary(_message.Message):
    __slots__ = ("workflow_id", "workflow_type", "version", "status", "correlation_id", "start_time", "update_time", "end_time", "input", "output", "reason_for_incompletion", "execution_time", "event", "failed_reference_task_names", "failed_task_names", "priority", "input_size", "output_size", "external_input_payload_storage_path", "external_output_payload_storage_path", "archived", "extra_json")
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REASON_FOR_INCOMPLETION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    FAILED_REFERENCE_TASK_NAMES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TASK_NAMES_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    INPUT_SIZE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_INPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_OUTPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    workflow_id: str
    workflow_type: str
    version: int
    status: str
    correlation_id: str
    start_time: int
    update_time: int
    end_time: int
    input: str
    output: str
    reason_for_incompletion: str
    execution_time: int
    event: str
    failed_reference_task_names: str
    failed_task_names: _containers.RepeatedScalarFieldContainer[str]
    priority: int
    input_size: int
    output_size: int
    external_input_payload_storage_path: str
    external_output_payload_storage_path: str
    archived: bool
    extra_json: str
    def __init__(self, workflow_id: _Optional[str] = ..., workflow_type: _Optional[str] = ..., version: _Optional[int] = ..., status: _Optional[str] = ..., correlation_id: _Optional[str] = ..., start_time: _Optional[int] = ..., update_time: _Optional[int] = ..., end_time: _Optional[int] = ..., input: _Optional[str] = ..., output: _Optional[str] = ..., reason_for_incompletion: _Optional[str] = ..., execution_time: _Optional[int] = ..., event: _Optional[str] = ..., failed_reference_task_names: _Optional[str] = ..., failed_task_names: _Optional[_Iterable[str]] = ..., priority: _Optional[int] = ..., input_size: _Optional[int] = ..., output_size: _Optional[int] = ..., external_input_payload_storage_path: _Optional[str] = ..., external_output_payload_storage_path: _Optional[str] = ..., archived: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class TaskSummary(_message.Message):
    __slots__ = ("task_id", "workflow_id", "workflow_type", "task_def_name", "task_type", "status", "correlation_id", "scheduled_time", "start_time", "update_time", "end_time", "input", "output", "reason_for_incompletion", "execution_time", "queue_wait_time", "external_input_payload_storage_path", "external_output_payload_storage_path", "workflow_priority", "domain", "archived", "extra_json")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    TASK_DEF_NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    REASON_FOR_INCOMPLETION_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUE_WAIT_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_INPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_OUTPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    ARCHIVED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    workflow_id: str
    workflow_type: str
    task_def_name: str
    task_type: str
    status: str
    correlation_id: str
    scheduled_time: int
    start_time: int
    update_time: int
    end_time: int
    input: str
    output: str
    reason_for_incompletion: str
    execution_time: int
    queue_wait_time: int
    external_input_payload_storage_path: str
    external_output_payload_storage_path: str
    workflow_priority: int
    domain: str
    archived: bool
    extra_json: str
    def __init__(self, task_id: _Optional[str] = ..., workflow_id: _Optional[str] = ..., workflow_type: _Optional[str] = ..., task_def_name: _Optional[str] = ..., task_type: _Optional[str] = ..., status: _Optional[str] = ..., correlation_id: _Optional[str] = ..., scheduled_time: _Optional[int] = ..., start_time: _Optional[int] = ..., update_time: _Optional[int] = ..., end_time: _Optional[int] = ..., input: _Optional[str] = ..., output: _Optional[str] = ..., reason_for_incompletion: _Optional[str] = ..., execution_time: _Optional[int] = ..., queue_wait_time: _Optional[int] = ..., external_input_payload_storage_path: _Optional[str] = ..., external_output_payload_storage_path: _Optional[str] = ..., workflow_priority: _Optional[int] = ..., domain: _Optional[str] = ..., archived: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...

class TaskExecLog(_message.Message):
    __slots__ = ("id", "task_id", "log", "created_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    task_id: str
    log: str
    created_time: int
    def __init__(self, id: _Optional[str] = ..., task_id: _Optional[str] = ..., log: _Optional[str] = ..., created_time: _Optional[int] = ...) -> None: ...

class IndexedMessage(_message.Message):
    __slots__ = ("message_id", "payload", "queue_name", "created_time")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    CREATED_TIME_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    payload: str
    queue_name: str
    created_time: int
    def __init__(self, message_id: _Optional[str] = ..., payload: _Optional[str] = ..., queue_name: _Optional[str] = ..., created_time: _Optional[int] = ...) -> None: ...
