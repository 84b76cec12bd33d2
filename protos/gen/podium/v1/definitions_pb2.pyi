from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class WorkflowDef(_message.Message):
    __slots__ = ("document_json", "name", "version", "owner_app", "owner_email", "create_time", "update_time")
    DOCUMENT_JSON_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    OWNER_APP_FIELD_NUMBER: _ClassVar[int]
    OWNER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    document_json: str
    name: str
    version: int
    owner_app: str
    owner_email: str
    create_time: int
    update_time: int
    def __init__(self, document_json: _Optional[str] = ..., name: _Optional[str] = ..., version: _Optional[int] = ..., owner_app: _Optional[str] = ..., owner_email: _Optional[str] = ..., create_time: _Optional[int] = ..., update_time: _Optional[int] = ...) -> None: ...

class TaskDef(_message.Message):
    __slots__ = ("document_json", "name", "owner_app", "owner_email", "create_time", "update_time")
    DOCUMENT_JSON_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_APP_FIELD_NUMBER: _ClassVar[int]
    OWNER_EMAIL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    document_json: str
    name: str
    owner_app: str
    owner_email: str
    create_time: int
    update_time: int
    def __init__(self, document_json: _Optional[str] = ..., name: _Optional[str] = ..., owner_app: _Optional[str] = ..., owner_email: _Optional[str] = ..., create_time: _Optional[int] = ..., update_time: _Optional[int] = ...) -> None: ...
