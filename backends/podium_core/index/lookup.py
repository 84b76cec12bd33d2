"""What is kept for looking up, as Conductor stores it in Elasticsearch: task logs, event executions, messages of queues.

Records of logs and messages have no ``extra``: what a document of another writer holds beyond their fields, or in another
type, isn't read.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from podium_core.index.documents import members_of
from podium_core.models import EventExecution, IndexedMessage, TaskExecLog
from podium_core.models.documents import EVENT_EXECUTION
from podium_core.models.task import Int64

Text = str | UnsetType

# Elasticsearch takes no longer ones.
MAX_ENTRY_ID_BYTES = 512

_encode = msgspec.json.Encoder().encode
_text = msgspec.json.Decoder(str)
_number = msgspec.json.Decoder(Int64)


class _LogDocument(msgspec.Struct, rename="camel"):
    log: Text
    task_id: Text
    created_time: Int64


class _MessageDocument(msgspec.Struct, rename="camel"):
    message_id: Text
    payload: Text
    queue: Text
    created: Int64


# task logs: the entry's id is the line's own, and isn't in the document


def encode_task_log(log: TaskExecLog) -> bytes:
    """The document of a line; a time that is unset is 0, as in Java."""
    return _encode(_LogDocument(log.log, log.task_id, _or_zero(log.created_time)))


def decode_task_log(document: bytes | str, id_: str) -> TaskExecLog:
    """The line of a document. Raises CorruptRecordError where it isn't a JSON object."""
    members = members_of(document, "task log", id_)
    return TaskExecLog(
        id=id_,
        log=_value(_text, members, "log"),
        task_id=_value(_text, members, "taskId"),
        created_time=_value(_number, members, "createdTime"),
    )


# event executions


def event_entry_id(event_execution: EventExecution) -> str:
    """The id of an event execution's entry, which is Conductor's: ``name.event.messageId.id``; a long one's digest."""
    parts = (
        event_execution.name,
        event_execution.event,
        event_execution.message_id,
        event_execution.id,
    )
    id_ = ".".join(part or "" for part in parts)
    text = id_.encode("utf-8", "surrogatepass")
    return id_ if len(text) <= MAX_ENTRY_ID_BYTES else hashlib.sha256(text).hexdigest()


def encode_event_execution(event_execution: EventExecution) -> bytes:
    """The document of an event execution: the same as in every other store."""
    return EVENT_EXECUTION.encode(event_execution)


def decode_event_execution(document: bytes | str, id_: str) -> EventExecution:
    """The event execution of a document. Raises CorruptRecordError where it isn't a JSON object."""
    return EVENT_EXECUTION.decode(document, id_)


# messages


def message_entry_id(message: IndexedMessage) -> str:
    """The id of a message's entry: 40 hexadecimal digits of a hash over queue and message id.

    Conductor has two: one that Elasticsearch makes up, so that a repeat adds the message again, and the message id alone,
    which is unique in its queue only. Both texts together could be longer than Elasticsearch's 512 bytes.
    """
    # No id holds NUL, so no two pairs give the same text.
    key = f"{message.queue_name or ''}\x00{message.message_id or ''}"
    return hashlib.blake2b(key.encode(), digest_size=20).hexdigest()


def encode_message(message: IndexedMessage) -> bytes:
    """The document of a message; a time that is unset is 0."""
    return _encode(
        _MessageDocument(
            message.message_id, message.payload, message.queue_name, _or_zero(message.created_time)
        )
    )


def decode_message(document: bytes | str, id_: str) -> IndexedMessage:
    """The message of a document. Raises CorruptRecordError where it isn't a JSON object."""
    members = members_of(document, "message", id_)
    return IndexedMessage(
        message_id=_value(_text, members, "messageId"),
        payload=_value(_text, members, "payload"),
        queue_name=_value(_text, members, "queue"),
        created_time=_value(_number, members, "created"),
    )


def _or_zero(time: int | UnsetType) -> int:
    return 0 if time is UNSET else time


def _value(decoder: msgspec.json.Decoder[Any], members: dict[str, Raw], key: str) -> Any:
    raw = members.get(key)
    if raw is None:
        return UNSET
    try:
        return decoder.decode(raw)
    except (msgspec.ValidationError, msgspec.DecodeError):
        return UNSET
