from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Repeat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPEAT_UNSPECIFIED: _ClassVar[Repeat]
    REPEAT_READ: _ClassVar[Repeat]
    REPEAT_SAME_END_STATE: _ClassVar[Repeat]
    REPEAT_COSTS: _ClassVar[Repeat]
    REPEAT_KEYED: _ClassVar[Repeat]
    REPEAT_OVERWRITES: _ClassVar[Repeat]
REPEAT_UNSPECIFIED: Repeat
REPEAT_READ: Repeat
REPEAT_SAME_END_STATE: Repeat
REPEAT_COSTS: Repeat
REPEAT_KEYED: Repeat
REPEAT_OVERWRITES: Repeat
REPEAT_FIELD_NUMBER: _ClassVar[int]
repeat: _descriptor.FieldDescriptor
