from podium.v1 import event_pb2 as _event_pb2
from podium.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddEventHandlerRequest(_message.Message):
    __slots__ = ("event_handler",)
    EVENT_HANDLER_FIELD_NUMBER: _ClassVar[int]
    event_handler: _event_pb2.EventHandler
    def __init__(self, event_handler: _Optional[_Union[_event_pb2.EventHandler, _Mapping]] = ...) -> None: ...

class AddEventHandlerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpdateEventHandlerRequest(_message.Message):
    __slots__ = ("event_handler",)
    EVENT_HANDLER_FIELD_NUMBER: _ClassVar[int]
    event_handler: _event_pb2.EventHandler
    def __init__(self, event_handler: _Optional[_Union[_event_pb2.EventHandler, _Mapping]] = ...) -> None: ...

class UpdateEventHandlerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RemoveEventHandlerRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class RemoveEventHandlerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAllEventHandlersRequest(_message.Message):
    __slots__ = ("resume_token",)
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    def __init__(self, resume_token: _Optional[str] = ...) -> None: ...

class GetAllEventHandlersResponse(_message.Message):
    __slots__ = ("event_handlers", "resume_token", "unreadable_ids")
    EVENT_HANDLERS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_IDS_FIELD_NUMBER: _ClassVar[int]
    event_handlers: _containers.RepeatedCompositeFieldContainer[_event_pb2.EventHandler]
    resume_token: str
    unreadable_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, event_handlers: _Optional[_Iterable[_Union[_event_pb2.EventHandler, _Mapping]]] = ..., resume_token: _Optional[str] = ..., unreadable_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class GetEventHandlersForEventRequest(_message.Message):
    __slots__ = ("event", "active_only")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ONLY_FIELD_NUMBER: _ClassVar[int]
    event: str
    active_only: bool
    def __init__(self, event: _Optional[str] = ..., active_only: _Optional[bool] = ...) -> None: ...

class GetEventHandlersForEventResponse(_message.Message):
    __slots__ = ("event_handlers",)
    EVENT_HANDLERS_FIELD_NUMBER: _ClassVar[int]
    event_handlers: _containers.RepeatedCompositeFieldContainer[_event_pb2.EventHandler]
    def __init__(self, event_handlers: _Optional[_Iterable[_Union[_event_pb2.EventHandler, _Mapping]]] = ...) -> None: ...
