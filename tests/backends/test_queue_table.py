"""What ``QueueTable`` promises beyond what a QueueDAO shows: takes for several consumers, subscriptions, room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.models import PushMessage
from podium_core.ports import QueueTable
from podium_core.ports.queue_table import Ask
from podium_core.queues.poll_room import LARGE_SIZE, OneTakeRoom, PollRoom
from podium_core.write_set.builders import push_op
from tests.backends.queue_tables import KINDS, opener
from tests.clock import FakeClock
from tests.patience import PATIENCE_SECONDS

QUEUE = "encode"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=KINDS)
async def table(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[QueueTable]:
    async with opener(request.param, request, tmp_path)(clock) as opened:
        yield opened


def room() -> OneTakeRoom:
    return OneTakeRoom(PollRoom())


async def push(table: QueueTable, *ids: str, offset_ms: int = 0, payload: str = "") -> None:
    messages = [PushMessage(id=id_, offset_ms=offset_ms, payload=payload) for id_ in ids]
    await table.push([push_op(QUEUE, message) for message in messages])


class TestTake:
    async def test_serves_asks_in_order_each_with_its_own_lease(
        self, table: QueueTable, clock: FakeClock
    ) -> None:
        await push(table, "m1", "m2", "m3", "m4")
        take = await table.take(QUEUE, [Ask(1, 500), Ask(2, 100), Ask(5, 900)], room())
        assert [[message.id for message in found] for found in take.messages] == [
            ["m1"],
            ["m2", "m3"],
            ["m4"],
        ]
        clock.pass_by(100)
        again = await table.take(QUEUE, [Ask(5, 1)], room())
        assert [message.id for message in again.messages[0]] == ["m2", "m3"]

    @pytest.mark.parametrize("first", [True, False], ids=["at first", "after a take"])
    async def test_says_when_the_next_message_is_ready(
        self, table: QueueTable, clock: FakeClock, first: bool
    ) -> None:
        await push(table, "late", offset_ms=700)
        if not first:
            await push(table, "m1")
        asks = [Ask(1, 300), Ask(1, 400)]
        take = await table.take(QUEUE, asks, room())
        assert take.now_ms == clock.now_ms
        assert take.next_due_ms == clock.now_ms + (700 if first else 300)
        assert not take.ready

    async def test_without_asks_it_only_looks(self, table: QueueTable, clock: FakeClock) -> None:
        assert (await table.take(QUEUE, [], room())).next_due_ms is None
        await push(table, "m1")
        take = await table.take(QUEUE, [], room())
        assert (take.messages, take.ready) == ([], True)
        assert (await table.counts(QUEUE)).leased == 0

    async def test_without_room_it_leases_nothing(self, table: QueueTable) -> None:
        full = PollRoom(most_size=LARGE_SIZE)
        OneTakeRoom(full).hold(LARGE_SIZE)
        await push(table, "m1")
        take = await table.take(QUEUE, [Ask(1, 100)], OneTakeRoom(full))
        assert (take.messages, take.no_room, take.ready) == ([[]], True, True)
        assert (await table.counts(QUEUE)).leased == 0

    async def test_asks_beyond_its_room_get_nothing(self, table: QueueTable) -> None:
        await push(table, "m1", "m2", payload="x" * LARGE_SIZE)
        some = OneTakeRoom(PollRoom(most_size=LARGE_SIZE))
        take = await table.take(QUEUE, [Ask(1, 100), Ask(1, 100)], some)
        assert [len(found) for found in take.messages] == [1, 0]
        assert (take.no_room, take.ready) == (True, True)

    async def test_an_ask_takes_no_more_bytes_than_an_answer_holds(self, table: QueueTable) -> None:
        await push(table, "m1", "m2", "m3", payload="x" * 100)
        take = await table.take(QUEUE, [Ask(3, 100)], OneTakeRoom(PollRoom(max_bytes=250)))
        assert [message.id for message in take.messages[0]] == ["m1", "m2"]
        await push(table, "m4", payload="x" * 300)
        take = await table.take(
            QUEUE, [Ask(1, 100), Ask(3, 100)], OneTakeRoom(PollRoom(max_bytes=250))
        )
        assert [message.id for message in take.messages[1]] == ["m4"]


class TestGiveBack:
    async def test_makes_messages_ready_as_if_never_delivered(self, table: QueueTable) -> None:
        await push(table, "m1")
        (messages,) = (await table.take(QUEUE, [Ask(1, 1_000)], room())).messages
        await table.give_back(QUEUE, messages)
        ((again,),) = (await table.take(QUEUE, [Ask(1, 1_000)], room())).messages
        assert (again.id, again.delivery_count) == ("m1", 1)

    async def test_leaves_a_lease_that_was_forgotten(
        self, table: QueueTable, clock: FakeClock
    ) -> None:
        await push(table, "m1")
        (messages,) = (await table.take(QUEUE, [Ask(1, 10)], room())).messages
        clock.pass_by(10)
        assert await table.process_unacks(QUEUE) == 1
        await table.give_back(QUEUE, messages)
        ((again,),) = (await table.take(QUEUE, [Ask(1, 10)], room())).messages
        assert again.delivery_count == 2

    async def test_leaves_a_lease_that_its_holder_ended(self, table: QueueTable) -> None:
        await push(table, "m1")
        (messages,) = (await table.take(QUEUE, [Ask(1, 1_000)], room())).messages
        receipt = messages[0].receipt
        assert await table.set_unack_timeout(QUEUE, "m1", 0, receipt=receipt, only_shorter=False)
        await table.give_back(QUEUE, messages)
        ((again,),) = (await table.take(QUEUE, [Ask(1, 1_000)], room())).messages
        assert again.delivery_count == 2

    async def test_leaves_a_lapsed_message_its_place(
        self, table: QueueTable, clock: FakeClock
    ) -> None:
        await push(table, "m2")
        (messages,) = (await table.take(QUEUE, [Ask(1, 10)], room())).messages
        clock.pass_by(15)
        await push(table, "m1")
        await table.give_back(QUEUE, messages)
        (found,) = (await table.take(QUEUE, [Ask(2, 10)], room())).messages
        assert [message.id for message in found] == ["m2", "m1"]


class TestSubscribe:
    @pytest.mark.parametrize(
        "how", ["push", "if absent", "postpone", "give back", "shorter", "reset"]
    )
    async def test_tells_of_everything_that_makes_a_message_ready_sooner(
        self, table: QueueTable, how: str
    ) -> None:
        await push(table, "delayed", offset_ms=1_000)
        await push(table, "m1")
        (messages,) = (await table.take(QUEUE, [Ask(1, 1_000)], room())).messages
        changed = asyncio.Event()
        other = asyncio.Event()
        end = await table.subscribe(QUEUE, changed.set)
        end_other = await table.subscribe("other", other.set)
        if how == "push":
            await push(table, "m2")
        elif how == "if absent":
            await table.push_if_absent(push_op(QUEUE, PushMessage(id="m2")))
        elif how == "postpone":
            await table.postpone(push_op(QUEUE, PushMessage(id="m1")), receipt="")
        elif how == "give back":
            await table.give_back(QUEUE, messages)
        elif how == "shorter":
            await table.set_unack_timeout(QUEUE, "m1", 5, receipt="", only_shorter=True)
        else:
            await table.reset_offset_time(QUEUE, "delayed")
        await asyncio.wait_for(changed.wait(), PATIENCE_SECONDS)
        assert not other.is_set()
        end()
        end_other()

    async def test_ends(self, table: QueueTable) -> None:
        changed = asyncio.Event()
        end = await table.subscribe(QUEUE, changed.set)
        end()
        await push(table, "m1")
        assert not changed.is_set()
