"""What the drainer does with each kind of entry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from podium_core.backend import ExecutionAdapter
from podium_core.clock import Clock, system_clock_ms
from podium_core.dao import QueueStore
from podium_core.outbox import (
    KIND_ACK,
    KIND_PUSH,
    KIND_REMOVAL,
    KIND_REMOVE,
    KIND_UNQUEUE,
    OutboxEntry,
    PushIntent,
    QueueTarget,
    UnqueueIntent,
)
from podium_core.write_set import AckOp, PushOp, RemoveOp

Target = Callable[[OutboxEntry], Awaitable[None]]

_push = msgspec.json.Decoder(PushIntent)
_unqueue = msgspec.json.Decoder(UnqueueIntent)
_ack = msgspec.json.Decoder(AckOp)
_remove = msgspec.json.Decoder(RemoveOp)


def removal_target(store: ExecutionAdapter) -> Mapping[str, Target]:
    """Removals that are due: the store carries them out, and drops the entry with the last document."""

    async def carry_out(entry: OutboxEntry) -> None:
        await store.carry_out_removal(entry.id)

    return {KIND_REMOVAL: carry_out}


def queue_targets(
    queues: QueueStore, target: QueueTarget, clock: Clock = system_clock_ms
) -> Mapping[str, Target]:
    """Intents for a queue store that isn't the executions' own."""

    async def push(entry: OutboxEntry) -> None:
        intent = _push.decode(entry.body)
        offset_ms = max(intent.due_ms - clock(), 0)
        op: PushOp = msgspec.structs.replace(intent.push, offset_ms=offset_ms)
        await target.deliver(op, entry.token)

    async def unqueue(entry: OutboxEntry) -> None:
        intent = _unqueue.decode(entry.body)
        await target.remove_older(intent.queue_name, intent.message_id, entry.token)

    async def ack(entry: OutboxEntry) -> None:
        op = _ack.decode(entry.body)
        await queues.ack(op.queue_name, op.message_id, receipt=op.receipt)

    async def remove(entry: OutboxEntry) -> None:
        op = _remove.decode(entry.body)
        await target.remove_seen([(op.queue_name, op.message_id, op.seen_token)])

    return {KIND_PUSH: push, KIND_UNQUEUE: unqueue, KIND_ACK: ack, KIND_REMOVE: remove}
