from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PollData(_message.Message):
    __slots__ = ("queue_name", "domain", "worker_id", "last_poll_time", "extra_json")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_POLL_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTRA_JSON_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    domain: str
    worker_id: str
    last_poll_time: int
    extra_json: str
    def __init__(self, queue_name: _Optional[str] = ..., domain: _Optional[str] = ..., worker_id: _Optional[str] = ..., last_poll_time: _Optional[int] = ..., extra_json: _Optional[str] = ...) -> None: ...
