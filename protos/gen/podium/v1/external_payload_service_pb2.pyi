from podium.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PayloadOperation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYLOAD_OPERATION_UNSPECIFIED: _ClassVar[PayloadOperation]
    PAYLOAD_OPERATION_READ: _ClassVar[PayloadOperation]
    PAYLOAD_OPERATION_WRITE: _ClassVar[PayloadOperation]

class PayloadType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYLOAD_TYPE_UNSPECIFIED: _ClassVar[PayloadType]
    PAYLOAD_TYPE_WORKFLOW_INPUT: _ClassVar[PayloadType]
    PAYLOAD_TYPE_WORKFLOW_OUTPUT: _ClassVar[PayloadType]
    PAYLOAD_TYPE_TASK_INPUT: _ClassVar[PayloadType]
    PAYLOAD_TYPE_TASK_OUTPUT: _ClassVar[PayloadType]
PAYLOAD_OPERATION_UNSPECIFIED: PayloadOperation
PAYLOAD_OPERATION_READ: PayloadOperation
PAYLOAD_OPERATION_WRITE: PayloadOperation
PAYLOAD_TYPE_UNSPECIFIED: PayloadType
PAYLOAD_TYPE_WORKFLOW_INPUT: PayloadType
PAYLOAD_TYPE_WORKFLOW_OUTPUT: PayloadType
PAYLOAD_TYPE_TASK_INPUT: PayloadType
PAYLOAD_TYPE_TASK_OUTPUT: PayloadType

class GetLocationRequest(_message.Message):
    __slots__ = ("operation", "payload_type", "path")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TYPE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    operation: PayloadOperation
    payload_type: PayloadType
    path: str
    def __init__(self, operation: _Optional[_Union[PayloadOperation, str]] = ..., payload_type: _Optional[_Union[PayloadType, str]] = ..., path: _Optional[str] = ...) -> None: ...

class GetLocationResponse(_message.Message):
    __slots__ = ("path", "uri")
    PATH_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    path: str
    uri: str
    def __init__(self, path: _Optional[str] = ..., uri: _Optional[str] = ...) -> None: ...

class UploadRequest(_message.Message):
    __slots__ = ("header", "chunk")
    class Header(_message.Message):
        __slots__ = ("path", "payload_type", "size_bytes")
        PATH_FIELD_NUMBER: _ClassVar[int]
        PAYLOAD_TYPE_FIELD_NUMBER: _ClassVar[int]
        SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
        path: str
        payload_type: PayloadType
        size_bytes: int
        def __init__(self, path: _Optional[str] = ..., payload_type: _Optional[_Union[PayloadType, str]] = ..., size_bytes: _Optional[int] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: UploadRequest.Header
    chunk: bytes
    def __init__(self, header: _Optional[_Union[UploadRequest.Header, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class UploadResponse(_message.Message):
    __slots__ = ("path", "size_bytes")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    path: str
    size_bytes: int
    def __init__(self, path: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class DownloadRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class DownloadResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class DeleteRequest(_message.Message):
    __slots__ = ("path",)
    PATH_FIELD_NUMBER: _ClassVar[int]
    path: str
    def __init__(self, path: _Optional[str] = ...) -> None: ...

class DeleteResponse(_message.Message):
    __slots__ = ("removed",)
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    removed: bool
    def __init__(self, removed: _Optional[bool] = ...) -> None: ...
