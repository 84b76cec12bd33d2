"""QueueDAO: priorities, delays, leases, receipts, counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from msgspec import UNSET, UnsetType

from podium_core.backend import Capability
from podium_core.errors import InvalidArgumentError
from podium_core.models import Message, PushMessage, QueueDetail
from podium_core.ports import QueueDAO
from tests.contract.ways import QUEUE_WAYS
from tests.patience import PATIENCE_SECONDS

WAYS = QUEUE_WAYS

T = TypeVar("T")

QUEUE = "encode"
AN_HOUR_MS = 3_600_000
# Where a wait ends before it is over, nothing but what it waited for can have ended it.
LONG_ENOUGH_MS = 60_000


async def push(queue_dao: QueueDAO, *message_ids: str, queue_name: str = QUEUE) -> None:
    for message_id in message_ids:
        await queue_dao.push(queue_name, PushMessage(id=message_id))


async def push_delayed(queue_dao: QueueDAO, message_id: str, priority: int = 0) -> None:
    await queue_dao.push(QUEUE, PushMessage(id=message_id, offset_ms=AN_HOUR_MS, priority=priority))


async def leased(
    queue_dao: QueueDAO, message_id: str = "m1", *, payload: str | UnsetType = UNSET
) -> Message:
    """A message that was pushed and is leased for a minute."""
    await queue_dao.push(QUEUE, PushMessage(id=message_id, payload=payload))
    (message,) = await queue_dao.poll_messages(QUEUE, count=1)
    assert message.id == message_id
    return message


async def lapsed(queue_dao: QueueDAO, message_id: str = "m1") -> Message:
    """A message whose lease is over: it can be had again, and is not."""
    await queue_dao.push(QUEUE, PushMessage(id=message_id))
    (message,) = await queue_dao.poll_messages(QUEUE, count=1, unack_timeout_ms=50)
    # Not by its size, which doesn't everywhere tell a lease.
    while message_id not in await queue_dao.peek_first_ids(QUEUE, 1_000):
        await asyncio.sleep(0.01)
    return message


async def waiting(poll: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A poll that waits. On a machine too busy for its head start it begins to later, which no test minds."""
    task = asyncio.create_task(poll)
    await asyncio.sleep(0.05)
    assert not task.done()
    return task


async def polled(queue_dao: QueueDAO, count: int = 100) -> list[str]:
    return [message.id for message in await queue_dao.poll_messages(QUEUE, count=count)]


@pytest.fixture
def leases_count(capabilities: frozenset[Capability]) -> int:
    """How many of one leased message are told from those that wait: it counts as waiting where nothing tells."""
    return 1 if Capability.LEASE_COUNTS in capabilities else 0


