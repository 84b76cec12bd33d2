from podium.v1 import options_pb2 as _options_pb2
from podium.v1 import poll_data_pb2 as _poll_data_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UpdateLastPollDataRequest(_message.Message):
    __slots__ = ("task_type", "domain", "worker_id")
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    domain: str
    worker_id: str
    def __init__(self, task_type: _Optional[str] = ..., domain: _Optional[str] = ..., worker_id: _Optional[str] = ...) -> None: ...

class UpdateLastPollDataResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPollDataRequest(_message.Message):
    __slots__ = ("task_type", "domain")
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    domain: str
    def __init__(self, task_type: _Optional[str] = ..., domain: _Optional[str] = ...) -> None: ...

class GetPollDataResponse(_message.Message):
    __slots__ = ("poll_data",)
    POLL_DATA_FIELD_NUMBER: _ClassVar[int]
    poll_data: _poll_data_pb2.PollData
    def __init__(self, poll_data: _Optional[_Union[_poll_data_pb2.PollData, _Mapping]] = ...) -> None: ...

class GetPollDataForTaskRequest(_message.Message):
    __slots__ = ("task_type",)
    TASK_TYPE_FIELD_NUMBER: _ClassVar[int]
    task_type: str
    def __init__(self, task_type: _Optional[str] = ...) -> None: ...

class GetPollDataForTaskResponse(_message.Message):
    __slots__ = ("poll_data",)
    POLL_DATA_FIELD_NUMBER: _ClassVar[int]
    poll_data: _containers.RepeatedCompositeFieldContainer[_poll_data_pb2.PollData]
    def __init__(self, poll_data: _Optional[_Iterable[_Union[_poll_data_pb2.PollData, _Mapping]]] = ...) -> None: ...

class GetAllPollDataRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class GetAllPollDataResponse(_message.Message):
    __slots__ = ("poll_data", "resume_token", "unreadable_ids")
    POLL_DATA_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    poll_data: _containers.RepeatedCompositeFieldContainer[_poll_data_pb2.PollData]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, poll_data: _Optional[_Iterable[_Union[_poll_data_pb2.PollData, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...
