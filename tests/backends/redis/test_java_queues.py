"""A Java Conductor and Podium on one queue, in turns and at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import pytest
from msgspec import UNSET

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.open_table import open_queue_table
from podium_core.clock import system_clock_ms
from podium_core.models import Message, PushMessage
from podium_core.write_set import PushOp
from tests.backends.redis.java_queue import UNACK_MS, JavaQueue
from tests.backends.redis.java_world import java_on, keys_below, leased, push, taken
from tests.backends.redis.queue_calls import AN_HOUR_MS, QUEUE
from tests.backends.redis.stores import Layout, RedisParts, redis_parts, settings_at
from tests.clock import FakeClock
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS


@pytest.fixture
def layout() -> Layout:
    return "conductor"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(redis_url: str, prefix: str, clock: FakeClock) -> AsyncIterator[RedisParts]:
    """On a clock that stands still, as Java's does. What Java's removals leave is gone at the end."""
    async with redis_parts(redis_url, clock, prefix=prefix, layout="conductor") as parts:
        yield parts
        await parts.queues.process_unacks(QUEUE)


@pytest.fixture
def java(store: RedisParts, clock: FakeClock) -> JavaQueue:
    return java_on(store, clock)


# What a holder may do under its receipt; each says whether it did.
UNDER_RECEIPT: dict[str, Callable[[RedisParts, str], Awaitable[bool]]] = {
    "ack": lambda store, receipt: store.queues.ack(QUEUE, "m1", receipt=receipt),
    "postpone": lambda store, receipt: store.queues.postpone(QUEUE, "m1", receipt=receipt),
    "set unack timeout": lambda store, receipt: store.queues.set_unack_timeout(
        QUEUE, "m1", 5, receipt=receipt
    ),
    "give back": lambda store, receipt: gives_back(store, receipt),
}


async def gives_back(store: RedisParts, receipt: str) -> bool:
    before = await store.link.read("ZSCORE", store.keys.queue(QUEUE)[0], "m1")
    await store.queues.give_back(QUEUE, [Message(id="m1", receipt=receipt)])
    return bool(before != await store.link.read("ZSCORE", store.keys.queue(QUEUE)[0], "m1"))


# What Java may do to a message that we hold; our receipt is stale then.
BY_JAVA: dict[str, Callable[[JavaQueue, FakeClock], Awaitable[object]]] = {
    "pop": lambda java, clock: pop_after_our_lease(java, clock),
    "push": lambda java, _: java.push("m1"),
    "push when our lease ends": lambda java, _: java.push("m1", timeout_ms=1_000),
    "push with a priority": lambda java, _: java.push("m1", timeout_ms=1_000, priority=99),
    "set unack timeout": lambda java, _: java.set_unack_timeout("m1", 1_000),
    "remove and push": lambda java, _: remove_and_push(java),
}


async def pop_after_our_lease(java: JavaQueue, clock: FakeClock) -> None:
    clock.pass_by(1_000)
    assert await java.pop(1) == ["m1"]


async def remove_and_push(java: JavaQueue) -> None:
    await java.remove("m1")
    await java.push("m1")


class TestOurReceipt:
    @pytest.mark.parametrize("use", UNDER_RECEIPT)
    async def test_holds_while_java_leaves_the_message(self, store: RedisParts, use: str) -> None:
        message = await leased(store)
        assert await UNDER_RECEIPT[use](store, message.receipt)

    @pytest.mark.parametrize("use", UNDER_RECEIPT)
    @pytest.mark.parametrize("how", BY_JAVA)
    async def test_is_stale_once_java_moves_the_message(
        self, store: RedisParts, java: JavaQueue, clock: FakeClock, how: str, use: str
    ) -> None:
        message = await leased(store)
        await BY_JAVA[how](java, clock)
        assert not await UNDER_RECEIPT[use](store, message.receipt)
        assert await java.exists("m1")

    async def test_is_stale_once_java_acks_the_message(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        message = await leased(store)
        assert await java.ack("m1")
        assert not await store.queues.ack(QUEUE, "m1", receipt=message.receipt)
        assert not await store.queues.contains_message(QUEUE, "m1")
        assert await store.queues.queues_detail() == {}

    async def test_ends_with_the_message(self, store: RedisParts, java: JavaQueue) -> None:
        """What Java removed and pushes again at the score that we had noted is another message."""
        message = await leased(store)
        score = await store.link.read("ZSCORE", store.keys.queue(QUEUE)[0], "m1")
        await java.remove("m1")
        await java.push("m1")
        assert await store.link.read("ZSCORE", store.keys.queue(QUEUE)[0], "m1") != score
        again = await taken(store)
        assert (again.delivery_count, again.receipt != message.receipt) == (1, True)


class TestWhoHolds:
    async def test_java_gets_nothing_that_we_hold(
        self, store: RedisParts, java: JavaQueue, clock: FakeClock
    ) -> None:
        message = await leased(store)
        clock.pass_by(999)
        assert await java.pop(5) == []
        assert await store.queues.ack(QUEUE, "m1", receipt=message.receipt)

    async def test_we_get_nothing_that_java_holds(
        self, store: RedisParts, java: JavaQueue, clock: FakeClock
    ) -> None:
        await push(store)
        assert await java.pop(5) == ["m1"]
        clock.pass_by(UNACK_MS)
        assert await store.queues.pop(QUEUE, count=5) == []
        clock.pass_by(1)
        assert await store.queues.pop(QUEUE, count=5) == ["m1"]

    async def test_what_java_holds_is_not_acked_by_its_id(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await push(store)
        await java.pop(5)
        assert not await store.queues.ack(QUEUE, "m1")
        assert not await store.queues.set_unack_timeout(QUEUE, "m1", 0)
        assert await java.exists("m1")

    async def test_java_acks_what_we_pushed_and_its_payload_goes(
        self, store: RedisParts, java: JavaQueue, prefix: str
    ) -> None:
        await push(store)
        assert await java.pop(1) == ["m1"]
        assert await java.payload("m1") == "p"
        assert await java.ack("m1")
        await store.queues.process_unacks(QUEUE)
        assert await keys_below(store, prefix) == []


class TestWhatJavaPushed:
    @pytest.mark.parametrize(("priority", "timeout_ms"), [(0, 0), (7, 0), (99, 0), (1, 5), (9, 5)])
    async def test_is_delivered_as_what_we_pushed(
        self,
        store: RedisParts,
        java: JavaQueue,
        clock: FakeClock,
        prefix: str,
        priority: int,
        timeout_ms: int,
    ) -> None:
        await java.push("m1", payload="from Java", priority=priority, timeout_ms=timeout_ms)
        clock.pass_by(timeout_ms)
        message = await taken(store)
        assert (message.payload, message.priority) == ("from Java", priority)
        assert message.delivery_count == 1
        clock.pass_by(1_000)
        again = await taken(store)
        assert (again.priority, again.delivery_count) == (priority, 2)
        assert await store.queues.ack(QUEUE, "m1", receipt=again.receipt)
        assert await keys_below(store, prefix) == []

    async def test_may_have_no_payload(self, store: RedisParts, java: JavaQueue) -> None:
        await java.push("m1", payload="p")
        await java.push("m2")
        first, second = await store.queues.poll_messages(QUEUE, count=2)
        assert (first.payload, second.payload) == ("p", UNSET)

    async def test_is_due_no_sooner(
        self, store: RedisParts, java: JavaQueue, clock: FakeClock
    ) -> None:
        await java.push("m1", timeout_ms=1_000, priority=99)
        clock.pass_by(999)
        assert await store.queues.pop(QUEUE, count=1) == []
        clock.pass_by(1)
        assert await store.queues.pop(QUEUE, count=1) == ["m1"]

    async def test_is_delayed_as_far_as_anybody_can_tell(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await java.push("later", timeout_ms=AN_HOUR_MS)
        await java.push("held")
        await java.pop(1)
        assert await store.queues.peek_first_ids(QUEUE, 5) == ["held", "later"]
        assert await store.queues.reset_offset_time(QUEUE, "later")
        assert await store.queues.pop(QUEUE, count=5) == ["later"]

    async def test_is_there_for_both(self, store: RedisParts, java: JavaQueue) -> None:
        await java.push("m1")
        assert not await store.queues.push_if_not_exists(QUEUE, PushMessage(id="m1"))
        await push(store, "m2")
        assert not await java.push_if_not_exists("m2")
        assert await store.queues.get_size(QUEUE) == await java.size() == 2
        assert await store.queues.queues_detail() == {QUEUE: 2}
        assert await store.queues.flush(QUEUE) == 2
        assert await java.size() == 0

    async def test_gives_way_to_a_push_of_ours(
        self, store: RedisParts, java: JavaQueue, clock: FakeClock
    ) -> None:
        await java.push("m1", payload="from Java", timeout_ms=AN_HOUR_MS)
        await store.queues.push(QUEUE, PushMessage(id="m1"))
        assert await java.payload("m1") is None
        assert (await taken(store)).payload is UNSET

    async def test_keeps_its_payload_when_it_is_postponed(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await java.push("m1", payload="from Java")
        assert await store.queues.postpone(QUEUE, "m1")
        assert (await taken(store)).payload == "from Java"

    async def test_wakes_who_waits_within_a_second(
        self, redis_url: str, prefix: str, clock: FakeClock
    ) -> None:
        async with redis_parts(
            redis_url, clock, prefix=prefix, layout="conductor", look_seconds=0.1
        ) as store:
            waiting = store.queues.pop(QUEUE, count=1, timeout_ms=PATIENCE_MS)
            poll = asyncio.create_task(waiting)
            await asyncio.sleep(0.05)
            await java_on(store, clock).push("m1")
            assert await asyncio.wait_for(poll, PATIENCE_SECONDS) == ["m1"]


class TestTokens:
    async def test_what_java_pushed_has_one_below_any_push_of_ours(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await java.push("m1", timeout_ms=AN_HOUR_MS)
        (seen,) = await store.queue_table.tokens_of([(QUEUE, "m1")])
        assert seen > 0
        await store.queue_table.deliver(PushOp(queue_name=QUEUE, message_id="m1"), 2**60)
        assert await store.queue_table.tokens_of([(QUEUE, "m1")]) == [2**60]
        assert await store.queue_table.remove_seen([(QUEUE, "m1", seen)]) == [False]

    @pytest.mark.parametrize("priority", [0, 9])
    async def test_what_java_pushed_meanwhile_is_not_what_was_seen(
        self, store: RedisParts, java: JavaQueue, priority: int
    ) -> None:
        """Also in the same millisecond, and at the same priority."""
        await store.queues.push(QUEUE, PushMessage(id="m1", priority=priority))
        (seen,) = await store.queue_table.tokens_of([(QUEUE, "m1")])
        await java.push("m1", priority=priority)
        assert await store.queue_table.remove_seen([(QUEUE, "m1", seen)]) == [False]
        assert await java.exists("m1")

    async def test_what_java_pushed_is_removed_as_it_was_seen(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await java.push("m1", timeout_ms=5)
        (seen,) = await store.queue_table.tokens_of([(QUEUE, "m1")])
        assert await store.queue_table.remove_seen([(QUEUE, "m1", seen)]) == [True]
        assert not await java.exists("m1")


@pytest.mark.parametrize("suffix", ["_payload", ".PAYLOAD"])
async def test_payloads_are_where_either_conductor_has_them(
    store: RedisParts,
    redis_url: str,
    prefix: str,
    clock: FakeClock,
    suffix: Literal["_payload", ".PAYLOAD"],
) -> None:
    settings = settings_at(redis_url, prefix, "conductor").model_copy(
        update={"queue_payloads": suffix}
    )
    keys = settings.queue_keys
    changes = QueueChanges(settings.target("queues"), keys)
    table = open_queue_table(ClockedScripts(store.link, clock), keys, changes, store.link)
    java = JavaQueue(store.link, keys.queue(QUEUE)[0], clock, suffix)
    await table.push([PushOp(queue_name=QUEUE, message_id="m1", payload="p")])
    assert await java.payload("m1") == "p"
    assert await table.remove(QUEUE, "m1")
    assert await java.payload("m1") is None


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.nightly)], ids=str)
async def test_both_drain_one_queue_and_lose_nothing_and_hold_nothing_twice(
    redis_url: str, prefix: str, count: int
) -> None:
    held: set[str] = set()
    done: dict[str, list[str]] = {"java": [], "podium": []}

    def left() -> bool:
        return len(done["java"]) + len(done["podium"]) < count

    async def hold(ids: list[str]) -> None:
        assert not held & set(ids)
        held.update(ids)
        await asyncio.sleep(0.001)
        held.difference_update(ids)

    async def consume_as_java(java: JavaQueue) -> None:
        while left():
            ids = await java.pop(7)
            await hold(ids)
            for id_ in ids:
                assert await java.ack(id_)
            done["java"] += ids

    async def consume(store: RedisParts) -> None:
        while left():
            messages = await store.queues.poll_messages(QUEUE, count=7, timeout_ms=20)
            await hold([message.id for message in messages])
            acks = [(message.id, message.receipt) for message in messages]
            assert all(await store.queues.ack_messages(QUEUE, acks))
            done["podium"] += [message.id for message in messages]

    async def produce(store: RedisParts, java: JavaQueue) -> None:
        for n in range(count):
            if n % 2:
                await java.push(f"m{n}", priority=n % 3)
            else:
                await store.queues.push(QUEUE, PushMessage(id=f"m{n}", priority=n % 3))

    async with (
        redis_parts(redis_url, prefix=prefix, layout="conductor") as one,
        redis_parts(redis_url, prefix=prefix, layout="conductor") as other,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        async with asyncio.TaskGroup() as group:
            group.create_task(produce(one, java_on(other, system_clock_ms)))
            for store in (one, other):
                group.create_task(consume(store))
                group.create_task(consume_as_java(java_on(store, system_clock_ms)))
        assert sorted(done["java"] + done["podium"]) == sorted(f"m{n}" for n in range(count))
        assert all(done.values())
        assert await one.queues.pop(QUEUE, count=1) == []
