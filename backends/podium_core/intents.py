"""Operations on queues in another store than the executions: each is an entry of the outbox, an intent, first.

The call that wrote intents carries them out at once; where it can't, the drainer does.
"""

from __future__ import annotations

import msgspec

from podium_core.outbox import (
    KIND_ACK,
    KIND_PUSH,
    KIND_REMOVE,
    KIND_UNQUEUE,
    WRITER_FIRST_MS,
    EntryChange,
    EntryDrop,
    EntryPut,
    message_key,
)
from podium_core.write_set.write_set import AckOp, PushOp, QueueOp, RemoveOp

_encode = msgspec.json.Encoder().encode


class PushIntent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a ``push`` entry. ``due_ms`` is when the message becomes ready, by the executions store's clock."""

    push: PushOp
    due_ms: int

    def push_at(self, now_ms: int) -> PushOp:
        """The push as it is carried out at this time of the executions store's clock."""
        return msgspec.structs.replace(self.push, offset_ms=max(self.due_ms - now_ms, 0))


class UnqueueIntent(msgspec.Struct, frozen=True, kw_only=True):
    """The body of an ``unqueue`` entry."""

    queue_name: str
    message_id: str


def intents_of(op: QueueOp, *, now_ms: int) -> tuple[EntryChange, ...]:
    """What an operation of a WriteSet changes in the outbox, in this order."""
    key = message_key(op.queue_name, op.message_id)
    match op:
        case PushOp():
            intent = PushIntent(push=op, due_ms=now_ms + op.offset_ms)
            return (_put(KIND_PUSH, key, op, intent, now_ms=now_ms, if_absent=op.if_absent),)
        case AckOp():
            return (_put(KIND_ACK, key, op, op, now_ms=now_ms),)
        case RemoveOp():
            # A push that is still an intent goes too, and only the message that was seen.
            drop = EntryDrop(kind=KIND_PUSH, id=key, owner=op.workflow_id)
            return (
                (drop, _put(KIND_REMOVE, key, op, op, now_ms=now_ms)) if op.seen_token else (drop,)
            )


def unqueue_intents(queue_name: str, message_id: str, workflow_id: str) -> tuple[EntryChange, ...]:
    """What is changed for the message of a record that is removed. A task without a type waits in no queue."""
    if not queue_name:
        return ()
    key = message_key(queue_name, message_id)
    body = _encode(UnqueueIntent(queue_name=queue_name, message_id=message_id))
    return (
        EntryDrop(kind=KIND_PUSH, id=key, owner=workflow_id),
        EntryPut(kind=KIND_UNQUEUE, id=key, owner=workflow_id, body=body),
    )


def _put(
    kind: str,
    key: str,
    op: QueueOp,
    body: PushIntent | AckOp | RemoveOp,
    *,
    now_ms: int,
    if_absent: bool = False,
) -> EntryPut:
    return EntryPut(
        kind=kind,
        id=key,
        owner=op.workflow_id,
        due_ms=now_ms + WRITER_FIRST_MS,
        body=_encode(body),
        if_absent=if_absent,
    )


decode_push = msgspec.json.Decoder(PushIntent).decode
decode_unqueue = msgspec.json.Decoder(UnqueueIntent).decode
