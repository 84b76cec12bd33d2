"""One queue that Java and Podium push to and pop from: Podium in the layout of Java's queues."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from podium_core.models import PushMessage
from tests.contract.daos import Daos
from tests.contract.eventually import eventually
from tests.interop.java import JavaDaos
from tests.services.conductor_server import ConductorServer

QUEUE = "encode"
MESSAGES = 500
MANY_MESSAGES = 10_000
CONSUMERS = 4
BATCH = 10
# Longer than the test: what is held twice was held twice at once.
AN_HOUR_MS = 3_600_000


async def test_ours_is_java_s(java: JavaDaos, beside: Daos) -> None:
    await beside.queues.push(QUEUE, PushMessage(id="m1", payload="text"))
    assert await java.queues("containsMessage", QUEUE, "m1")
    assert await java.queues("getSize", QUEUE) == 1
    (found,) = await java.queues("pollMessages", QUEUE, 5, 200)
    assert (found["id"], found["payload"]) == ("m1", "text")
    await java.queues("ack", QUEUE, "m1")  # whose answer says nothing
    assert not await beside.queues.contains_message(QUEUE, "m1")


async def test_java_s_is_ours(java: JavaDaos, beside: Daos) -> None:
    await java.queues("push", QUEUE, [{"id": "m1", "payload": "text", "priority": 0}])
    assert await beside.queues.get_size(QUEUE) == 1
    (message,) = await beside.queues.poll_messages(QUEUE, count=5)
    assert (message.id, message.payload) == ("m1", "text")
    assert await java.queues("pop", QUEUE, 5, 100) == []
    assert await beside.queues.ack(QUEUE, "m1", receipt=message.receipt)
    assert await java.queues("getSize", QUEUE) == 0


async def test_a_delay_counts_for_both(java: JavaDaos, beside: Daos) -> None:
    await beside.queues.push(QUEUE, PushMessage(id="ours", offset_ms=AN_HOUR_MS))
    await java.queues("push", QUEUE, "java-s", 3_600)
    assert await java.queues("pop", QUEUE, 5, 100) == []
    assert await beside.queues.pop(QUEUE, count=5) == []
    assert await java.queues("resetOffsetTime", QUEUE, "ours")
    assert await beside.queues.reset_offset_time(QUEUE, "java-s")
    assert sorted(await beside.queues.pop(QUEUE, count=5)) == ["java-s", "ours"]


async def test_java_s_pop_makes_a_receipt_stale(java: JavaDaos, beside: Daos) -> None:
    await beside.queues.push(QUEUE, PushMessage(id="m1"))
    (held,) = await beside.queues.poll_messages(QUEUE, count=1, unack_timeout_ms=1)

    async def java_pops() -> Any:
        return await java.queues("pop", QUEUE, 1, 100)

    assert await eventually(java_pops) == ["m1"]
    assert not await beside.queues.ack(QUEUE, "m1", receipt=held.receipt)
    assert await beside.queues.contains_message(QUEUE, "m1")
    await java.queues("ack", QUEUE, "m1")  # whose answer says nothing
    assert not await beside.queues.contains_message(QUEUE, "m1")


async def test_java_hears_nothing_and_finds_what_we_push(java: JavaDaos, beside: Daos) -> None:
    """Each waits for what the other pushes."""
    java_waits = asyncio.create_task(java.queues("pop", QUEUE, 1, 10_000))
    await beside.queues.push(QUEUE, PushMessage(id="for-java"))
    assert await java_waits == ["for-java"]
    we_wait = asyncio.create_task(beside.queues.pop("ours", count=1, timeout_ms=60_000))
    await asyncio.sleep(0.1)
    await java.queues("push", "ours", "for-us", 0)
    assert await we_wait == ["for-us"]


class Drain:
    """Consumers of both that pop and ack until a queue is empty."""

    def __init__(self, java: JavaDaos, podium: Daos) -> None:
        self.java_s: Counter[str] = Counter()
        self.ours: Counter[str] = Counter()
        self._java = java
        self._podium = podium

    @property
    def count(self) -> int:
        return self.java_s.total() + self.ours.total()

    async def by_java(self, total: int) -> None:
        while self.count < total:
            for id_ in await self._java.queues("pop", QUEUE, BATCH, 100):
                self.java_s[id_] += 1
                await self._java.queues("ack", QUEUE, id_)

    async def by_podium(self, total: int) -> None:
        while self.count < total:
            messages = await self._podium.queues.poll_messages(
                QUEUE, count=BATCH, timeout_ms=100, unack_timeout_ms=AN_HOUR_MS
            )
            for message in messages:
                self.ours[message.id] += 1
                assert await self._podium.queues.ack(QUEUE, message.id, receipt=message.receipt)


async def push_by_both(java: JavaDaos, podium: Daos, count: int) -> None:
    for at in range(0, count, 100):
        batch = range(at, min(at + 100, count))
        ours = [PushMessage(id=f"ours-{n}", payload="text") for n in batch if n % 2]
        java_s = [
            {"id": f"java-{n}", "payload": "text", "priority": 0} for n in batch if n % 2 == 0
        ]
        await asyncio.gather(
            podium.queues.push_messages(QUEUE, ours), java.queues("push", QUEUE, java_s)
        )


async def drained_by_both(java: JavaDaos, podium: Daos, count: int) -> None:
    drain = Drain(java, podium)
    await asyncio.gather(
        push_by_both(java, podium, count),
        *(drain.by_java(count) for _ in range(CONSUMERS)),
        *(drain.by_podium(count) for _ in range(CONSUMERS)),
    )
    wanted = {f"{'ours' if n % 2 else 'java'}-{n}" for n in range(count)}
    both = drain.java_s + drain.ours
    assert both.keys() == wanted
    assert set(both.values()) == {1}
    assert drain.java_s
    assert drain.ours
    assert await podium.queues.get_size(QUEUE) == 0
    assert await java.queues("getSize", QUEUE) == 0


async def test_one_queue_drained_by_both(java: JavaDaos, beside: Daos) -> None:
    await drained_by_both(java, beside, MESSAGES)


@pytest.mark.nightly
async def test_one_long_queue_drained_by_both(java: JavaDaos, beside: Daos) -> None:
    await drained_by_both(java, beside, MANY_MESSAGES)


async def test_sizes_that_a_server_sees(conductor: ConductorServer, beside_conductor: Daos) -> None:
    await beside_conductor.queues.push_messages(
        "sized", [PushMessage(id=f"m{n}") for n in range(3)]
    )
    assert await conductor.rest("GET", "/tasks/queue/size?taskType=sized") == 3
    assert (await conductor.rest("GET", "/tasks/queue/all"))["sized"] == 3
    await beside_conductor.queues.flush("sized")
    assert await conductor.rest("GET", "/tasks/queue/size?taskType=sized") == 0
