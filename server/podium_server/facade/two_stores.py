"""Writes where executions and queues are two stores: documents and intents in one step, then the queue's part at once.

If anything interrupts it after that step, the drainer carries the intents out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from podium_core.errors import (
    BackendUnavailableError,
    FailedPreconditionError,
    InvalidArgumentError,
    OutcomeUnknownError,
)
from podium_core.intents import decode_push, decode_unqueue
from podium_core.models import Commit
from podium_core.outbox import KIND_PUSH, KIND_UNQUEUE, OutboxEntry
from podium_core.ports import Outbox, QueueStore, QueueTarget
from podium_core.write_set import AckOp, HeldReceipt, RemoveOp, WriteOutcome, WriteSet

_log = structlog.get_logger("podium.facade")


class QueueDelivery:
    """Delivers the queue operations of a write to another store."""

    def __init__(self, queues: QueueStore, target: QueueTarget, outbox: Outbox) -> None:
        """Take the queues, and the outbox of the store that serves executions."""
        self._queues = queues
        self._target = target
        self._outbox = outbox

    async def prepare(self, write_set: WriteSet) -> WriteSet:
        """Drop the receipts, which that step can't check, and bind each remove to the message that is there now."""
        removes = [op for op in write_set.queue_ops if isinstance(op, RemoveOp)]
        tokens = await self._target.tokens_of([(op.queue_name, op.message_id) for op in removes])
        seen = {id(op): token for op, token in zip(removes, tokens, strict=True)}
        return msgspec.structs.replace(
            write_set,
            guards=tuple(guard for guard in write_set.guards if not isinstance(guard, HeldReceipt)),
            queue_ops=tuple(
                msgspec.structs.replace(op, seen_token=seen[id(op)])
                if isinstance(op, RemoveOp)
                else op
                for op in write_set.queue_ops
            ),
        )

    async def carry_out(self, write_set: WriteSet, outcome: WriteOutcome) -> WriteOutcome:
        """Carry out the intents of a write now. The outcome has the results of acks and removes."""
        by_kind: dict[str, list[OutboxEntry]] = {}
        for entry in outcome.intents:
            by_kind.setdefault(entry.kind, []).append(entry)
        try:
            outcome = await self._settle(write_set, outcome)
            pushes = [self._push(entry) for entry in by_kind.get(KIND_PUSH, ())]
            unqueues = [self._unqueue(entry) for entry in by_kind.get(KIND_UNQUEUE, ())]
            await asyncio.gather(*pushes, *unqueues)
            await self._outbox.finish(outcome.intents)
        except (BackendUnavailableError, OutcomeUnknownError) as error:
            # The documents are written, so the call succeeds; the drainer does the rest.
            _log.warning("the queues' part of a write has to wait", error=error.message)
        return outcome

    async def _push(self, entry: OutboxEntry) -> None:
        await self._target.deliver(decode_push(entry.body).push, entry.token)

    async def _unqueue(self, entry: OutboxEntry) -> None:
        intent = decode_unqueue(entry.body)
        await self._target.remove_older(intent.queue_name, intent.message_id, entry.token)

    async def _settle(self, write_set: WriteSet, outcome: WriteOutcome) -> WriteOutcome:
        acks = [op for op in write_set.queue_ops if isinstance(op, AckOp)]
        removes = [op for op in write_set.queue_ops if isinstance(op, RemoveOp)]
        if not acks and not removes:
            return outcome
        acked = await self._acknowledge(acks)
        removed = await self._target.remove_seen(
            [(op.queue_name, op.message_id, op.seen_token) for op in removes]
        )
        return msgspec.structs.replace(outcome, acked=tuple(acked), removed=tuple(removed))

    async def _acknowledge(self, acks: Sequence[AckOp]) -> list[bool]:
        by_queue: dict[str, list[AckOp]] = {}
        for op in acks:
            by_queue.setdefault(op.queue_name, []).append(op)
        answers: dict[tuple[str, str], bool] = {}
        for queue_name, ops in by_queue.items():
            flags = await self._queues.ack_messages(
                queue_name, [(op.message_id, op.receipt) for op in ops]
            )
            answers |= {
                (queue_name, op.message_id): flag for op, flag in zip(ops, flags, strict=True)
            }
        return [answers[op.queue_name, op.message_id] for op in acks]


def require_receipts(commit: Commit) -> None:
    """Across two stores an ack needs a receipt, and a receipt needs an expected time beside it, which the step can check.

    It is that of the workflow, or of each task that the Commit updates: of two who hold a message one after the other, only
    one writes by the same time.
    """
    for at, ack in enumerate(commit.acks):
        if not ack.receipt:
            raise InvalidArgumentError(
                f"acks[{at}].receipt", "is required where queues are another store"
            )
    if commit.acks and not _has_lock(commit):
        raise FailedPreconditionError(
            "EXPECTED_UPDATE_TIME_REQUIRED",
            f"workflow/{commit.workflow_id}",
            "executions and queues are two stores: a Commit with receipts needs expected_update_time too,"
            " of the workflow or of each task that it updates",
        )


def _has_lock(commit: Commit) -> bool:
    if commit.create_workflow is not None or commit.expected_update_time is not None:
        return True
    times = [update.expected_update_time for update in commit.update_tasks]
    return bool(times) and None not in times
