from podium.v1 import options_pb2 as _options_pb2
from podium.v1 import task_pb2 as _task_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExceedsRateLimitPerFrequencyRequest(_message.Message):
    __slots__ = ("task", "rate_limit_per_frequency", "rate_limit_frequency_seconds")
    TASK_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_PER_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FREQUENCY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    rate_limit_per_frequency: int
    rate_limit_frequency_seconds: int
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., rate_limit_per_frequency: _Optional[int] = ..., rate_limit_frequency_seconds: _Optional[int] = ...) -> None: ...

class ExceedsRateLimitPerFrequencyResponse(_message.Message):
    __slots__ = ("exceeds",)
    EXCEEDS_FIELD_NUMBER: _ClassVar[int]
    exceeds: bool
    def __init__(self, exceeds: _Optional[bool] = ...) -> None: ...
