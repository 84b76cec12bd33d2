"""Two server processes on one database file: one meaning of queues, slots and limits, whichever is asked."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_client.errors import TransportError
from podium_core.models import Message, PushMessage, Task, TaskStatus
from podium_core.models.json_text import to_raw
from tests.faults.journal import task, workflow
from tests.faults.server import KillableServer, running
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

QUEUE = "shared"
MESSAGES = 10_000
MANY_MESSAGES = 200_000
CONSUMERS = 12
BATCH = 50
# Long enough to outlive the test, so that every delivery falls into the first lease.
LONG_LEASE_MS = 600_000
SHORT_LEASE_MS = 2_000
LIMIT = 5


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[KillableServer, KillableServer]]:
    with running(tmp_path, "first") as first, running(tmp_path, "second") as second:
        yield first, second


@pytest.fixture
async def clients(
    servers: tuple[KillableServer, KillableServer],
) -> AsyncIterator[tuple[PodiumClient, PodiumClient]]:
    first, second = servers
    async with first.client(timeout_seconds=60) as a, second.client(timeout_seconds=60) as b:
        yield a, b


async def push_all(clients: Sequence[PodiumClient], count: int) -> list[str]:
    """Push so many messages, a thousand at a time, through one server after the other."""
    ids = [f"m{number}" for number in range(count)]
    for at, podium in zip(range(0, count, 1_000), cycle(clients), strict=False):
        messages = [PushMessage(id=id_) for id_ in ids[at : at + 1_000]]
        await podium.queues.push_messages(QUEUE, messages)
    return ids


async def nothing_left(podium: PodiumClient) -> bool:
    """Whether the queue is empty, leased messages counted."""
    return all(
        not detail.size + detail.unacked for detail in await podium.queues.queues_detail_verbose()
    )


async def consume_all(podium: PodiumClient, deliveries: Counter[str]) -> None:
    """Poll and ack until nothing is left."""
    while True:
        messages = await podium.queues.poll_messages(
            QUEUE, count=BATCH, timeout_ms=100, unack_timeout_ms=LONG_LEASE_MS
        )
        deliveries.update(message.id for message in messages)
        assert all(message.delivery_count == 1 for message in messages)
        acked = await podium.queues.ack_messages(
            QUEUE, [(message.id, message.receipt) for message in messages]
        )
        assert all(acked)
        if not messages and await nothing_left(podium):
            return


async def _deliver_each_once(clients: Sequence[PodiumClient], count: int) -> None:
    deliveries: list[Counter[str]] = [Counter() for _ in clients]
    # Consumers are there from the start, and meet messages that are still being pushed.
    ids = asyncio.create_task(push_all(clients, count))
    async with asyncio.TaskGroup() as consumers:
        for podium, own in zip(clients, deliveries, strict=True):
            for _ in range(CONSUMERS):
                consumers.create_task(_consume_after(ids, podium, own))
    assert all(deliveries)
    assert sum(deliveries, Counter()) == Counter(ids.result())


async def _consume_after(
    pushing: asyncio.Task[list[str]], podium: PodiumClient, deliveries: Counter[str]
) -> None:
    while not pushing.done():
        await consume_all(podium, deliveries)
    await consume_all(podium, deliveries)


async def test_each_of_ten_thousand_messages_is_delivered_once(
    clients: tuple[PodiumClient, PodiumClient],
) -> None:
    await _deliver_each_once(clients, MESSAGES)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
async def test_each_of_many_messages_is_delivered_once(
    clients: tuple[PodiumClient, PodiumClient],
) -> None:
    await _deliver_each_once(clients, MANY_MESSAGES)


class TestWaiting:
    async def test_a_push_through_one_server_reaches_a_poll_at_the_other(
        self, clients: tuple[PodiumClient, PodiumClient]
    ) -> None:
        pushing, waiting = clients
        for number in range(20):
            poll = asyncio.create_task(
                waiting.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
            )
            # A second call over the same connection: when it is answered, the first one has arrived.
            await asyncio.sleep(0)
            assert await waiting.queues.get_size(QUEUE) == 0
            await pushing.queues.push(QUEUE, PushMessage(id=f"m{number}"))
            (message,) = await poll
            assert message.id == f"m{number}"
            assert await pushing.queues.ack(QUEUE, message.id, receipt=message.receipt)

    async def test_a_push_through_one_server_reaches_a_consumer_at_the_other(
        self, clients: tuple[PodiumClient, PodiumClient]
    ) -> None:
        pushing, waiting = clients
        received: asyncio.Queue[str] = asyncio.Queue()

        async def consume() -> None:
            async for message in waiting.queues.consume(QUEUE, credit=4):
                async with message:
                    received.put_nowait(message.id)

        consuming = asyncio.create_task(consume())
        for number in range(20):
            await pushing.queues.push(QUEUE, PushMessage(id=f"m{number}"))
            assert await asyncio.wait_for(received.get(), PATIENCE_SECONDS) == f"m{number}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await nothing_left(pushing):
                await asyncio.sleep(0.01)
        consuming.cancel()
        with suppress(asyncio.CancelledError):
            await consuming


class TestContests:
    async def test_a_slot_has_one_winner(self, clients: tuple[PodiumClient, PodiumClient]) -> None:
        await clients[0].executions.create_workflow(workflow("w1", 1))

        async def contend(podium: PodiumClient, who: int) -> list[str]:
            won: list[str] = []
            for slot in range(40):
                contender = Task(
                    task_id=f"{slot}-{who}",
                    workflow_instance_id="w1",
                    reference_task_name=f"slot-{slot}",
                    status=TaskStatus.SCHEDULED,
                )
                won += (await podium.executions.create_tasks([contender])).created_task_ids
            return won

        runs = [contend(podium, who) for who, podium in enumerate([*clients] * 4)]
        winners = [id_ for won in await asyncio.gather(*runs) for id_ in won]
        assert sorted(int(id_.partition("-")[0]) for id_ in winners) == list(range(40))
        stored = await clients[1].executions.get_workflow("w1", include_tasks=True)
        assert stored is not None
        assert {item.task_id for item in stored.tasks} == set(winners)

    async def test_places_never_exceed_the_limit(
        self, clients: tuple[PodiumClient, PodiumClient]
    ) -> None:
        holders: set[str] = set()
        grants: Counter[str] = Counter()
        most = 0

        async def work(podium: PodiumClient, who: int) -> None:
            nonlocal most
            for number in range(25):
                mine = _limited(f"{who}-{number}")
                if await podium.concurrency_limits.exceeds_limit(mine):
                    continue
                holders.add(str(mine.task_id))
                grants[str(who)] += 1
                most = max(most, len(holders))
                assert len(holders) <= LIMIT
                await asyncio.sleep(0.01)
                holders.remove(str(mine.task_id))
                assert await podium.concurrency_limits.remove_task_from_limit(mine)

        await asyncio.gather(*(work(podium, who) for who, podium in enumerate([*clients] * 8)))
        assert most == LIMIT
        assert grants.total() > LIMIT
        last = [_limited(f"last-{number}") for number in range(LIMIT * 2)]
        asked = zip(last, cycle(clients), strict=False)
        refused = [await podium.concurrency_limits.exceeds_limit(mine) for mine, podium in asked]
        assert refused == [False] * LIMIT + [True] * LIMIT

    async def test_grants_of_a_window_never_exceed_the_rate(
        self, clients: tuple[PodiumClient, PodiumClient]
    ) -> None:
        asks = [
            podium.rate_limits.exceeds_rate_limit_per_frequency(
                task(f"t{number}", "w1"),
                rate_limit_per_frequency=LIMIT,
                rate_limit_frequency_seconds=3_600,
            )
            for number, podium in zip(range(100), cycle(clients), strict=False)
        ]
        assert (await asyncio.gather(*asks)).count(False) == LIMIT


def _limited(task_id: str) -> Task:
    definition = {"name": "killed", "concurrentExecLimit": LIMIT}
    return Task(
        task_id=task_id,
        workflow_instance_id="w1",
        task_type="killed",
        workflow_task=to_raw({"name": "killed", "taskDefinition": definition}),
    )


class Deliveries:
    """Who got what, and when the earliest moment was at which its lease can have begun."""

    def __init__(self) -> None:
        self.began: defaultdict[str, list[float]] = defaultdict(list)
        self.acked: Counter[str] = Counter()
        self.maybe_acked: set[str] = set()

    def add(self, messages: Sequence[Message], asked: float) -> None:
        """Messages that came; none of them may be somebody else's still."""
        now = time.monotonic()
        for message in messages:
            earlier = self.began[message.id]
            if earlier:
                # The store's clock has whole milliseconds.
                assert now - earlier[-1] > SHORT_LEASE_MS / 1000 - 0.005, "a second holder"
            assert not self.acked[message.id], "delivered after its ack"
            earlier.append(asked)

    async def consume(self, podium: PodiumClient) -> None:
        """Poll and ack until nothing is left, or the server is gone."""
        while not await nothing_left(podium):
            asked = time.monotonic()
            messages = await podium.queues.poll_messages(
                QUEUE, count=20, timeout_ms=100, unack_timeout_ms=SHORT_LEASE_MS
            )
            self.add(messages, asked)
            self.maybe_acked.update(message.id for message in messages)
            answers = await podium.queues.ack_messages(
                QUEUE, [(message.id, message.receipt) for message in messages]
            )
            for message, acked in zip(messages, answers, strict=True):
                self.acked[message.id] += acked
                self.maybe_acked.discard(message.id)


