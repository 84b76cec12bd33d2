from podium.v1 import message_pb2 as _message_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConsumeRequest(_message.Message):
    __slots__ = ("open", "grant", "ack", "extend", "give_back")
    class Open(_message.Message):
        __slots__ = ("queue_name", "credit", "unack_timeout_ms")
        QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
        CREDIT_FIELD_NUMBER: _ClassVar[int]
        UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
        queue_name: str
        credit: int
        unack_timeout_ms: int
        def __init__(self, queue_name: _Optional[str] = ..., credit: _Optional[int] = ..., unack_timeout_ms: _Optional[int] = ...) -> None: ...
    class Grant(_message.Message):
        __slots__ = ("credit",)
        CREDIT_FIELD_NUMBER: _ClassVar[int]
        credit: int
        def __init__(self, credit: _Optional[int] = ...) -> None: ...
    class Ack(_message.Message):
        __slots__ = ("message_id", "receipt")
        MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
        RECEIPT_FIELD_NUMBER: _ClassVar[int]
        message_id: str
        receipt: str
        def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...
    class Extend(_message.Message):
        __slots__ = ("message_id", "receipt", "unack_timeout_ms")
        MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
        RECEIPT_FIELD_NUMBER: _ClassVar[int]
        UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
        message_id: str
        receipt: str
        unack_timeout_ms: int
        def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[str] = ..., unack_timeout_ms: _Optional[int] = ...) -> None: ...
    class GiveBack(_message.Message):
        __slots__ = ("message_id", "receipt")
        MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
        RECEIPT_FIELD_NUMBER: _ClassVar[int]
        message_id: str
        receipt: str
        def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...
    OPEN_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    GIVE_BACK_FIELD_NUMBER: _ClassVar[int]
    open: ConsumeRequest.Open
    grant: ConsumeRequest.Grant
    ack: ConsumeRequest.Ack
    extend: ConsumeRequest.Extend
    give_back: ConsumeRequest.GiveBack
    def __init__(self, open: _Optional[_Union[ConsumeRequest.Open, _Mapping]] = ..., grant: _Optional[_Union[ConsumeRequest.Grant, _Mapping]] = ..., ack: _Optional[_Union[ConsumeRequest.Ack, _Mapping]] = ..., extend: _Optional[_Union[ConsumeRequest.Extend, _Mapping]] = ..., give_back: _Optional[_Union[ConsumeRequest.GiveBack, _Mapping]] = ...) -> None: ...

class ConsumeResponse(_message.Message):
    __slots__ = ("messages", "result")
    class Messages(_message.Message):
        __slots__ = ("messages", "unack_timeout_ms")
        MESSAGES_FIELD_NUMBER: _ClassVar[int]
        UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
        messages: _containers.RepeatedCompositeFieldContainer[_message_pb2.Message]
        unack_timeout_ms: int
        def __init__(self, messages: _Optional[_Iterable[_Union[_message_pb2.Message, _Mapping]]] = ..., unack_timeout_ms: _Optional[int] = ...) -> None: ...
    class Result(_message.Message):
        __slots__ = ("message_id", "receipt", "done")
        MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
        RECEIPT_FIELD_NUMBER: _ClassVar[int]
        DONE_FIELD_NUMBER: _ClassVar[int]
        message_id: str
        receipt: str
        done: bool
        def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[str] = ..., done: _Optional[bool] = ...) -> None: ...
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    messages: ConsumeResponse.Messages
    result: ConsumeResponse.Result
    def __init__(self, messages: _Optional[_Union[ConsumeResponse.Messages, _Mapping]] = ..., result: _Optional[_Union[ConsumeResponse.Result, _Mapping]] = ...) -> None: ...
