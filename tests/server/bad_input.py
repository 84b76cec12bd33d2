"""Requests made wrong, field by field as the descriptors say, and the answers to them, in the raw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import grpc
import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from podium_protocol.rpcs import Kind, Rpc
from podium_protocol.status import DETAILS_KEY
from tests.patience import PATIENCE_SECONDS

Metadata = Sequence[tuple[str, str | bytes]]
Step = tuple[str, int | None]

UNLIMITED = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.use_local_subchannel_pool", 1),
)
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: -(2**31),
    FieldDescriptor.CPPTYPE_INT64: -(2**63),
}


class Answer(msgspec.Struct, frozen=True):
    """How a call ended.

    Attributes:
        code: Its status.
        reason: Of the ErrorInfo of our domain; empty without one.
        field: Of the BadRequest; None without one.
        resource: Type of the ResourceInfo; empty without one.
        text: The status's message.
        messages: What came back, as bytes.
    """

    code: grpc.StatusCode
    reason: str = ""
    field: str | None = None
    resource: str = ""
    text: str = ""
    messages: tuple[bytes, ...] = ()

    def __str__(self) -> str:
        """Short, for failures of tests."""
        return f"{self.code.name} {self.reason} field={self.field!r} {self.text[:200]!r}"


def ask(
    channel: grpc.Channel,
    rpc: Rpc,
    *requests: bytes,
    metadata: Metadata = (),
    timeout: float = PATIENCE_SECONDS,
) -> Answer:
    """Call an RPC with bytes; of a streaming one all answers are read."""
    makers: dict[Kind, Any] = {
        Kind.UNARY: channel.unary_unary,
        Kind.SERVER_STREAM: channel.unary_stream,
        Kind.CLIENT_STREAM: channel.stream_unary,
        Kind.BIDIRECTIONAL: channel.stream_stream,
    }
    many_in = rpc.kind in (Kind.CLIENT_STREAM, Kind.BIDIRECTIONAL)
    call = makers[rpc.kind](rpc.path)
    try:
        found = call(
            iter(requests) if many_in else requests[0],
            timeout=timeout,
            metadata=tuple(metadata),
        )
        messages = (found,) if isinstance(found, bytes) else tuple(found)
    except grpc.RpcError as error:
        return _answer(error)
    return Answer(grpc.StatusCode.OK, messages=messages)


def _answer(error: Any) -> Answer:
    reason, field, resource = "", None, ""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY:
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.ErrorInfo()
                bad = error_details_pb2.BadRequest()
                named = error_details_pb2.ResourceInfo()
                if detail.Unpack(info):
                    assert info.domain == "podium"
                    reason = info.reason
                elif detail.Unpack(bad):
                    field = bad.field_violations[0].field
                elif detail.Unpack(named):
                    resource = named.resource_type
    return Answer(error.code(), reason, field, resource, error.details() or "")


class Place(msgspec.Struct, frozen=True):
    """A field somewhere in a request; the first element where it is repeated."""

    steps: tuple[Step, ...]
    field: Any

    @property
    def path(self) -> str:
        """As BadRequest names it: ``tasks[0].task_id``."""
        return ".".join(name if at is None else f"{name}[{at}]" for name, at in self.steps)

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return bool(self.field.type == FieldDescriptor.TYPE_STRING)

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON."""
        return self.is_text and self.field.name.endswith("_json")

    def holder(self, request: Message) -> Any:
        """The message that has the field; made on the way where it isn't there."""
        holder: Any = request
        for name, at in self.steps[:-1]:
            holder = getattr(holder, name)
            if at is not None:
                if not holder:
                    holder.add()
                holder = holder[at]
        return holder

    def put(self, request: Message, value: Any) -> Message:
        """A copy of the request with this value there."""
        changed = type(request)()
        changed.CopyFrom(request)
        holder = self.holder(changed)
        name, at = self.steps[-1]
        if at is None:
            setattr(holder, name, value)
        else:
            del getattr(holder, name)[:]
            getattr(holder, name).append(value)
        return changed

    def emptied(self, request: Message) -> Message:
        """A copy of the request without a value there."""
        if self.steps[-1][1] is not None:
            return self.put(request, "" if self.is_text else 0)
        changed = type(request)()
        changed.CopyFrom(request)
        self.holder(changed).ClearField(self.steps[-1][0])
        return changed


def places(descriptor: Any, steps: tuple[Step, ...] = ()) -> Iterator[Place]:
    """Every field of a message, and of the messages in it."""
    for field in descriptor.fields:
        here: tuple[Step, ...] = (*steps, (field.name, 0 if field.is_repeated else None))
        if field.message_type is None:
            yield Place(here, field)
        elif not field.message_type.GetOptions().map_entry:
            yield from places(field.message_type, here)


def places_set(request: Message) -> list[Place]:
    """The places of a request that hold something."""
    return [place for place in places(request.DESCRIPTOR) if _is_set(place, request)]


def _is_set(place: Place, request: Message) -> bool:
    holder: Any = request
    for name, at in place.steps[:-1]:
        if at is None and not holder.HasField(name):
            return False
        holder = getattr(holder, name)
        if at is not None:
            if not holder:
                return False
            holder = holder[at]
    return any(field.name == place.steps[-1][0] for field, _ in holder.ListFields())


_STAND_IN = "@@@@@@@@"


def with_bytes_of_text(place: Place, request: Message, raw: bytes) -> bytes:
    """The request on the wire, with eight bytes at a text's place that no Python string could hold."""
    assert len(raw) == len(_STAND_IN)
    data = place.put(request, _STAND_IN).SerializeToString()
    assert data.count(_STAND_IN.encode()) == 1
    return data.replace(_STAND_IN.encode(), raw)


def padded(request: Message, size: int) -> bytes:
    """The request with a field that nobody knows, which makes it so large."""
    data = request.SerializeToString()
    tag = b"\xfa\x7f"  # field 2047, length-delimited
    length = _varint(size)
    return data + tag + length + b"\x00" * size


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def failures(answers: Iterable[tuple[str, Answer, bool]]) -> str:
    """The cases that didn't end as they should, one a line, for an assertion's message."""
    return "\n".join(f"{case}: {answer}" for case, answer, fine in answers if not fine)
