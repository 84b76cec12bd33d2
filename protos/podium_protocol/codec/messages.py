"""Queue messages and queue details."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET

from podium.v1 import message_pb2, queue_messages_pb2
from podium_core.models import Message, PushMessage, QueueDetail


def message_to_proto(message: Message) -> message_pb2.Message:
    """A delivered message."""
    payload = message.payload
    return message_pb2.Message(
        id=message.id,
        payload=None if payload is UNSET else payload,
        priority=message.priority,
        receipt=message.receipt,
        delivery_count=message.delivery_count,
    )


def message_from_proto(message: message_pb2.Message) -> Message:
    """A delivered message."""
    return Message(
        id=message.id,
        payload=message.payload if message.HasField("payload") else UNSET,
        priority=message.priority,
        receipt=message.receipt,
        delivery_count=message.delivery_count,
    )


def push_message_to_proto(message: PushMessage) -> message_pb2.PushMessage:
    """A message to push."""
    payload = message.payload
    return message_pb2.PushMessage(
        id=message.id,
        payload=None if payload is UNSET else payload,
        priority=message.priority,
        offset_ms=message.offset_ms,
    )


def push_message_from_proto(message: message_pb2.PushMessage) -> PushMessage:
    """A message to push. What it must hold is checked where it is pushed."""
    return PushMessage(
        id=message.id,
        payload=message.payload if message.HasField("payload") else UNSET,
        priority=message.priority,
        offset_ms=message.offset_ms,
    )


def pushed_message(
    request: queue_messages_pb2.PushRequest | queue_messages_pb2.PushIfNotExistsRequest,
) -> PushMessage:
    """The message of a Push or PushIfNotExists."""
    return PushMessage(
        id=request.message_id,
        payload=request.payload if request.HasField("payload") else UNSET,
        priority=request.priority,
        offset_ms=request.offset_ms,
    )


def receipts_to_proto(acks: Iterable[tuple[str, str]]) -> list[message_pb2.MessageReceipt]:
    """(message id, receipt) pairs; an empty receipt is left unset, which acks by id."""
    return [
        message_pb2.MessageReceipt(message_id=message_id, receipt=receipt or None)
        for message_id, receipt in acks
    ]


def receipts_from_proto(messages: Iterable[message_pb2.MessageReceipt]) -> list[tuple[str, str]]:
    """(message id, receipt) pairs."""
    return [(message.message_id, message.receipt) for message in messages]


def queue_details_to_proto(
    details: Sequence[QueueDetail],
) -> dict[str, queue_messages_pb2.QueueDetail]:
    """The numbers of queues, by name."""
    return {
        detail.name: queue_messages_pb2.QueueDetail(size=detail.size, unacked=detail.unacked)
        for detail in details
    }


def queue_details_from_proto(
    queues: Mapping[str, queue_messages_pb2.QueueDetail],
) -> list[QueueDetail]:
    """The numbers of queues, in order of name."""
    return [
        QueueDetail(name=name, size=queues[name].size, unacked=queues[name].unacked)
        for name in sorted(queues)
    ]
