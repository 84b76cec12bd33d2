"""What queue operations become where queues are another store."""

from __future__ import annotations

import msgspec

from podium_core.intents import (
    PushIntent,
    decode_push,
    decode_unqueue,
    intents_of,
    unqueue_intents,
)
from podium_core.outbox import (
    KIND_ACK,
    KIND_PUSH,
    KIND_REMOVE,
    KIND_UNQUEUE,
    WRITER_FIRST_MS,
    EntryChange,
    EntryDrop,
    EntryPut,
    OutboxEntry,
    message_key,
)
from podium_core.write_set import AckOp, PushOp, QueueOp, RemoveOp, WriteOutcome, WriteSet
from podium_core.write_set.request_memory import outcome_to_keep

NOW_MS = 1_700_000_000_000
KEY = message_key("q", "m")


def put_of(op: QueueOp) -> EntryPut:
    (change,) = intents_of(op, now_ms=NOW_MS)
    assert isinstance(change, EntryPut)
    return change


def push(**fields: object) -> PushOp:
    return msgspec.convert(
        {"type": "push", "queue_name": "q", "message_id": "m", "workflow_id": "w1", **fields},
        PushOp,
    )


class TestPush:
    def test_is_the_writers_first_and_then_the_drainers(self) -> None:
        put = put_of(push())
        assert (put.kind, put.id, put.owner) == (KIND_PUSH, KEY, "w1")
        assert put.due_ms == NOW_MS + WRITER_FIRST_MS
        assert not put.if_absent

    def test_one_that_is_to_leave_what_is_there_leaves_its_intent_too(self) -> None:
        assert put_of(push(if_absent=True)).if_absent

    def test_is_delayed_by_what_is_left_by_the_clock_of_the_executions(self) -> None:
        intent = decode_push(put_of(push(offset_ms=10_000)).body)
        assert intent == PushIntent(push=push(offset_ms=10_000), due_ms=NOW_MS + 10_000)
        assert intent.push_at(NOW_MS + 4_000).offset_ms == 6_000
        assert intent.push_at(NOW_MS + 11_000).offset_ms == 0


def test_an_ack_keeps_its_receipt() -> None:
    op = AckOp(queue_name="q", message_id="m", receipt="r", workflow_id="w1")
    put = put_of(op)
    assert (put.kind, put.id, put.owner, put.due_ms) == (
        KIND_ACK,
        KEY,
        "w1",
        NOW_MS + WRITER_FIRST_MS,
    )
    assert msgspec.json.decode(put.body, type=AckOp) == op


class TestRemove:
    DROP = EntryDrop(kind=KIND_PUSH, id=KEY, owner="w1")

    def changes(self, seen_token: int) -> tuple[EntryChange, ...]:
        op = RemoveOp(queue_name="q", message_id="m", seen_token=seen_token, workflow_id="w1")
        return intents_of(op, now_ms=NOW_MS)

    def test_takes_the_push_that_is_still_an_intent(self) -> None:
        assert self.changes(0) == (self.DROP,)

    def test_takes_the_message_that_was_seen(self) -> None:
        drop, put = self.changes(7)
        assert drop == self.DROP
        assert isinstance(put, EntryPut)
        assert (put.kind, put.due_ms) == (KIND_REMOVE, NOW_MS + WRITER_FIRST_MS)
        assert msgspec.json.decode(put.body, type=RemoveOp).seen_token == 7


class TestUnqueue:
    def test_takes_the_push_that_is_still_an_intent_and_the_message(self) -> None:
        drop, put = unqueue_intents("q", "m", "w1")
        assert drop == EntryDrop(kind=KIND_PUSH, id=KEY, owner="w1")
        assert isinstance(put, EntryPut)
        # The steps of a removal have no writer that would carry it out.
        assert (put.kind, put.id, put.owner, put.due_ms) == (KIND_UNQUEUE, KEY, "w1", 0)
        assert decode_unqueue(put.body).queue_name == "q"

    def test_a_task_without_a_type_waits_in_no_queue(self) -> None:
        assert unqueue_intents("", "m", "w1") == ()


def test_a_repeat_of_a_request_carries_no_intents_out() -> None:
    entry = OutboxEntry(kind=KIND_PUSH, id=KEY, owner="w1", token=1)
    outcome = WriteOutcome(intents=(entry,), created_task_ids=("t1",))
    kept = outcome_to_keep(outcome, WriteSet())
    assert (kept.intents, kept.created_task_ids) == ((), ("t1",))