class TestPush:
    async def test_makes_a_message_ready_at_once(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        assert await polled(queue_dao) == ["m1"]

    async def test_with_an_offset_it_is_delayed(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        assert await polled(queue_dao) == []
        assert await queue_dao.get_size(QUEUE) == 1

    async def test_a_delayed_message_comes_when_it_is_due(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="m1", offset_ms=80))
        assert await queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]

    async def test_keeps_the_payload(self, queue_dao: QueueDAO) -> None:
        payload = '{"a": 9007199254740993, "b": "ü\\u0000 \U0001f600"}\n'
        message = await leased(queue_dao, payload=payload)
        assert message.payload == payload

    async def test_an_empty_payload_is_not_an_absent_one(self, queue_dao: QueueDAO) -> None:
        assert (await leased(queue_dao, "m1", payload="")).payload == ""
        assert (await leased(queue_dao, "m2")).payload is UNSET

    async def test_replaces_payload_priority_and_due_time(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(
            QUEUE, PushMessage(id="m1", payload="old", priority=1, offset_ms=AN_HOUR_MS)
        )
        await queue_dao.push(QUEUE, PushMessage(id="m1", payload="new", priority=2))
        (message,) = await queue_dao.poll_messages(QUEUE, count=10)
        assert (message.payload, message.priority) == ("new", 2)

    async def test_a_replaced_message_counts_once(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m1")
        assert await queue_dao.get_size(QUEUE) == 1

    async def test_ends_a_lease_whose_receipt_is_stale_then(self, queue_dao: QueueDAO) -> None:
        first = await leased(queue_dao)
        await push(queue_dao, "m1")
        assert not await queue_dao.ack(QUEUE, "m1", receipt=first.receipt)
        (second,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert second.receipt != first.receipt
        assert second.delivery_count == 1

    async def test_an_id_is_unique_in_its_queue_only(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        await push(queue_dao, "m1", queue_name="other")
        assert await polled(queue_dao) == ["m1"]
        assert await queue_dao.pop("other", count=1) == ["m1"]

    async def test_any_text_is_a_queue_name(self, queue_dao: QueueDAO) -> None:
        name = "domain:tÿpe@space-group'\" ;--"
        await push(queue_dao, "m1", queue_name=name)
        assert await queue_dao.pop(name, count=1) == ["m1"]

    async def test_a_lifetime_is_an_offset_too(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="m1", offset_ms=99 * 365 * 24 * AN_HOUR_MS))
        assert await queue_dao.contains_message(QUEUE, "m1")
        assert await polled(queue_dao) == []

    @pytest.mark.parametrize(
        ("message", "field"),
        [
            (PushMessage(id=""), "message_id"),
            (PushMessage(id="a\x00b"), "message_id"),
            (PushMessage(id="m1", priority=100), "priority"),
            (PushMessage(id="m1", priority=-1), "priority"),
            (PushMessage(id="m1", offset_ms=-1), "offset_ms"),
        ],
    )
    async def test_refuses_a_malformed_message(
        self, queue_dao: QueueDAO, message: PushMessage, field: str
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.push(QUEUE, message)
        assert caught.value.field == field


class TestPushMessages:
    async def test_pushes_all(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(5)])
        assert await polled(queue_dao) == ["m0", "m1", "m2", "m3", "m4"]

    async def test_of_two_with_the_same_id_the_last_holds(self, queue_dao: QueueDAO) -> None:
        twice = [PushMessage(id="m1", payload="first"), PushMessage(id="m1", payload="last")]
        await queue_dao.push_messages(QUEUE, twice)
        (message,) = await queue_dao.poll_messages(QUEUE, count=10)
        assert message.payload == "last"

    async def test_none_is_no_error(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push_messages(QUEUE, [])
        assert await queue_dao.get_size(QUEUE) == 0

    async def test_writes_nothing_if_one_is_malformed(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.push_messages(
                QUEUE, [PushMessage(id="m1"), PushMessage(id="m2", priority=100)]
            )
        assert caught.value.field == "messages[1].priority"
        assert not await queue_dao.contains_message(QUEUE, "m1")

    async def test_takes_a_thousand_and_no_more(self, queue_dao: QueueDAO) -> None:
        messages = [PushMessage(id=f"m{n}") for n in range(1_001)]
        with pytest.raises(InvalidArgumentError):
            await queue_dao.push_messages(QUEUE, messages)
        await queue_dao.push_messages(QUEUE, messages[:1_000])
        assert await queue_dao.get_size(QUEUE) == 1_000


class TestPushIfNotExists:
    async def test_pushes_a_new_message(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.push_if_not_exists(QUEUE, PushMessage(id="m1", payload="p"))
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert message.payload == "p"

    async def test_leaves_a_ready_message(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="m1", payload="old"))
        assert not await queue_dao.push_if_not_exists(QUEUE, PushMessage(id="m1", payload="new"))
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert message.payload == "old"

    async def test_leaves_a_delayed_message(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        assert not await queue_dao.push_if_not_exists(QUEUE, PushMessage(id="m1"))
        assert await polled(queue_dao) == []

    async def test_leaves_an_unacked_message(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert not await queue_dao.push_if_not_exists(QUEUE, PushMessage(id="m1"))
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_pushes_after_a_popped_one_was_removed(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        await queue_dao.remove(QUEUE, "m1")
        assert await queue_dao.push_if_not_exists(QUEUE, PushMessage(id="m1"))

    async def test_refuses_an_empty_id(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await queue_dao.push_if_not_exists(QUEUE, PushMessage(id=""))


class TestPop:
    async def test_answers_the_ids_of_what_poll_messages_would(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2")
        assert await queue_dao.pop(QUEUE, count=10) == ["m1", "m2"]
        assert await queue_dao.pop(QUEUE, count=10) == []

    async def test_its_messages_can_be_acked_by_id(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        await queue_dao.pop(QUEUE, count=1)
        assert await queue_dao.ack(QUEUE, "m1")

    async def test_waits(self, queue_dao: QueueDAO) -> None:
        popped = await waiting(queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS))
        await push(queue_dao, "m1")
        assert await asyncio.wait_for(popped, PATIENCE_SECONDS) == ["m1"]

    async def test_leases_for_as_long_as_asked(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        assert await queue_dao.pop(QUEUE, count=1, unack_timeout_ms=50) == ["m1"]
        assert await queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]


class TestPollMessages:
    async def test_an_unknown_queue_is_empty(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.poll_messages("unknown", count=5) == []

    async def test_takes_up_to_count(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2", "m3")
        assert await polled(queue_dao, 2) == ["m1", "m2"]
        assert await polled(queue_dao, 2) == ["m3"]

    async def test_the_highest_priority_comes_first(
        self, queue_dao: QueueDAO, capabilities: frozenset[Capability]
    ) -> None:
        for message_id, priority in [("low", 0), ("high", 99), ("middle", 50)]:
            await queue_dao.push(QUEUE, PushMessage(id=message_id, priority=priority))
        taken = await polled(queue_dao)
        # A store that keeps the order has to say so.
        keeps_order = taken == ["high", "middle", "low"]
        assert keeps_order == (Capability.PRIORITY_ORDER in capabilities)
        assert sorted(taken) == ["high", "low", "middle"]

    async def test_then_the_oldest_due(self, queue_dao: QueueDAO) -> None:
        messages = [PushMessage(id="late", offset_ms=100), PushMessage(id="now")]
        await queue_dao.push_messages(QUEUE, [*messages, PushMessage(id="sooner", offset_ms=1)])
        # Pushed later with the same delay: once it comes, the others are due.
        await queue_dao.push("clock", PushMessage(id="m1", offset_ms=100))
        assert await queue_dao.pop("clock", count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]
        assert await polled(queue_dao) == ["now", "sooner", "late"]

    async def test_a_delayed_message_of_high_priority_is_passed_over(
        self, queue_dao: QueueDAO
    ) -> None:
        await push_delayed(queue_dao, "later", priority=99)
        await push(queue_dao, "now")
        assert await polled(queue_dao) == ["now"]

    async def test_no_second_delivery_before_the_lease_ends(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert await polled(queue_dao) == []

    async def test_a_lapsed_lease_comes_back_by_itself(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        (first,) = await queue_dao.poll_messages(QUEUE, count=1, unack_timeout_ms=50)
        (second,) = await queue_dao.poll_messages(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS)
        assert second.id == first.id
        assert second.receipt != first.receipt
        assert (first.delivery_count, second.delivery_count) == (1, 2)

    async def test_each_delivery_has_a_receipt_of_its_own(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2")
        messages = await queue_dao.poll_messages(QUEUE, count=2)
        assert all(message.receipt for message in messages)
        assert messages[0].receipt != messages[1].receipt

    async def test_carries_the_priority(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="m1", priority=7))
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert message.priority == 7

    async def test_without_a_timeout_it_answers_at_once(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.poll_messages(QUEUE, count=1) == []

    async def test_answers_empty_when_the_timeout_is_over(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.poll_messages(QUEUE, count=1, timeout_ms=50) == []

    async def test_several_who_wait_get_a_message_each(self, queue_dao: QueueDAO) -> None:
        pops = [queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) for _ in range(5)]
        popped = await asyncio.gather(*map(waiting, pops))
        await queue_dao.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(5)])
        answers = await asyncio.wait_for(asyncio.gather(*popped), PATIENCE_SECONDS)
        assert sorted(answers) == [["m0"], ["m1"], ["m2"], ["m3"], ["m4"]]

    async def test_concurrent_polls_never_get_the_same_message(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(100)])
        answers = await asyncio.gather(*(queue_dao.pop(QUEUE, count=7) for _ in range(20)))
        ids = [message_id for answer in answers for message_id in answer]
        assert len(ids) == len(set(ids)) == 100

    async def test_a_cancelled_wait_loses_nothing(self, queue_dao: QueueDAO) -> None:
        poll = await waiting(queue_dao.poll_messages(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS))
        poll.cancel()
        await asyncio.gather(poll, return_exceptions=True)
        await push(queue_dao, "m1")
        (message,) = await queue_dao.poll_messages(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS)
        assert message.delivery_count == 1

    @pytest.mark.parametrize("count", [0, -1, 1_001])
    async def test_refuses_a_count_out_of_range(self, queue_dao: QueueDAO, count: int) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.poll_messages(QUEUE, count=count)
        assert caught.value.field == "count"

    async def test_refuses_a_negative_timeout(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.poll_messages(QUEUE, count=1, timeout_ms=-1)
        assert caught.value.field == "timeout_ms"

    @pytest.mark.parametrize("unack_timeout_ms", [0, -1])
    async def test_refuses_a_lease_without_length(
        self, queue_dao: QueueDAO, unack_timeout_ms: int
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.poll_messages(QUEUE, count=1, unack_timeout_ms=unack_timeout_ms)
        assert caught.value.field == "unack_timeout_ms"


class TestRemove:
    async def test_takes_a_ready_message(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        assert await queue_dao.remove(QUEUE, "m1")
        assert await polled(queue_dao) == []

    async def test_takes_a_delayed_message(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        assert await queue_dao.remove(QUEUE, "m1")
        assert await queue_dao.get_size(QUEUE) == 0

    async def test_takes_an_unacked_message_and_leaves_nothing(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert await queue_dao.remove(QUEUE, "m1")
        assert not await queue_dao.contains_message(QUEUE, "m1")
        assert not await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_answers_false_if_it_is_not_there(self, queue_dao: QueueDAO) -> None:
        assert not await queue_dao.remove(QUEUE, "m1")
        await push(queue_dao, "m1", queue_name="other")
        assert not await queue_dao.remove(QUEUE, "m1")


class TestGetSize:
    async def test_an_unknown_queue_has_none(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.get_size("unknown") == 0

    async def test_counts_ready_and_delayed_and_not_unacked(
        self, queue_dao: QueueDAO, leases_count: int
    ) -> None:
        await leased(queue_dao, "leased")
        await push(queue_dao, "ready")
        await push_delayed(queue_dao, "delayed")
        assert await queue_dao.get_size(QUEUE) == 3 - leases_count

    async def test_a_lapsed_lease_counts_as_ready(self, queue_dao: QueueDAO) -> None:
        await lapsed(queue_dao)
        assert await queue_dao.get_size(QUEUE) == 1


class TestAck:
    async def test_takes_an_unacked_message(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)
        assert not await queue_dao.contains_message(QUEUE, "m1")

    async def test_is_true_once(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_without_a_receipt_it_goes_by_id(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert await queue_dao.ack(QUEUE, "m1")
        assert not await queue_dao.contains_message(QUEUE, "m1")

    async def test_leaves_a_ready_message(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        assert not await queue_dao.ack(QUEUE, "m1")
        assert await queue_dao.contains_message(QUEUE, "m1")

    async def test_leaves_a_delayed_message(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        assert not await queue_dao.ack(QUEUE, "m1")
        assert await queue_dao.contains_message(QUEUE, "m1")

    async def test_leaves_a_message_whose_lease_has_lapsed(self, queue_dao: QueueDAO) -> None:
        message = await lapsed(queue_dao)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)
        assert not await queue_dao.ack(QUEUE, "m1")
        assert await queue_dao.contains_message(QUEUE, "m1")

    async def test_a_stale_receipt_leaves_the_next_holder_alone(self, queue_dao: QueueDAO) -> None:
        stale = await lapsed(queue_dao)
        (held,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=stale.receipt)
        assert await queue_dao.ack(QUEUE, "m1", receipt=held.receipt)

    @pytest.mark.parametrize("receipt", ["x", "ffffffffffffffff", "-1", "0" * 5_000, "é", " "])
    async def test_any_other_text_is_a_stale_receipt(
        self, queue_dao: QueueDAO, receipt: str
    ) -> None:
        await leased(queue_dao)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=receipt)
        assert await queue_dao.contains_message(QUEUE, "m1")

    async def test_answers_false_if_it_is_not_there(self, queue_dao: QueueDAO) -> None:
        assert not await queue_dao.ack(QUEUE, "m1")


class TestAckMessages:
    async def test_says_for_each_whether_it_took_one(self, queue_dao: QueueDAO) -> None:
        first, second = await leased(queue_dao, "m1"), await leased(queue_dao, "m2")
        await push(queue_dao, "ready")
        acks = [("m1", first.receipt), ("m2", "0"), ("ready", ""), ("unknown", ""), ("m2", "")]
        assert await queue_dao.ack_messages(QUEUE, acks) == [True, False, False, False, True]
        assert second.id == "m2"
        assert await polled(queue_dao) == ["ready"]

    async def test_none_is_no_error(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.ack_messages(QUEUE, []) == []

    async def test_changes_nothing_if_one_is_malformed(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        with pytest.raises(InvalidArgumentError):
            await queue_dao.ack_messages(QUEUE, [("m1", message.receipt), ("", "")])
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_takes_no_more_than_a_thousand(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError):
            await queue_dao.ack_messages(QUEUE, [(f"m{n}", "") for n in range(1_001)])


class TestSetUnackTimeout:
    async def test_prolongs_a_lease(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        (message,) = await queue_dao.poll_messages(QUEUE, count=1, unack_timeout_ms=60_000)
        prolonged = await queue_dao.set_unack_timeout(
            QUEUE, "m1", AN_HOUR_MS, receipt=message.receipt
        )
        assert prolonged
        # Half an hour is shorter than what is left, now.
        assert await queue_dao.set_unack_timeout_if_shorter(QUEUE, "m1", AN_HOUR_MS // 2)
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_shortens_a_lease(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert await queue_dao.set_unack_timeout(QUEUE, "m1", 50)
        assert await queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]

    async def test_zero_gives_the_message_back_and_its_receipt_is_stale(
        self, queue_dao: QueueDAO
    ) -> None:
        first = await leased(queue_dao)
        assert await queue_dao.set_unack_timeout(QUEUE, "m1", 0, receipt=first.receipt)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=first.receipt)
        (second,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert second.delivery_count == 2

    async def test_a_stale_receipt_changes_nothing(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert not await queue_dao.set_unack_timeout(QUEUE, "m1", 0, receipt="0")
        assert await polled(queue_dao) == []

    async def test_leaves_what_is_not_unacked(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "ready")
        await push_delayed(queue_dao, "delayed")
        assert not await queue_dao.set_unack_timeout(QUEUE, "ready", AN_HOUR_MS)
        assert not await queue_dao.set_unack_timeout(QUEUE, "delayed", 0)
        assert not await queue_dao.set_unack_timeout(QUEUE, "unknown", 0)
        assert await polled(queue_dao) == ["ready"]

    async def test_leaves_a_lapsed_lease(self, queue_dao: QueueDAO) -> None:
        message = await lapsed(queue_dao)
        assert not await queue_dao.set_unack_timeout(
            QUEUE, "m1", AN_HOUR_MS, receipt=message.receipt
        )
        assert await polled(queue_dao) == ["m1"]

    async def test_refuses_a_negative_time(self, queue_dao: QueueDAO) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.set_unack_timeout(QUEUE, "m1", -1)
        assert caught.value.field == "unack_timeout_ms"


class TestSetUnackTimeoutIfShorter:
    async def test_shortens_a_lease(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert await queue_dao.set_unack_timeout_if_shorter(
            QUEUE, "m1", 50, receipt=message.receipt
        )
        assert await queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]

    async def test_never_prolongs_one(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        await queue_dao.pop(QUEUE, count=1, unack_timeout_ms=100)
        assert not await queue_dao.set_unack_timeout_if_shorter(QUEUE, "m1", AN_HOUR_MS)
        assert await queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS) == ["m1"]

    async def test_zero_gives_the_message_back(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert await queue_dao.set_unack_timeout_if_shorter(QUEUE, "m1", 0)
        assert await polled(queue_dao) == ["m1"]

    async def test_a_stale_receipt_changes_nothing(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert not await queue_dao.set_unack_timeout_if_shorter(QUEUE, "m1", 0, receipt="0")
        assert await polled(queue_dao) == []

    async def test_leaves_what_is_not_unacked(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "delayed")
        assert not await queue_dao.set_unack_timeout_if_shorter(QUEUE, "delayed", 0)
        assert await polled(queue_dao) == []


class TestFlush:
    async def test_removes_all_in_whatever_state(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao, "leased")
        await push(queue_dao, "ready")
        await push_delayed(queue_dao, "delayed")
        await queue_dao.flush(QUEUE)
        for message_id in ("leased", "ready", "delayed"):
            assert not await queue_dao.contains_message(QUEUE, message_id)

    async def test_leaves_other_queues(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", queue_name="other")
        await queue_dao.flush(QUEUE)
        assert await queue_dao.get_size("other") == 1

    async def test_removes_more_than_a_thousand(self, queue_dao: QueueDAO) -> None:
        for start in (0, 1_000):
            messages = [PushMessage(id=f"m{n}") for n in range(start, start + 1_000)]
            await queue_dao.push_messages(QUEUE, messages)
        await queue_dao.flush(QUEUE)
        assert await queue_dao.get_size(QUEUE) == 0


class TestQueuesDetail:
    async def test_is_empty_without_messages(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.queues_detail() == {}

    async def test_lists_the_size_of_every_queue(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2")
        await push(queue_dao, "m1", queue_name="other")
        assert await queue_dao.queues_detail() == {QUEUE: 2, "other": 1}

    async def test_lists_a_queue_that_has_only_unacked_messages(
        self, queue_dao: QueueDAO, leases_count: int
    ) -> None:
        await leased(queue_dao)
        assert await queue_dao.queues_detail() == {QUEUE: 1 - leases_count}

    async def test_a_queue_without_messages_is_gone(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        await queue_dao.remove(QUEUE, "m1")
        assert await queue_dao.queues_detail() == {}


class TestQueuesDetailVerbose:
    async def test_lists_the_counts_of_every_queue_by_name(
        self, queue_dao: QueueDAO, leases_count: int
    ) -> None:
        await leased(queue_dao, "leased")
        await push(queue_dao, "ready")
        await push_delayed(queue_dao, "delayed")
        await push(queue_dao, "m1", queue_name="another")
        assert await queue_dao.queues_detail_verbose() == [
            QueueDetail(name="another", size=1, unacked=0),
            QueueDetail(name=QUEUE, size=3 - leases_count, unacked=leases_count),
        ]

    async def test_a_lapsed_lease_is_ready(self, queue_dao: QueueDAO) -> None:
        await lapsed(queue_dao)
        (detail,) = await queue_dao.queues_detail_verbose()
        assert (detail.size, detail.unacked) == (1, 0)

    async def test_an_acked_message_counts_nowhere(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao, "m1")
        await push(queue_dao, "m2")
        await queue_dao.ack(QUEUE, "m1")
        assert await queue_dao.queues_detail_verbose() == [
            QueueDetail(name=QUEUE, size=1, unacked=0)
        ]


class TestProcessUnacks:
    async def test_is_never_needed_and_does_no_harm(self, queue_dao: QueueDAO) -> None:
        await lapsed(queue_dao, "lapsed")
        held = await leased(queue_dao, "lapsed")
        await queue_dao.process_unacks(QUEUE)
        assert await queue_dao.ack(QUEUE, held.id, receipt=held.receipt)

    async def test_makes_lapsed_leases_ready(self, queue_dao: QueueDAO) -> None:
        message = await lapsed(queue_dao)
        await queue_dao.process_unacks(QUEUE)
        assert not await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)
        (again,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert again.delivery_count == 2

    async def test_an_unknown_queue_is_no_error(self, queue_dao: QueueDAO) -> None:
        await queue_dao.process_unacks("unknown")


class TestResetOffsetTime:
    async def test_makes_a_delayed_message_ready(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        assert await queue_dao.reset_offset_time(QUEUE, "m1")
        assert await polled(queue_dao) == ["m1"]

    async def test_leaves_a_ready_message_ready(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2")
        assert await queue_dao.reset_offset_time(QUEUE, "m1")
        assert await polled(queue_dao) == ["m1", "m2"]

    async def test_never_touches_an_unacked_message(self, queue_dao: QueueDAO) -> None:
        message = await leased(queue_dao)
        assert not await queue_dao.reset_offset_time(QUEUE, "m1")
        assert await polled(queue_dao) == []
        assert await queue_dao.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_answers_false_if_it_is_not_there(self, queue_dao: QueueDAO) -> None:
        assert not await queue_dao.reset_offset_time(QUEUE, "m1")

    async def test_wakes_who_waits(self, queue_dao: QueueDAO) -> None:
        await push_delayed(queue_dao, "m1")
        popped = await waiting(queue_dao.pop(QUEUE, count=1, timeout_ms=LONG_ENOUGH_MS))
        await queue_dao.reset_offset_time(QUEUE, "m1")
        assert await asyncio.wait_for(popped, PATIENCE_SECONDS) == ["m1"]


class TestPostpone:
    async def test_delays_a_ready_message_and_keeps_its_payload(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="m1", payload="p"))
        assert await queue_dao.postpone(QUEUE, "m1", priority=3, offset_ms=AN_HOUR_MS)
        assert await polled(queue_dao) == []
        await queue_dao.reset_offset_time(QUEUE, "m1")
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert (message.payload, message.priority) == ("p", 3)

    async def test_ends_a_lease(self, queue_dao: QueueDAO) -> None:
        first = await leased(queue_dao)
        assert await queue_dao.postpone(QUEUE, "m1")
        assert not await queue_dao.ack(QUEUE, "m1", receipt=first.receipt)
        (second,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert second.delivery_count == 1

    async def test_pushes_what_was_not_there(self, queue_dao: QueueDAO) -> None:
        assert await queue_dao.postpone(QUEUE, "m1")
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert message.payload is UNSET

    async def test_with_its_receipt_a_holder_postpones(self, queue_dao: QueueDAO) -> None:
        first = await leased(queue_dao, payload="p")
        assert await queue_dao.postpone(
            QUEUE, "m1", priority=3, offset_ms=AN_HOUR_MS, receipt=first.receipt
        )
        assert await queue_dao.get_size(QUEUE) == 1
        assert await polled(queue_dao) == []
        await queue_dao.reset_offset_time(QUEUE, "m1")
        (second,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert (second.payload, second.priority, second.delivery_count) == ("p", 3, 1)

    async def test_a_stale_receipt_changes_nothing(self, queue_dao: QueueDAO) -> None:
        stale = await lapsed(queue_dao)
        (holding,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert not await queue_dao.postpone(QUEUE, "m1", receipt=stale.receipt)
        assert await polled(queue_dao) == []
        assert await queue_dao.ack(QUEUE, "m1", receipt=holding.receipt)

    async def test_the_receipt_of_a_lapsed_lease_is_stale(self, queue_dao: QueueDAO) -> None:
        stale = await lapsed(queue_dao)
        assert not await queue_dao.postpone(
            QUEUE, "m1", offset_ms=AN_HOUR_MS, receipt=stale.receipt
        )
        assert await polled(queue_dao) == ["m1"]

    async def test_with_a_receipt_nothing_is_pushed(self, queue_dao: QueueDAO) -> None:
        gone = await leased(queue_dao)
        assert await queue_dao.ack(QUEUE, "m1", receipt=gone.receipt)
        assert not await queue_dao.postpone(QUEUE, "m1", receipt=gone.receipt)
        assert not await queue_dao.contains_message(QUEUE, "m1")

    @pytest.mark.parametrize(
        ("priority", "offset_ms", "field"), [(100, 0, "priority"), (0, -1, "offset_ms")]
    )
    async def test_refuses_what_push_refuses(
        self, queue_dao: QueueDAO, priority: int, offset_ms: int, field: str
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await queue_dao.postpone(QUEUE, "m1", priority=priority, offset_ms=offset_ms)
        assert caught.value.field == field


class TestContainsMessage:
    async def test_says_so_in_every_state(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao, "leased")
        await push(queue_dao, "ready")
        await push_delayed(queue_dao, "delayed")
        for message_id in ("leased", "ready", "delayed"):
            assert await queue_dao.contains_message(QUEUE, message_id)
        assert not await queue_dao.contains_message(QUEUE, "unknown")
        assert not await queue_dao.contains_message("other", "ready")


class TestPeekFirstIds:
    async def test_answers_in_the_order_of_delivery(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1", "m2")
        await queue_dao.push(QUEUE, PushMessage(id="urgent", priority=9))
        assert await queue_dao.peek_first_ids(QUEUE, 10) == ["urgent", "m1", "m2"]
        assert await queue_dao.peek_first_ids(QUEUE, 2) == ["urgent", "m1"]

    async def test_what_is_delayed_comes_behind_what_is_ready(self, queue_dao: QueueDAO) -> None:
        await queue_dao.push(QUEUE, PushMessage(id="late", offset_ms=2 * AN_HOUR_MS, priority=9))
        await push_delayed(queue_dao, "soon")
        await push(queue_dao, "ready")
        assert await queue_dao.peek_first_ids(QUEUE, 10) == ["ready", "soon", "late"]

    async def test_leaves_unacked_messages_out(self, queue_dao: QueueDAO) -> None:
        await leased(queue_dao)
        assert await queue_dao.peek_first_ids(QUEUE, 10) == []

    async def test_leases_nothing(self, queue_dao: QueueDAO) -> None:
        await push(queue_dao, "m1")
        await queue_dao.peek_first_ids(QUEUE, 10)
        (message,) = await queue_dao.poll_messages(QUEUE, count=1)
        assert message.delivery_count == 1

    @pytest.mark.parametrize("count", [0, -1, 1_001])
    async def test_refuses_a_count_out_of_range(self, queue_dao: QueueDAO, count: int) -> None:
        with pytest.raises(InvalidArgumentError):
            await queue_dao.peek_first_ids(QUEUE, count)


LATE: dict[str, Callable[[QueueDAO, str], Awaitable[object]]] = {
    "ack": lambda dao, receipt: dao.ack(QUEUE, "m1", receipt=receipt),
    "ack_messages": lambda dao, receipt: dao.ack_messages(QUEUE, [("m1", receipt)]),
    "set_unack_timeout": (
        lambda dao, receipt: dao.set_unack_timeout(QUEUE, "m1", 0, receipt=receipt)
    ),
    "set_unack_timeout_if_shorter": (
        lambda dao, receipt: dao.set_unack_timeout_if_shorter(QUEUE, "m1", 0, receipt=receipt)
    ),
    "postpone": lambda dao, receipt: dao.postpone(QUEUE, "m1", receipt=receipt),
    "reset_offset_time": lambda dao, _: dao.reset_offset_time(QUEUE, "m1"),
}


@pytest.mark.parametrize("method", LATE)
async def test_a_late_holder_never_harms_the_new_one(queue_dao: QueueDAO, method: str) -> None:
    late = await lapsed(queue_dao)
    (holding,) = await queue_dao.poll_messages(QUEUE, count=1)
    assert await LATE[method](queue_dao, late.receipt) in (False, [False])
    assert await polled(queue_dao) == []
    assert await queue_dao.ack(QUEUE, "m1", receipt=holding.receipt)


BY_QUEUE: dict[str, Callable[[QueueDAO, str], Awaitable[object]]] = {
    "push": lambda dao, name: dao.push(name, PushMessage(id="m1")),
    "push_messages": lambda dao, name: dao.push_messages(name, [PushMessage(id="m1")]),
    "push_if_not_exists": lambda dao, name: dao.push_if_not_exists(name, PushMessage(id="m1")),
    "pop": lambda dao, name: dao.pop(name, count=1),
    "poll_messages": lambda dao, name: dao.poll_messages(name, count=1),
    "remove": lambda dao, name: dao.remove(name, "m1"),
    "get_size": lambda dao, name: dao.get_size(name),
    "ack": lambda dao, name: dao.ack(name, "m1"),
    "ack_messages": lambda dao, name: dao.ack_messages(name, [("m1", "")]),
    "set_unack_timeout": lambda dao, name: dao.set_unack_timeout(name, "m1", 1),
    "set_unack_timeout_if_shorter": (
        lambda dao, name: dao.set_unack_timeout_if_shorter(name, "m1", 1)
    ),
    "flush": lambda dao, name: dao.flush(name),
    "process_unacks": lambda dao, name: dao.process_unacks(name),
    "reset_offset_time": lambda dao, name: dao.reset_offset_time(name, "m1"),
    "postpone": lambda dao, name: dao.postpone(name, "m1"),
    "contains_message": lambda dao, name: dao.contains_message(name, "m1"),
    "peek_first_ids": lambda dao, name: dao.peek_first_ids(name, 1),
}

BY_ID: dict[str, Callable[[QueueDAO, str], Awaitable[object]]] = {
    "remove": lambda dao, id_: dao.remove(QUEUE, id_),
    "ack": lambda dao, id_: dao.ack(QUEUE, id_),
    "set_unack_timeout": lambda dao, id_: dao.set_unack_timeout(QUEUE, id_, 1),
    "set_unack_timeout_if_shorter": (
        lambda dao, id_: dao.set_unack_timeout_if_shorter(QUEUE, id_, 1)
    ),
    "reset_offset_time": lambda dao, id_: dao.reset_offset_time(QUEUE, id_),
    "postpone": lambda dao, id_: dao.postpone(QUEUE, id_),
    "contains_message": lambda dao, id_: dao.contains_message(QUEUE, id_),
}


class TestNames:
    @pytest.mark.parametrize("method", BY_QUEUE)
    @pytest.mark.parametrize("name", ["", "a\x00b", "x" * 1_025])
    async def test_refuses_a_malformed_queue_name(
        self, queue_dao: QueueDAO, method: str, name: str
    ) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await BY_QUEUE[method](queue_dao, name)
        assert caught.value.field == "queue_name"

    @pytest.mark.parametrize("method", BY_ID)
    async def test_refuses_an_empty_message_id(self, queue_dao: QueueDAO, method: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await BY_ID[method](queue_dao, "")
        assert caught.value.field == "message_id"
