from podium.v1 import message_pb2 as _message_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PushRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "payload", "priority", "offset_ms")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    payload: str
    priority: int
    offset_ms: int
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., payload: _Optional[str] = ..., priority: _Optional[int] = ..., offset_ms: _Optional[int] = ...) -> None: ...

class PushResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PushMessagesRequest(_message.Message):
    __slots__ = ("queue_name", "messages")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    messages: _containers.RepeatedCompositeFieldContainer[_message_pb2.PushMessage]
    def __init__(self, queue_name: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_message_pb2.PushMessage, _Mapping]]] = ...) -> None: ...

class PushMessagesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PushIfNotExistsRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "payload", "priority", "offset_ms")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    payload: str
    priority: int
    offset_ms: int
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., payload: _Optional[str] = ..., priority: _Optional[int] = ..., offset_ms: _Optional[int] = ...) -> None: ...

class PushIfNotExistsResponse(_message.Message):
    __slots__ = ("pushed",)
    PUSHED_FIELD_NUMBER: _ClassVar[int]
    pushed: bool
    def __init__(self, pushed: _Optional[bool] = ...) -> None: ...

class PopRequest(_message.Message):
    __slots__ = ("queue_name", "count", "timeout_ms", "unack_timeout_ms")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    count: int
    timeout_ms: int
    unack_timeout_ms: int
    def __init__(self, queue_name: _Optional[str] = ..., count: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., unack_timeout_ms: _Optional[int] = ...) -> None: ...

class PopResponse(_message.Message):
    __slots__ = ("message_ids",)
    MESSAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    message_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, message_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PollMessagesRequest(_message.Message):
    __slots__ = ("queue_name", "count", "timeout_ms", "unack_timeout_ms")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    count: int
    timeout_ms: int
    unack_timeout_ms: int
    def __init__(self, queue_name: _Optional[str] = ..., count: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., unack_timeout_ms: _Optional[int] = ...) -> None: ...

class PollMessagesResponse(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[_message_pb2.Message]
    def __init__(self, messages: _Optional[_Iterable[_Union[_message_pb2.Message, _Mapping]]] = ...) -> None: ...

class RemoveRequest(_message.Message):
    __slots__ = ("queue_name", "message_id")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...

class RemoveResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...

class GetSizeRequest(_message.Message):
    __slots__ = ("queue_name",)
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    def __init__(self, queue_name: _Optional[str] = ...) -> None: ...

class GetSizeResponse(_message.Message):
    __slots__ = ("size",)
    SIZE_FIELD_NUMBER: _ClassVar[int]
    size: int
    def __init__(self, size: _Optional[int] = ...) -> None: ...

class AckRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "receipt")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    receipt: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...

class AckResponse(_message.Message):
    __slots__ = ("acked",)
    ACKED_FIELD_NUMBER: _ClassVar[int]
    acked: bool
    def __init__(self, acked: _Optional[bool] = ...) -> None: ...

class AckMessagesRequest(_message.Message):
    __slots__ = ("queue_name", "messages")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    messages: _containers.RepeatedCompositeFieldContainer[_message_pb2.MessageReceipt]
    def __init__(self, queue_name: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[_message_pb2.MessageReceipt, _Mapping]]] = ...) -> None: ...

class AckMessagesResponse(_message.Message):
    __slots__ = ("acked",)
    ACKED_FIELD_NUMBER: _ClassVar[int]
    acked: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, acked: _Optional[_Iterable[bool]] = ...) -> None: ...

class SetUnackTimeoutRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "unack_timeout_ms", "receipt")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    unack_timeout_ms: int
    receipt: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., unack_timeout_ms: _Optional[int] = ..., receipt: _Optional[str] = ...) -> None: ...

class SetUnackTimeoutResponse(_message.Message):
    __slots__ = ("changed",)
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    def __init__(self, changed: _Optional[bool] = ...) -> None: ...

class SetUnackTimeoutIfShorterRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "unack_timeout_ms", "receipt")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    UNACK_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    unack_timeout_ms: int
    receipt: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., unack_timeout_ms: _Optional[int] = ..., receipt: _Optional[str] = ...) -> None: ...

class SetUnackTimeoutIfShorterResponse(_message.Message):
    __slots__ = ("changed",)
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    def __init__(self, changed: _Optional[bool] = ...) -> None: ...

class FlushRequest(_message.Message):
    __slots__ = ("queue_name",)
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    def __init__(self, queue_name: _Optional[str] = ...) -> None: ...

class FlushResponse(_message.Message):
    __slots__ = ("removed_count",)
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    removed_count: int
    def __init__(self, removed_count: _Optional[int] = ...) -> None: ...

class QueuesDetailRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueuesDetailResponse(_message.Message):
    __slots__ = ("sizes",)
    class SizesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    SIZES_FIELD_NUMBER: _ClassVar[int]
    sizes: _containers.ScalarMap[str, int]
    def __init__(self, sizes: _Optional[_Mapping[str, int]] = ...) -> None: ...

class QueuesDetailVerboseRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class QueueDetail(_message.Message):
    __slots__ = ("size", "unacked")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    UNACKED_FIELD_NUMBER: _ClassVar[int]
    size: int
    unacked: int
    def __init__(self, size: _Optional[int] = ..., unacked: _Optional[int] = ...) -> None: ...

class QueuesDetailVerboseResponse(_message.Message):
    __slots__ = ("queues",)
    class QueuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: QueueDetail
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[QueueDetail, _Mapping]] = ...) -> None: ...
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    queues: _containers.MessageMap[str, QueueDetail]
    def __init__(self, queues: _Optional[_Mapping[str, QueueDetail]] = ...) -> None: ...

class ProcessUnacksRequest(_message.Message):
    __slots__ = ("queue_name",)
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    def __init__(self, queue_name: _Optional[str] = ...) -> None: ...

class ProcessUnacksResponse(_message.Message):
    __slots__ = ("returned_count",)
    RETURNED_COUNT_FIELD_NUMBER: _ClassVar[int]
    returned_count: int
    def __init__(self, returned_count: _Optional[int] = ...) -> None: ...

class ResetOffsetTimeRequest(_message.Message):
    __slots__ = ("queue_name", "message_id")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...

class ResetOffsetTimeResponse(_message.Message):
    __slots__ = ("reset",)
    RESET_FIELD_NUMBER: _ClassVar[int]
    reset: bool
    def __init__(self, reset: _Optional[bool] = ...) -> None: ...

class PostponeRequest(_message.Message):
    __slots__ = ("queue_name", "message_id", "priority", "offset_ms", "receipt")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    priority: int
    offset_ms: int
    receipt: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ..., priority: _Optional[int] = ..., offset_ms: _Optional[int] = ..., receipt: _Optional[str] = ...) -> None: ...

class PostponeResponse(_message.Message):
    __slots__ = ("postponed",)
    POSTPONED_FIELD_NUMBER: _ClassVar[int]
    postponed: bool
    def __init__(self, postponed: _Optional[bool] = ...) -> None: ...

class ContainsMessageRequest(_message.Message):
    __slots__ = ("queue_name", "message_id")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    message_id: str
    def __init__(self, queue_name: _Optional[str] = ..., message_id: _Optional[str] = ...) -> None: ...

class ContainsMessageResponse(_message.Message):
    __slots__ = ("contains",)
    CONTAINS_FIELD_NUMBER: _ClassVar[int]
    contains: bool
    def __init__(self, contains: _Optional[bool] = ...) -> None: ...

class PeekFirstIdsRequest(_message.Message):
    __slots__ = ("queue_name", "count")
    QUEUE_NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    queue_name: str
    count: int
    def __init__(self, queue_name: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class PeekFirstIdsResponse(_message.Message):
    __slots__ = ("message_ids",)
    MESSAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    message_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, message_ids: _Optional[_Iterable[str]] = ...) -> None: ...
