"""Large requests: their fields are counted before they are parsed, and they are parsed in pieces.

Two bytes on the wire may be an empty item, which takes a microsecond and hundreds of bytes to parse: a request of 15 MB
would hold the loop for seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from podium_core.errors import InvalidArgumentError

PIECE_BYTES = 1024 * 1024
# Twice what a list of ids may hold; looked at in a few milliseconds.
MAX_FIELDS = 20_000

_VARINT, _FIXED64, _BYTES, _GROUP, _GROUP_END, _FIXED32 = range(6)


class _Shape(NamedTuple):
    """A message with lists in it, or in one of its messages.

    Attributes:
        names: Of its fields, by number.
        inner: Those of its messages that have lists.
    """

    names: Mapping[int, str]
    inner: Mapping[int, _Shape]


class LargeRequests:
    """Parses the large requests of one type."""

    def __init__(self, request_type: Any) -> None:
        """Takes the class of the request."""
        self._type = request_type
        self._shape = _shape_of(request_type.DESCRIPTOR, ())

    async def parse(self, data: bytes) -> Any:
        """The request.

        Raises:
            InvalidArgumentError: It has more fields than any legal one.
            DecodeError: The bytes aren't such a message.
        """
        cuts = _Scan(data).top(self._shape)
        message = self._type()
        begin = 0
        for end in (*cuts, len(data)):
            message.MergeFromString(data[begin:end])
            begin = end
            await asyncio.sleep(0)
        return message


def _shape_of(descriptor: Descriptor, above: tuple[Descriptor, ...]) -> _Shape:
    inner = {
        field.number: shape
        for field in descriptor.fields
        if (shape := _inner(field, (*above, descriptor))) is not None
    }
    return _Shape({field.number: field.name for field in descriptor.fields}, inner)


def _inner(field: FieldDescriptor, above: tuple[Descriptor, ...]) -> _Shape | None:
    message = field.message_type
    if message is None or message in above or message.GetOptions().map_entry:
        return None
    shape = _shape_of(message, above)
    return shape if shape.inner or any(map(_is_list, message.fields)) else None


def _is_list(field: FieldDescriptor) -> bool:
    return bool(field.is_repeated)


class _Scan:
    """Walks over the fields of a message on the wire. It leaves the rest to the parser from a malformed field on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._fields = 0

    def top(self, shape: _Shape) -> list[int]:
        """Count all fields; where the message may be cut into pieces."""
        return self._walk(0, len(self._data), shape)

    def _walk(self, at: int, end: int, shape: _Shape) -> list[int]:
        data, cuts, begin, groups = self._data, list[int](), at, 0
        while at < end:
            tag, at = _varint(data, at, end)
            number, kind = tag >> 3, tag & 7
            self._count(shape, number)
            if kind == _BYTES:
                size, at = _varint(data, at, end)
                inner = shape.inner.get(number)
                if inner is not None:
                    self._walk(at, min(at + size, end), inner)
                at += size
            elif kind == _VARINT:
                _, at = _varint(data, at, end)
            elif kind in (_FIXED64, _FIXED32):
                at += 8 if kind == _FIXED64 else 4
            elif kind in (_GROUP, _GROUP_END):
                groups += 1 if kind == _GROUP else -1
            else:
                break
            if at - begin >= PIECE_BYTES and not groups and at < end:
                cuts.append(at)
                begin = at
        return cuts

    def _count(self, shape: _Shape, number: int) -> None:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            name = shape.names.get(number, "")
            raise InvalidArgumentError(name, f"a request has at most {MAX_FIELDS} items and fields")


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise DecodeError
