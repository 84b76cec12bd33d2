"""Large requests: their fields are counted and measured before they are parsed, and they are parsed in pieces.

Two bytes on the wire may be an empty item, which takes a microsecond and hundreds of bytes to parse: a request of 15 MB
would hold the loop for seconds. A payload above its hard limit is refused before its text is decoded or its JSON read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from podium_core.errors import InvalidArgumentError, PayloadTooLargeError

PIECE_BYTES = 1024 * 1024
# Twice what a list of ids may hold; looked at in a few milliseconds.
MAX_FIELDS = 20_000
# Fields of a record, which is walked over only for its size: so many count as one item.
FIELDS_OF_ITEM = 5

_VARINT, _FIXED64, _BYTES, _GROUP, _GROUP_END, _FIXED32 = range(6)


class _Shape(NamedTuple):
    """A message with lists or limited fields in it, or in one of its messages.

    Attributes:
        names: Of its fields, by number.
        lists: The numbers of those that may come more than once.
        most_bytes: The most bytes of those that have a limit of their own.
        least_bytes: A message of no more bytes has no field above its limit, and is not walked. 0: it is, for its lists.
        inner: Those of its messages that have a shape.
    """

    names: Mapping[int, str]
    lists: frozenset[int]
    most_bytes: Mapping[int, int]
    least_bytes: int
    inner: Mapping[int, _Shape]


class LargeRequests:
    """Parses the large requests of one type."""

    def __init__(self, request_type: Any, most_bytes: Mapping[str, int] | None = None) -> None:
        """Takes the class of the request, and the most bytes of fields, each by its full name."""
        self._type = request_type
        self._shape = _shape_of(request_type.DESCRIPTOR, (), most_bytes or {})

    async def parse(self, data: bytes) -> Any:
        """The request.

        Raises:
            InvalidArgumentError: It has more fields than any legal one.
            PayloadTooLargeError: A field is above its limit.
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


def _shape_of(
    descriptor: Descriptor, above: tuple[Descriptor, ...], most_bytes: Mapping[str, int]
) -> _Shape:
    limits = {
        field.number: most_bytes[field.full_name]
        for field in descriptor.fields
        if field.full_name in most_bytes
    }
    # The records inside a record are ignored by writes, so they have no limits.
    limits_inside = {} if limits else most_bytes
    inner = {
        field.number: shape
        for field in descriptor.fields
        if (shape := _inner(field, (*above, descriptor), limits_inside)) is not None
    }
    names = {field.number: field.name for field in descriptor.fields}
    lists = frozenset(field.number for field in descriptor.fields if field.is_repeated)
    least = [*limits.values(), *(shape.least_bytes for shape in inner.values())]
    return _Shape(names, lists, limits, 0 if lists else min(least, default=0), inner)


def _inner(
    field: FieldDescriptor, above: tuple[Descriptor, ...], most_bytes: Mapping[str, int]
) -> _Shape | None:
    message = field.message_type
    if message is None or message in above or message.GetOptions().map_entry:
        return None
    shape = _shape_of(message, above, most_bytes)
    return shape if shape.inner or shape.lists or shape.most_bytes else None


class _Scan:
    """Walks over the fields of a message on the wire. It leaves the rest to the parser from a malformed field on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = MAX_FIELDS * FIELDS_OF_ITEM

    def top(self, shape: _Shape) -> list[int]:
        """Count and measure all fields; where the message may be cut into pieces."""
        return self._walk(0, len(self._data), shape, FIELDS_OF_ITEM)

    def _walk(self, at: int, end: int, shape: _Shape, cost: int) -> list[int]:
        data, cuts, begin, groups = self._data, list[int](), at, 0
        met: dict[int, int] = {}
        while at < end:
            tag, at = _varint(data, at, end)
            number, kind = tag >> 3, tag & 7
            self._left -= cost
            if self._left < 0:
                _refuse_more(shape.names.get(number, ""))
            if kind == _BYTES:
                size, at = _varint(data, at, end)
                inner = shape.inner.get(number)
                if inner is not None:
                    place = met[number] = met.get(number, -1) + 1
                    if size > inner.least_bytes:
                        self._walk_inner(at, min(at + size, end), inner, shape, number, place)
                elif size > shape.most_bytes.get(number, size):
                    raise PayloadTooLargeError(
                        shape.names[number], limit_bytes=shape.most_bytes[number], size_bytes=size
                    )
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

    def _walk_inner(
        self, at: int, end: int, inner: _Shape, shape: _Shape, number: int, place: int
    ) -> None:
        try:
            self._walk(at, end, inner, 1 if inner.least_bytes else FIELDS_OF_ITEM)
        except PayloadTooLargeError as error:
            name = shape.names[number]
            raise error.under(f"{name}[{place}]" if number in shape.lists else name) from None


def _refuse_more(field: str) -> NoReturn:
    raise InvalidArgumentError(field, f"a request has at most {MAX_FIELDS} items and fields")


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
