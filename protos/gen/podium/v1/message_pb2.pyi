from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Message(_message.Message):
    __slots__ = ("id", "payload", "priority", "receipt", "delivery_count")
    ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_COUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    payload: str
    priority: int
    receipt: str
    delivery_count: int
    def __init__(self, id: _Optional[str] = ..., payload: _Optional[str] = ..., priority: _Optional[int] = ..., receipt: _Optional[str] = ..., delivery_count: _Optional[int] = ...) -> None: ...

class PushMessage(_message.Message):
    __slots__ = ("id", "payload", "priority", "offset_ms")
    ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    id: str
    payload: str
    priority: int
    offset_ms: int
    def __init__(self, id: _Optional[str] = ..., payload: _Optional[str] = ..., priority: _Optional[int] = ..., offset_ms: _Optional[int] = ...) -> None: ...

class MessageReceipt(_message.Message):
    __slots__ = ("message_id", "receipt")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    message_id: str
    receipt: str
    def __init__(self, message_id: _Optional[str] = ..., receipt: _Optional[str] = ...) -> None: ...
