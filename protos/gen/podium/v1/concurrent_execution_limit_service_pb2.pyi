from podium.v1 import options_pb2 as _options_pb2
from podium.v1 import task_pb2 as _task_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddTaskToLimitRequest(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ...) -> None: ...

class AddTaskToLimitResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RemoveTaskFromLimitRequest(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ...) -> None: ...

class RemoveTaskFromLimitResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...

class ExceedsLimitRequest(_message.Message):
    __slots__ = ("task", "limit")
    TASK_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    task: _task_pb2.Task
    limit: int
    def __init__(self, task: _Optional[_Union[_task_pb2.Task, _Mapping]] = ..., limit: _Optional[int] = ...) -> None: ...

class ExceedsLimitResponse(_message.Message):
    __slots__ = ("exceeds",)
    EXCEEDS_FIELD_NUMBER: _ClassVar[int]
    exceeds: bool
    def __init__(self, exceeds: _Optional[bool] = ...) -> None: ...
