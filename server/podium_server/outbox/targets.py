"""Carries out outbox entries one by one: removals, payload deletions, and intents for queues in another store."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.intents import decode_push, decode_unqueue
from podium_core.outbox import (
    CLAIMED,
    KIND_ACK,
    KIND_PAYLOAD,
    KIND_PUSH,
    KIND_REMOVAL,
    KIND_REMOVE,
    KIND_UNQUEUE,
    OutboxEntry,
)
from podium_core.ports import ExternalPayloadStorage, Outbox, QueueStore, QueueTarget
from podium_core.write_set import AckOp, RemoveOp
from podium_server.outbox.handlers import Settled, Target
from podium_server.outbox.removals import Removals

# Longer than an upload may take (facade/payload_writes.py): what was under way when its payload was deleted has ended.
LATE_UPLOADS_MS = 15 * 60 * 1000

_ack = msgspec.json.Decoder(AckOp)
_remove = msgspec.json.Decoder(RemoveOp)


def removal_target(removals: Removals) -> Mapping[str, Target]:
    """Removals that are due, or have something to archive. The store drops the entry with the last document."""

    async def carry_out(entry: OutboxEntry, now_ms: int) -> Settled:
        del now_ms
        await removals.carry_out(entry.id)
        return Settled.KEPT

    return {KIND_REMOVAL: carry_out}


def payload_target(storage: ExternalPayloadStorage, outbox: Outbox) -> Mapping[str, Target]:
    """Payloads to which no document refers: deleted, and once more when no upload can be under way any longer."""

    async def delete(entry: OutboxEntry, now_ms: int) -> Settled:
        del now_ms
        if entry.body == CLAIMED:
            await storage.delete(entry.id)
            return Settled.DONE
        # The claim itself moves the due time on: a crash after it leaves the second deletion to come.
        if await outbox.claim(entry, delay_ms=LATE_UPLOADS_MS):
            with contextlib.suppress(BackendUnavailableError, OutcomeUnknownError):
                await storage.delete(entry.id)
        return Settled.KEPT

    return {KIND_PAYLOAD: delete}


def queue_targets(queues: QueueStore, target: QueueTarget) -> Mapping[str, Target]:
    """Intents for a queue store that isn't the executions' own."""

    async def push(entry: OutboxEntry, now_ms: int) -> Settled:
        await target.deliver(decode_push(entry.body).push_at(now_ms), entry.token)
        return Settled.DONE

    async def unqueue(entry: OutboxEntry, now_ms: int) -> Settled:
        del now_ms
        intent = decode_unqueue(entry.body)
        await target.remove_older(intent.queue_name, intent.message_id, entry.token)
        return Settled.DONE

    async def ack(entry: OutboxEntry, now_ms: int) -> Settled:
        del now_ms
        op = _ack.decode(entry.body)
        await queues.ack(op.queue_name, op.message_id, receipt=op.receipt)
        return Settled.DONE

    async def remove(entry: OutboxEntry, now_ms: int) -> Settled:
        del now_ms
        op = _remove.decode(entry.body)
        await target.remove_seen([(op.queue_name, op.message_id, op.seen_token)])
        return Settled.DONE

    return {KIND_PUSH: push, KIND_UNQUEUE: unqueue, KIND_ACK: ack, KIND_REMOVE: remove}
