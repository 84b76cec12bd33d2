"""QueueService: no message is lost on its way, whatever becomes of its receiver."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from podium.v1 import consume_pb2, queue_messages_pb2
from podium_core import errors
from podium_core.models import Message
from podium_protocol import codec
from podium_protocol.rpcs import rpc
from podium_protocol.status import error_of_call
from podium_server.interceptors import CallLimits, InFlight
from podium_server.services import leasing
from podium_server.services.leasing import Leasing, fit_count
from tests.core.queues.memory_table import MemoryTable, queues_on
from tests.patience import PATIENCE_SECONDS
from tests.server.serving import World, serving_everything

QUEUE = "pay"
CONSUME = rpc("QueueService", "Consume")
Request = consume_pb2.ConsumeRequest
Response = consume_pb2.ConsumeResponse


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving_everything(tmp_path) as opened:
        yield opened


async def call(world: World, name: str, /, **fields: Any) -> Any:
    return await world.caller.unary("QueueService", name, **{"queue_name": QUEUE, **fields})


async def push(world: World, *ids: str, payload: str = "") -> None:
    messages = [{"id": id_, "payload": payload} for id_ in ids]
    await call(world, "PushMessages", messages=messages)


async def sizes(world: World) -> tuple[int, int]:
    """Ready or delayed, and leased."""
    details = await world.caller.unary("QueueService", "QueuesDetailVerbose")
    found = details.queues.get(QUEUE)
    return (found.size, found.unacked) if found else (0, 0)


async def in_flight(world: World, calls: int) -> None:
    """Wait until so many calls are; a poll among them has reached the store then."""
    counter = world.services.in_flight
    while counter.calls + counter.waiting != calls:
        await asyncio.sleep(0.005)


async def eventually(world: World, expected: tuple[int, int]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := await sizes(world)) != expected:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.05)


class TestUnary:
    async def test_push_poll_ack(self, world: World) -> None:
        await call(world, "Push", message_id="m", payload="p", priority=7)
        assert not (await call(world, "PushIfNotExists", message_id="m")).pushed
        (message,) = (await call(world, "PollMessages", count=5)).messages
        assert (message.payload, message.priority, message.delivery_count) == ("p", 7, 1)
        assert not (await call(world, "Ack", message_id="m", receipt="stale")).acked
        assert (await call(world, "Ack", message_id="m", receipt=message.receipt)).acked

    async def test_the_others(self, world: World) -> None:
        await push(world, "a", "b")
        assert list((await call(world, "PeekFirstIds", count=2)).message_ids) == ["a", "b"]
        assert (await call(world, "GetSize")).size == 2
        assert (await call(world, "ContainsMessage", message_id="a")).contains
        assert (await call(world, "Postpone", message_id="a", offset_ms=60_000)).postponed
        assert list((await call(world, "Pop", count=2)).message_ids) == ["b"]
        assert (await call(world, "ResetOffsetTime", message_id="a")).reset
        assert (await call(world, "SetUnackTimeout", message_id="b", unack_timeout_ms=0)).changed
        # ``b`` is due from the end of its lease on, later than ``a``.
        assert list((await call(world, "Pop", count=2)).message_ids) == ["a", "b"]
        shorter = await call(
            world, "SetUnackTimeoutIfShorter", message_id="b", unack_timeout_ms=10**9
        )
        assert not shorter.changed
        acks = [{"message_id": "a"}, {"message_id": "x"}]
        assert list((await call(world, "AckMessages", messages=acks)).acked) == [True, False]
        assert (await call(world, "Remove", message_id="b")).removed
        await push(world, "c")
        assert (await world.caller.unary("QueueService", "QueuesDetail")).sizes[QUEUE] == 1
        await call(world, "ProcessUnacks")
        assert (await call(world, "Flush")).removed_count == 1

    @pytest.mark.parametrize(
        ("name", "fields", "field"),
        [
            ("Push", {"queue_name": "", "message_id": "m"}, "queue_name"),
            ("Push", {}, "message_id"),
            ("Push", {"message_id": "m", "priority": 100}, "priority"),
            ("Push", {"message_id": "m", "offset_ms": -1}, "offset_ms"),
            ("Push", {"message_id": "m", "offset_ms": 2**62}, "offset_ms"),
            ("PushMessages", {"messages": [{"id": "a"}, {"id": ""}]}, "messages[1].id"),
            ("PushMessages", {"messages": [{"id": "a", "priority": -1}]}, "messages[0].priority"),
            ("PushMessages", {"messages": [{"id": "a"}] * 1_001}, "messages"),
            ("Pop", {}, "count"),
            ("Pop", {"count": 1_001}, "count"),
            ("Pop", {"count": 1, "timeout_ms": -1}, "timeout_ms"),
            ("PollMessages", {"count": 1, "unack_timeout_ms": 0}, "unack_timeout_ms"),
            ("PollMessages", {"count": 1, "unack_timeout_ms": 2**62}, "unack_timeout_ms"),
            ("AckMessages", {"messages": [{}]}, "messages[0].message_id"),
            ("SetUnackTimeout", {"message_id": "m", "unack_timeout_ms": -1}, "unack_timeout_ms"),
            ("Postpone", {"message_id": "m", "priority": 100}, "priority"),
            ("PeekFirstIds", {}, "count"),
        ],
    )
    async def test_is_refused(
        self, world: World, name: str, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(errors.InvalidArgumentError) as raised:
            await call(world, name, **fields)
        assert raised.value.field == field


class TestWaiting:
    async def test_consumers_that_wait_do_not_shut_others_out(self, tmp_path: Path) -> None:
        limits = CallLimits(max_calls_in_flight=2)
        async with serving_everything(tmp_path, limits) as world:
            entry = rpc("QueueService", "Pop")
            request = entry.request(queue_name=QUEUE, count=1, timeout_ms=30_000)
            waiting = []
            for number in range(1, 8):
                waiting.append(world.caller.method(entry)(request.SerializeToString()))
                await in_flight(world, number)
                while world.services.in_flight.waiting != number:
                    await asyncio.sleep(0.005)
            await push(world, *(f"m{number}" for number in range(7)))
            answers = [entry.response.FromString(await call) for call in waiting]
            assert sorted(id_ for answer in answers for id_ in answer.message_ids) == [
                f"m{number}" for number in range(7)
            ]

    async def test_ends_before_the_deadline(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A longer way back than in earnest, for machines that are busy.
        monkeypatch.setattr(leasing, "ANSWER_MS", 19_500)
        begun = time.monotonic()
        answer = await call(world, "Pop", count=1, timeout_ms=60_000, seconds=20)
        assert list(answer.message_ids) == []
        assert time.monotonic() - begun > 0.4

    async def test_a_poller_that_goes_away_loses_nothing(self, world: World) -> None:
        entry = rpc("QueueService", "PollMessages")
        request = entry.request(queue_name=QUEUE, count=10, timeout_ms=30_000)
        pollers = [world.caller.method(entry)(request.SerializeToString()) for _ in range(5)]
        await in_flight(world, 5)
        await asyncio.gather(push(world, "a", "b"), *(_cancelled(poller) for poller in pollers[1:]))
        answer = entry.response.FromString(await pollers[0])
        got = {message.id for message in answer.messages}
        # Those that a leaving poller leased meanwhile come back at once, and uncounted.
        while got != {"a", "b"}:
            rest = await call(world, "PollMessages", count=10, timeout_ms=10_000, seconds=60)
            assert rest.messages
            assert all(message.delivery_count == 1 for message in rest.messages)
            got |= {message.id for message in rest.messages}

    async def test_a_server_that_drains_answers_at_once(self, world: World) -> None:
        forever = {"count": 1, "timeout_ms": 10**9, "seconds": 3_600}
        waiting = asyncio.ensure_future(call(world, "Pop", **forever))
        await in_flight(world, 1)
        world.facade.draining.set()
        assert list((await waiting).message_ids) == []
        assert list((await call(world, "Pop", **forever)).message_ids) == []


async def _cancelled(poller: Any) -> None:
    poller.cancel()


class TestLeasing:
    @pytest.fixture
    def table(self) -> MemoryTable:
        return MemoryTable()

    @pytest.fixture
    def leasing(self, table: MemoryTable) -> Leasing:
        return Leasing(queues_on(table), asyncio.Event(), InFlight())

    @pytest.mark.parametrize("timeout_ms", [0, 30_000])
    @pytest.mark.parametrize("late", [False, True])
    async def test_an_answer_after_the_cancellation_goes_back(
        self, table: MemoryTable, leasing: Leasing, late: bool, timeout_ms: int
    ) -> None:
        table.put("m")
        table.gate.clear()
        poll = asyncio.ensure_future(waiting(leasing, timeout_ms))
        await asyncio.sleep(0.01)
        assert table.leased() == ["m"]
        if not late:
            # The answer is there, and the caller leaves before it has woken up.
            table.gate.set()
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        table.gate.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while table.leased():
                await asyncio.sleep(0.001)

    async def test_a_drain_ends_every_wait_and_loses_nothing(self, table: MemoryTable) -> None:
        draining = asyncio.Event()
        leasing = Leasing(queues_on(table), draining, InFlight())
        polls = [asyncio.ensure_future(waiting(leasing, 30_000)) for _ in range(3)]
        await asyncio.sleep(0.01)
        table.gate.clear()
        table.put("m")
        await asyncio.sleep(0.01)
        assert table.leased() == ["m"]
        draining.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await asyncio.gather(*polls) == [[], [], []]
            table.gate.set()
            while table.leased():
                await asyncio.sleep(0.001)

    async def test_a_store_that_times_out_is_heard(
        self, leasing: Leasing, table: MemoryTable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(table, "subscribe", _time_out)
        with pytest.raises(TimeoutError):
            await waiting(leasing, 30_000)

    def test_an_answer_holds_what_fits_and_at_least_one(self) -> None:
        messages = [Message(id=str(at), payload="x" * 100) for at in range(5)]
        assert fit_count(messages, 10_000) == 5
        assert fit_count(messages, 350) == 3
        assert fit_count(messages, 1) == 1
        assert fit_count([], 1) == 0

    @pytest.mark.parametrize("text", ["x", "é", "東", "👍"])
    def test_an_answer_is_never_above_its_limit(self, text: str) -> None:
        large = Message(
            id=text * 50,
            payload=text * 300_000,
            receipt="r" * 16,
            priority=99,
            delivery_count=2**31 - 1,
        )
        messages = [large] * 4
        for limit in range(300_000, 5_000_000, 100_000):
            fit = fit_count(messages, limit)
            answer = queue_messages_pb2.PollMessagesResponse(
                messages=map(codec.message_to_proto, messages[:fit])
            )
            assert fit == 1 or answer.ByteSize() <= limit


async def waiting(leasing: Leasing, timeout_ms: int) -> list[Message]:
    return await leasing.poll("q", count=1, timeout_ms=timeout_ms, unack_timeout_ms=None)


async def _time_out(*_: object) -> None:
    raise TimeoutError


async def test_what_is_too_much_for_an_answer_goes_back(tmp_path: Path) -> None:
    async with serving_everything(tmp_path, CallLimits(max_message_bytes=3_000)) as world:
        await push(world, *"abcde", payload="x" * 1_000)
        answer = await call(world, "PollMessages", count=5)
        assert [message.id for message in answer.messages] == ["a", "b"]
        await eventually(world, (3, 2))
        (again,) = (await call(world, "PollMessages", count=1)).messages
        assert (again.id, again.delivery_count) == ("c", 1)


class Consumer:
    """A client of Consume."""

    def __init__(self, world: World, **open_: Any) -> None:
        self._stream = world.caller.method(CONSUME)()
        self._open = {"queue_name": QUEUE, **open_}

    async def opened(self) -> Consumer:
        await self.say(open=self._open)
        return self

    async def say(self, **action: Any) -> None:
        await self._stream.write(Request(**action).SerializeToString())

    async def hear(self) -> Response:
        data = await asyncio.wait_for(self._stream.read(), PATIENCE_SECONDS)
        assert data is not grpc.aio.EOF
        return Response.FromString(data)

    async def messages(self, count: int) -> list[Any]:
        got: list[Any] = []
        while len(got) < count:
            got += (await self.hear()).messages.messages
        return got

    async def silent(self) -> bool:
        """Whether nothing comes before the answer to something that needs the store, too."""
        await self.say(ack={"message_id": "none", "receipt": "stale"})
        return (await self.hear()).result.message_id == "none"

    async def end(self) -> list[Response]:
        """Close our side; what still came."""
        await self._stream.done_writing()
        left = []
        while (
            data := await asyncio.wait_for(self._stream.read(), PATIENCE_SECONDS)
        ) is not grpc.aio.EOF:
            left.append(Response.FromString(data))
        return left

    async def error(self) -> errors.StorageError:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await asyncio.wait_for(self._stream.read(), PATIENCE_SECONDS)
        return error_of_call(raised.value)

    def leave(self) -> None:
        self._stream.cancel()


class TestConsume:
    async def test_never_more_than_there_is_credit_for(self, world: World) -> None:
        await push(world, *"abcde")
        consumer = await Consumer(world, credit=2).opened()
        assert [message.id for message in await consumer.messages(2)] == ["a", "b"]
        await eventually(world, (3, 2))
        await consumer.say(grant={"credit": 1})
        assert [message.id for message in await consumer.messages(1)] == ["c"]
        assert await consumer.silent()
        await eventually(world, (2, 3))

    @pytest.mark.parametrize(("asked", "told"), [({}, 60_000), ({"unack_timeout_ms": 7}, 7)])
    async def test_it_is_told_how_long_the_leases_are(
        self, world: World, asked: dict[str, int], told: int
    ) -> None:
        await push(world, "a")
        consumer = await Consumer(world, credit=1, **asked).opened()
        assert (await consumer.hear()).messages.unack_timeout_ms == told

    async def test_no_lease_without_credit(self, world: World) -> None:
        await push(world, "a")
        consumer = await Consumer(world).opened()
        assert await consumer.silent()
        assert await sizes(world) == (1, 0)

    async def test_messages_come_as_they_become_ready(self, world: World) -> None:
        consumer = await Consumer(world, credit=10).opened()
        assert await consumer.silent()
        for name in "ab":
            await push(world, name)
            (message,) = await consumer.messages(1)
            assert message.id == name
        assert await consumer.end() == []

    async def test_results_come_in_order(self, world: World) -> None:
        await push(world, *"abcd")
        consumer = await Consumer(world, credit=4).opened()
        receipts = {message.id: message.receipt for message in await consumer.messages(4)}
        await consumer.say(ack={"message_id": "a", "receipt": receipts["a"]})
        await consumer.say(ack={"message_id": "b", "receipt": "stale"})
        await consumer.say(
            extend={"message_id": "c", "receipt": receipts["c"], "unack_timeout_ms": 90_000}
        )
        await consumer.say(ack={"message_id": "c", "receipt": receipts["c"]})
        await consumer.say(give_back={"message_id": "d", "receipt": receipts["d"]})
        results = [event.result for event in await consumer.end()]
        assert [(result.message_id, result.done) for result in results] == [
            ("a", True),
            ("b", False),
            ("c", True),
            ("c", True),
            ("d", True),
        ]
        assert results[0].receipt == receipts["a"]
        (again,) = (await call(world, "PollMessages", count=5)).messages
        assert (again.id, again.delivery_count) == ("d", 2)

    async def test_what_is_unacked_stays_leased_when_the_client_leaves(self, world: World) -> None:
        await push(world, "a", "b")
        consumer = await Consumer(world, credit=1).opened()
        await consumer.messages(1)
        consumer.leave()
        await in_flight(world, 0)
        await world.services.finish()
        assert await sizes(world) == (1, 1)

    async def test_large_messages_come_in_several_answers(self, world: World) -> None:
        for name in "abcd":
            await push(world, name, payload="x" * 150_000)
        consumer = await Consumer(world, credit=10).opened()
        first = await consumer.hear()
        assert len(first.messages.messages) == 1
        assert [message.id for message in await consumer.messages(3)] == ["b", "c", "d"]
        await consumer.end()

    async def test_a_server_that_drains_ends_it_well(self, world: World) -> None:
        await push(world, "a")
        consumer = await Consumer(world, credit=5).opened()
        await consumer.messages(1)
        world.facade.draining.set()
        assert await consumer.end() == []

    async def test_a_client_that_says_nothing(self, world: World) -> None:
        assert await Consumer(world).end() == []

    @pytest.mark.parametrize(
        ("actions", "field"),
        [
            ([{"grant": {"credit": 1}}], "open"),
            ([{}], "open"),
            ([{"open": {}}], "open.queue_name"),
            ([{"open": {"queue_name": "q", "credit": -1}}], "open.credit"),
            ([{"open": {"queue_name": "q", "unack_timeout_ms": 0}}], "open.unack_timeout_ms"),
            ([{"open": {"queue_name": "q"}}, {"open": {"queue_name": "q"}}], "open"),
            ([{"open": {"queue_name": "q"}}, {"grant": {}}], "grant.credit"),
            ([{"open": {"queue_name": "q"}}, {}], "action"),
            ([{"open": {"queue_name": "q"}}, {"ack": {"message_id": "m"}}], "ack.receipt"),
            ([{"open": {"queue_name": "q"}}, {"ack": {"receipt": "r"}}], "ack.message_id"),
            (
                [{"open": {"queue_name": "q", "credit": 5}},
                 {"extend": {"message_id": "m", "receipt": "r"}}],
                "extend.unack_timeout_ms",
            ),
        ],
    )  # fmt: skip
    async def test_is_refused(
        self, world: World, actions: list[dict[str, Any]], field: str
    ) -> None:
        consumer = Consumer(world)
        for action in actions:
            await consumer.say(**action)
        error = await consumer.error()
        assert isinstance(error, errors.InvalidArgumentError)
        assert error.field == field
