from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_ACTION_UNSPECIFIED: _ClassVar[EventAction]
    EVENT_ACTION_START_WORKFLOW: _ClassVar[EventAction]
    EVENT_ACTION_COMPLETE_TASK: _ClassVar[EventAction]
    EVENT_ACTION_FAIL_TASK: _ClassVar[EventAction]

class EventExecutionStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_EXECUTION_STATUS_UNSPECIFIED: _ClassVar[EventExecutionStatus]
    EVENT_EXECUTION_STATUS_IN_PROGRESS: _ClassVar[EventExecutionStatus]
    EVENT_EXECUTION_STATUS_COMPLETED: _ClassVar[EventExecutionStatus]
    EVENT_EXECUTION_STATUS_FAILED: _ClassVar[EventExecutionStatus]
    EVENT_EXECUTION_STATUS_SKIPPED: _ClassVar[EventExecutionStatus]
EVENT_ACTION_UNSPECIFIED: EventAction
EVENT_ACTION_START_WORKFLOW: EventAction
EVENT_ACTION_COMPLETE_TASK: EventAction
EVENT_ACTION_FAIL_TASK: EventAction
EVENT_EXECUTION_STATUS_UNSPECIFIED: EventExecutionStatus
EVENT_EXECUTION_STATUS_IN_PROGRESS: EventExecutionStatus
EVENT_EXECUTION_STATUS_COMPLETED: EventExecutionStatus
EVENT_EXECUTION_STATUS_FAILED: EventExecutionStatus
EVENT_EXECUTION_STATUS_SKIPPED: EventExecutionStatus

class EventHandler(_message.Message):
    __slots__ = ("document_json", "name", "event", "active")
    DOCUMENT_JSON_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    document_json: str
    name: str
    event: str
    active: bool
    def __init__(self, document_json: _Optional[str] = ..., name: _Optional[str] = ..., event: _Optional[str] = ..., active: _Optional[bool] = ...) -> None: ...

class EventExecution(_message.Message):
    __slots__ = ("id", "message_id", "name", "event", "status", "action", "output_json", "created", "extra_json")
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    id: str
    message_id: str
    name: str
    event: str
    status: EventExecutionStatus
    action: EventAction
    output_json: str
    created: int
    extra_json: str
    def __init__(self, id: _Optional[str] = ..., message_id: _Optional[str] = ..., name: _Optional[str] = ..., event: _Optional[str] = ..., status: _Optional[_Union[EventExecutionStatus, str]] = ..., action: _Optional[_Union[EventAction, str]] = ..., output_json: _Optional[str] = ..., created: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
