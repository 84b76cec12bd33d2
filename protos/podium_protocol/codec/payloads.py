"""What a payload is, and what a location of one is for."""

from __future__ import annotations

from typing import cast

from podium.v1 import external_payload_service_pb2 as pb
from podium_core.errors import InvalidArgumentError
from podium_core.models import PayloadOperation, PayloadType
from podium_protocol.codec.field_table import EnumTable, enum_table

_operations = enum_table(PayloadOperation, pb.PayloadOperation.DESCRIPTOR)
_types = enum_table(PayloadType, pb.PayloadType.DESCRIPTOR)


def payload_operation_to_proto(operation: PayloadOperation) -> pb.PayloadOperation:
    """What a location is for, as a number of PayloadOperation."""
    return cast("pb.PayloadOperation", _operations.numbers[operation.value])


def payload_operation_from_proto(number: int, path: str) -> PayloadOperation:
    """What a location is for.

    Raises:
        InvalidArgumentError: It isn't said, or the enum has no such value.
    """
    if not number:
        raise InvalidArgumentError(path, "is required")
    return PayloadOperation(_value(_operations, number, path))


def payload_type_to_proto(payload_type: PayloadType | None) -> pb.PayloadType:
    """What a payload is, as a number of PayloadType; None: not said."""
    number = 0 if payload_type is None else _types.numbers[payload_type.value]
    return cast("pb.PayloadType", number)


def payload_type_from_proto(number: int, path: str) -> PayloadType | None:
    """What a payload is; None where that isn't said.

    Raises:
        InvalidArgumentError: The enum has no such value.
    """
    return PayloadType(_value(_types, number, path)) if number else None


def _value(table: EnumTable, number: int, path: str) -> str:
    member = table.members.get(number)
    if member is None:
        raise InvalidArgumentError(path, f"must be a value of the enum, is {number}")
    return str(member.value)
