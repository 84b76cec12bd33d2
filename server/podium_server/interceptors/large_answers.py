"""Large answers: their records are serialized one by one, in turns, so that other calls go on."""

from __future__ import annotations

from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from podium_core.errors import ResultTooLargeError
from podium_server.interceptors.short_turns import ShortTurns

_BYTES = 2


class _Field(NamedTuple):
    """A field that holds messages.

    Attributes:
        name: Its name.
        tag: What stands before each of its values on the wire.
        inner: The fields of its one value that are serialized apart; None where it is a list of records.
    """

    name: str
    tag: bytes
    inner: tuple[_Field, ...] | None


class LargeAnswers:
    """Serializes the large answers of one type."""

    def __init__(self, response_type: Any, most_bytes: int) -> None:
        """Takes the class of the answer, and the most bytes of one."""
        self._fields = _fields_of(response_type.DESCRIPTOR)
        self._most = most_bytes

    async def serialize(self, answer: Message) -> bytes:
        """The answer on the wire; its records are no longer in it then.

        Raises:
            ResultTooLargeError: It is above the limit.
        """
        turns = ShortTurns()
        parts: list[bytes] = []
        await self._add(answer, self._fields, parts, turns)
        if len(parts) > 1:
            await turns.next()
        return b"".join(parts)

    async def _add(
        self, message: Any, fields: tuple[_Field, ...], parts: list[bytes], turns: ShortTurns
    ) -> int:
        """Add a message, in parts that a parser puts together again; its size."""
        size = 0
        for field in fields:
            if field.inner is None:
                for record in getattr(message, field.name):
                    data = record.SerializeToString()
                    size += _add_field(field.tag, [data], len(data), parts)
                    self._require_size(size)
                    await turns.next_if_long()
            elif message.HasField(field.name):
                inner: list[bytes] = []
                inner_size = await self._add(
                    getattr(message, field.name), field.inner, inner, turns
                )
                size += _add_field(field.tag, inner, inner_size, parts)
            message.ClearField(field.name)
        rest = message.SerializeToString()
        parts.append(rest)
        size += len(rest)
        self._require_size(size)
        return size

    def _require_size(self, size: int) -> None:
        if size > self._most:
            raise ResultTooLargeError(self._most)


def _fields_of(descriptor: Descriptor) -> tuple[_Field, ...]:
    fields = []
    for field in descriptor.fields:
        message = field.message_type
        if message is None or message.GetOptions().map_entry:
            continue
        inner = None if field.is_repeated else _fields_of(message)
        if inner != ():
            fields.append(_Field(field.name, _varint(field.number << 3 | _BYTES), inner))
    return tuple(fields)


def _add_field(tag: bytes, value: list[bytes], size: int, parts: list[bytes]) -> int:
    head = tag + _varint(size)
    parts.append(head)
    parts.extend(value)
    return len(head) + size


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