async def test_the_other_server_gets_everything_when_one_is_killed(
    servers: tuple[KillableServer, KillableServer], clients: tuple[PodiumClient, PodiumClient]
) -> None:
    (doomed, _), (first, second) = servers, clients
    ids = await push_all(clients, 4_000)
    deliveries = Deliveries()
    # What the doomed server's clients hold and will never ack.
    asked = time.monotonic()
    held = await first.queues.poll_messages(QUEUE, count=100, unack_timeout_ms=SHORT_LEASE_MS)
    deliveries.add(held, asked)
    cut_off = [asyncio.create_task(deliveries.consume(first)) for _ in range(CONSUMERS)]
    going_on = [asyncio.create_task(deliveries.consume(second)) for _ in range(CONSUMERS)]
    while deliveries.acked.total() < 1_000:
        await asyncio.sleep(0)
    doomed.kill()
    ends = await asyncio.gather(*cut_off, return_exceptions=True)
    assert all(isinstance(end, TransportError) for end in ends), ends
    await asyncio.wait_for(asyncio.gather(*going_on), PATIENCE_SECONDS)
    assert await nothing_left(second)
    # Each was acked once. Where the ack's answer was cut off, nobody knows, and it may have come once more.
    surely = {id_ for id_, times in deliveries.acked.items() if times}
    assert all(times <= 1 for times in deliveries.acked.values())
    assert surely | deliveries.maybe_acked == set(ids)
    assert {message.id for message in held} <= surely
    await asyncio.to_thread(doomed.start)
    async with doomed.client() as back:
        assert await nothing_left(back)
