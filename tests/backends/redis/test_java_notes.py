"""The notes of messages that Java removed: it leaves them, and they go."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium_core.models import PushMessage
from tests.backends.redis.java_queue import JavaQueue
from tests.backends.redis.java_world import java_on, keys_below, leased, push
from tests.backends.redis.queue_calls import QUEUE
from tests.backends.redis.stores import Layout, RedisParts, redis_parts
from tests.clock import FakeClock


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


class TestNotesOfMessagesThatJavaRemoved:
    async def test_go_while_we_push(self, store: RedisParts, java: JavaQueue) -> None:
        for start in range(0, 2_000, 100):
            ids = [f"m{n}" for n in range(start, start + 100)]
            await store.queues.push_messages(QUEUE, [PushMessage(id=id_) for id_ in ids])
            for id_ in ids:
                await java.ack(id_)
        assert await self.notes(store) <= 300

    async def test_go_while_we_take_and_no_lease_is_lost(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        for n in range(20):
            await push(store, f"m{n}")
        held = await store.queues.poll_messages(QUEUE, count=20)
        await self.leave(store, java, 500)
        assert await self.notes(store) == 520
        for _ in range(10):
            await store.queues.poll_messages(QUEUE, count=1)
        assert await self.notes(store) <= 2 * 20 + 100
        acks = [(message.id, message.receipt) for message in held]
        assert await store.queues.ack_messages(QUEUE, acks) == [True] * 20

    async def test_go_with_the_last_message(
        self, store: RedisParts, java: JavaQueue, prefix: str
    ) -> None:
        await self.leave(store, java, 5)
        assert await self.notes(store) == 5
        assert await store.queues.pop(QUEUE, count=1) == []
        assert await keys_below(store, prefix) == []

    async def test_go_with_the_last_message_that_we_remove(
        self, store: RedisParts, java: JavaQueue, prefix: str
    ) -> None:
        held = await leased(store)
        await self.leave(store, java, 5)
        assert await store.queues.ack(QUEUE, "m1", receipt=held.receipt)
        assert await keys_below(store, prefix) == []

    async def test_go_when_leases_are_swept_and_no_lease_is_lost(
        self, store: RedisParts, java: JavaQueue
    ) -> None:
        await self.leave(store, java, 5)
        held = await leased(store)
        assert await store.queues.process_unacks(QUEUE) == 0
        assert await self.notes(store) == 1
        assert await store.queues.ack(QUEUE, "m1", receipt=held.receipt)

    async def notes(self, store: RedisParts) -> int:
        return int(await store.link.read("HLEN", store.keys.queue(QUEUE)[1]))

    async def leave(self, store: RedisParts, java: JavaQueue, count: int) -> None:
        ids = [f"gone{n}" for n in range(count)]
        await store.queues.push_messages(QUEUE, [PushMessage(id=id_) for id_ in ids])
        for id_ in ids:
            await java.ack(id_)
