from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_STATUS_UNSPECIFIED: _ClassVar[TaskStatus]
    TASK_STATUS_IN_PROGRESS: _ClassVar[TaskStatus]
    TASK_STATUS_CANCELED: _ClassVar[TaskStatus]
    TASK_STATUS_FAILED: _ClassVar[TaskStatus]
    TASK_STATUS_FAILED_WITH_TERMINAL_ERROR: _ClassVar[TaskStatus]
    TASK_STATUS_COMPLETED: _ClassVar[TaskStatus]
    TASK_STATUS_COMPLETED_WITH_ERRORS: _ClassVar[TaskStatus]
    TASK_STATUS_SCHEDULED: _ClassVar[TaskStatus]
    TASK_STATUS_TIMED_OUT: _ClassVar[TaskStatus]
    TASK_STATUS_SKIPPED: _ClassVar[TaskStatus]
TASK_STATUS_UNSPECIFIED: TaskStatus
TASK_STATUS_IN_PROGRESS: TaskStatus
TASK_STATUS_CANCELED: TaskStatus
TASK_STATUS_FAILED: TaskStatus
TASK_STATUS_FAILED_WITH_TERMINAL_ERROR: TaskStatus
TASK_STATUS_COMPLETED: TaskStatus
TASK_STATUS_COMPLETED_WITH_ERRORS: TaskStatus
TASK_STATUS_SCHEDULED: TaskStatus
TASK_STATUS_TIMED_OUT: TaskStatus
TASK_STATUS_SKIPPED: TaskStatus

class Task(_message.Message):
    __slots__ = ("task_id", "workflow_instance_id", "status", "task_type", "reference_task_name", "input_data_json", "output_data_json", "task_def_name", "retry_count", "seq", "scheduled_time", "start_time", "update_time", "end_time", "workflow_type", "correlation_id", "poll_count", "start_delay_in_seconds", "retried_task_id", "retried", "executed", "callback_from_worker", "response_timeout_seconds", "reason_for_incompletion", "callback_after_seconds", "worker_id", "workflow_task_json", "domain", "input_message_json", "output_message_json", "rate_limit_per_frequency", "rate_limit_frequency_in_seconds", "external_input_payload_storage_path", "external_output_payload_storage_path", "workflow_priority", "execution_name_space", "isolation_group_id", "iteration", "sub_workflow_id", "wait_timeout", "subworkflow_changed", "extra_json")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_TASK_NAME_FIELD_NUMBER: _ClassVar[int]
    INPUT_DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_DATA_JSON_FIELD_NUMBER: _ClassVar[int]
    TASK_DEF_NAME_FIELD_NUMBER: _ClassVar[int]
    RETRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    POLL_COUNT_FIELD_NUMBER: _ClassVar[int]
    START_DELAY_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    RETRIED_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    RETRIED_FIELD_NUMBER: _ClassVar[int]
    EXECUTED_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FROM_WORKER_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FOR_INCOMPLETION_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TASK_JSON_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    INPUT_MESSAGE_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_MESSAGE_JSON_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_PER_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FREQUENCY_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_INPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_OUTPUT_PAYLOAD_STORAGE_PATH_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_NAME_SPACE_FIELD_NUMBER: _ClassVar[int]
    ISOLATION_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    ITERATION_FIELD_NUMBER: _ClassVar[int]
    SUB_WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    SUBWORKFLOW_CHANGED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    workflow_instance_id: str
    status: TaskStatus
    task_type: str
    reference_task_name: str
    input_data_json: str
    output_data_json: str
    task_def_name: str
    retry_count: int
    seq: int
    scheduled_time: int
    start_time: int
    update_time: int
    end_time: int
    workflow_type: str
    correlation_id: str
    poll_count: int
    start_delay_in_seconds: int
    retried_task_id: str
    retried: bool
    executed: bool
    callback_from_worker: bool
    response_timeout_seconds: int
    reason_for_incompletion: str
    callback_after_seconds: int
    worker_id: str
    workflow_task_json: str
    domain: str
    input_message_json: str
    output_message_json: str
    rate_limit_per_frequency: int
    rate_limit_frequency_in_seconds: int
    external_input_payload_storage_path: str
    external_output_payload_storage_path: str
    workflow_priority: int
    execution_name_space: str
    isolation_group_id: str
    iteration: int
    sub_workflow_id: str
    wait_timeout: int
    subworkflow_changed: bool
    extra_json: str
    def __init__(self, task_id: _Optional[str] = ..., workflow_instance_id: _Optional[str] = ..., status: _Optional[_Union[TaskStatus, str]] = ..., task_type: _Optional[str] = ..., reference_task_name: _Optional[str] = ..., input_data_json: _Optional[str] = ..., output_data_json: _Optional[str] = ..., task_def_name: _Optional[str] = ..., retry_count: _Optional[int] = ..., seq: _Optional[int] = ..., scheduled_time: _Optional[int] = ..., start_time: _Optional[int] = ..., update_time: _Optional[int] = ..., end_time: _Optional[int] = ..., workflow_type: _Optional[str] = ..., correlation_id: _Optional[str] = ..., poll_count: _Optional[int] = ..., start_delay_in_seconds: _Optional[int] = ..., retried_task_id: _Optional[str] = ..., retried: _Optional[bool] = ..., executed: _Optional[bool] = ..., callback_from_worker: _Optional[bool] = ..., response_timeout_seconds: _Optional[int] = ..., reason_for_incompletion: _Optional[str] = ..., callback_after_seconds: _Optional[int] = ..., worker_id: _Optional[str] = ..., workflow_task_json: _Optional[str] = ..., domain: _Optional[str] = ..., input_message_json: _Optional[str] = ..., output_message_json: _Optional[str] = ..., rate_limit_per_frequency: _Optional[int] = ..., rate_limit_frequency_in_seconds: _Optional[int] = ..., external_input_payload_storage_path: _Optional[str] = ..., external_output_payload_storage_path: _Optional[str] = ..., workflow_priority: _Optional[int] = ..., execution_name_space: _Optional[str] = ..., isolation_group_id: _Optional[str] = ..., iteration: _Optional[int] = ..., sub_workflow_id: _Optional[str] = ..., wait_timeout: _Optional[int] = ..., subworkflow_changed: _Optional[bool] = ..., extra_json: _Optional[str] = ...) -> None: ...
