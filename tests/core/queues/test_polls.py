"""Polls that wait: who is served, in how many trips, and what becomes of messages that nobody receives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium_core.errors import BackendUnavailableError
from podium_core.models import Message
from podium_core.ports.queue_table import Ask
from podium_core.queues import TableQueueDAO
from podium_core.queues.poll_room import LARGE_SIZE, OneTakeRoom
from podium_core.queues.waiting_queue import MAX_POLLS
from tests.core.queues.memory_table import MemoryTable, queues_on, unavailable
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

LARGE = "x" * LARGE_SIZE
Polling = asyncio.Task[list[Message]]


class Turns:
    """Counts who begins a long answer."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def begin(self) -> None:
        await asyncio.sleep(0)
        self.begun += 1
        await self.gate.wait()


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
async def queues(table: MemoryTable, turns: Turns) -> AsyncIterator[TableQueueDAO]:
    dao = queues_on(table, begin_long_answer=turns.begin, most_held_bytes=2 * LARGE_SIZE)
    yield dao
    table.gate.set()
    await dao.close()


def polling(
    queues: TableQueueDAO, count: int = 1, *, timeout_ms: int = PATIENCE_MS, lease_ms: int = 60_000
) -> Polling:
    poll = queues.poll_messages("q", count=count, timeout_ms=timeout_ms, unack_timeout_ms=lease_ms)
    return asyncio.create_task(poll)


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def ids(poll: Polling) -> list[str]:
    return [message.id for message in await asyncio.wait_for(poll, PATIENCE_SECONDS)]


async def cancel(*polls: Polling) -> None:
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)


class TestTrips:
    async def test_a_poll_that_finds_a_message_makes_one(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.put("m1")
        assert await ids(polling(queues)) == ["m1"]
        assert table.trips == [[Ask(1, 60_000)]]

    async def test_those_who_wait_share_one(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        polls = [polling(queues, count, lease_ms=count) for count in (1, 2, 3)]
        await settle()
        table.trips.clear()
        table.put(*(f"m{n}" for n in range(6)))
        assert [await ids(poll) for poll in polls] == [["m0"], ["m1", "m2"], ["m3", "m4", "m5"]]
        assert table.trips == [[Ask(1, 1), Ask(2, 2), Ask(3, 3)]]

    async def test_of_very_many_some_share_one(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        polls = [polling(queues) for _ in range(MAX_POLLS + 1)]
        await settle()
        table.trips.clear()
        table.put(*(f"m{n}" for n in range(MAX_POLLS + 1)))
        assert len({id_ for poll in polls for id_ in await ids(poll)}) == MAX_POLLS + 1
        assert [len(asks) for asks in table.trips] == [MAX_POLLS, 1]

    async def test_another_who_comes_to_wait_looks_for_itself_only(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        first = polling(queues)
        await settle()
        table.trips.clear()
        second = polling(queues, 5)
        await settle()
        assert table.trips == [[Ask(5, 60_000)]]
        await cancel(first, second)


class TestOrder:
    async def test_the_first_who_came_is_the_first_served(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        first, second = polling(queues), polling(queues)
        await settle()
        table.put("m1")
        assert await ids(first) == ["m1"]
        assert not second.done()
        table.put("m2")
        assert await ids(second) == ["m2"]


class TestNothingIsMissed:
    async def test_what_comes_before_the_subscription(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.gate.clear()
        poll = polling(queues)
        await settle()
        table.put("m1")  # its take has found nothing by then, and nobody is subscribed yet
        table.gate.set()
        assert await ids(poll) == ["m1"]

    async def test_what_comes_while_a_take_is_on_its_way(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        poll = polling(queues)
        await settle()
        table.gate.clear()
        table.put("m1", delay_ms=3_600_000)
        await settle()
        table.put("m2")
        table.gate.set()
        assert await ids(poll) == ["m2"]

    async def test_a_delayed_message(self, table: MemoryTable, queues: TableQueueDAO) -> None:
        table.put("m1", delay_ms=30)
        poll = polling(queues)
        await settle()
        table.now_ms += 30
        assert await ids(poll) == ["m1"]

    async def test_a_lease_that_another_poll_got_meanwhile(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        poll = polling(queues)
        await settle()
        # Not notified: a poll of this process comes first.
        table.put("m1", notify=False)
        assert await ids(polling(queues, lease_ms=20)) == ["m1"]
        table.now_ms += 20
        assert await ids(poll) == ["m1"]

    async def test_a_message_that_is_due_before_such_a_lease_ends(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.put("m1", delay_ms=30)
        poll = polling(queues)
        await settle()
        table.put("m2", notify=False)
        assert await ids(polling(queues, lease_ms=3_600_000)) == ["m2"]
        table.now_ms += 30
        assert await ids(poll) == ["m1"]

    async def test_a_look_for_what_is_due_is_made_once(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.put("m1", delay_ms=30)
        polls = [polling(queues), polling(queues)]
        await settle()
        table.now_ms += 30
        assert await ids(polls[0]) == ["m1"]
        table.trips.clear()
        table.put("m2", delay_ms=3_600_000)
        await asyncio.sleep(0.1)
        assert len(table.trips) == 1
        await cancel(*polls)

    async def test_what_is_left_for_those_behind(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        first = polling(queues)
        await settle()
        table.gate.clear()
        table.put("m1", "m2")
        await settle()
        # It came when the take for the first one had begun.
        second = polling(queues, timeout_ms=PATIENCE_MS)
        table.gate.set()
        assert sorted([*await ids(first), *await ids(second)]) == ["m1", "m2"]


class TestTime:
    async def test_a_poll_waits_so_long(self, queues: TableQueueDAO) -> None:
        assert await ids(polling(queues, timeout_ms=30)) == []

    async def test_what_a_take_under_way_brings_is_still_handed_over(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        poll = polling(queues, timeout_ms=30)
        await settle()
        table.gate.clear()
        table.put("m1")
        await asyncio.sleep(0.06)
        assert not poll.done()
        table.gate.set()
        assert await ids(poll) == ["m1"]

    async def test_and_an_empty_one_ends_it(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        poll = polling(queues, timeout_ms=30)
        await settle()
        table.gate.clear()
        table.put("m1", delay_ms=3_600_000)
        await asyncio.sleep(0.06)
        table.gate.set()
        assert await ids(poll) == []

    async def test_closing_answers_those_who_wait(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        polls = [polling(queues) for _ in range(3)]
        await settle()
        # Long before their time is over.
        await asyncio.wait_for(queues.close(), PATIENCE_SECONDS / 2)
        assert [await ids(poll) for poll in polls] == [[], [], []]
        assert table.subscriptions.queue_names() == []


class TestCancelledCallers:
    @pytest.mark.parametrize("timeout_ms", [0, PATIENCE_MS])
    async def test_what_was_on_its_way_is_given_back_uncounted(
        self, table: MemoryTable, queues: TableQueueDAO, timeout_ms: int
    ) -> None:
        table.put("m1")
        table.gate.clear()
        poll = polling(queues, timeout_ms=timeout_ms)
        await settle()
        assert table.leased() == ["m1"]
        await cancel(poll)
        table.gate.set()
        await settle()
        assert table.leased() == []
        (message,) = await queues.poll_messages("q", count=1)
        assert message.delivery_count == 1

    async def test_of_those_who_wait_too(self, table: MemoryTable, queues: TableQueueDAO) -> None:
        first, second = polling(queues), polling(queues)
        await settle()
        table.gate.clear()
        table.put("m1")
        await settle()
        await cancel(first)
        table.gate.set()
        (message,) = await asyncio.wait_for(second, PATIENCE_SECONDS)
        assert (message.id, message.delivery_count) == ("m1", 1)

    @pytest.mark.parametrize("steps", range(12))
    async def test_at_any_step(self, table: MemoryTable, queues: TableQueueDAO, steps: int) -> None:
        poll = polling(queues)
        await settle()
        table.put("m1")
        for _ in range(steps):
            await asyncio.sleep(0)
        poll.cancel()
        (answer,) = await asyncio.gather(poll, return_exceptions=True)
        await settle()
        assert table.leased() == ([] if isinstance(answer, BaseException) else ["m1"])

    async def test_with_the_last_of_them_the_queue_is_forgotten(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        polls = [polling(queues) for _ in range(3)]
        await settle()
        assert table.subscriptions.queue_names() == ["q"]
        await cancel(*polls)
        await settle()
        assert table.subscriptions.queue_names() == []

    async def test_closing_waits_until_they_are_back(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.put("m1")
        table.gate.clear()
        poll = polling(queues)
        await settle()
        await cancel(poll)
        asyncio.get_running_loop().call_later(0.02, table.gate.set)
        await queues.close()
        assert table.leased() == []


class TestFailures:
    @pytest.mark.parametrize("failure", [unavailable(), RuntimeError("unforeseen")])
    async def test_all_who_wait_are_told(
        self, table: MemoryTable, queues: TableQueueDAO, failure: Exception
    ) -> None:
        polls = [polling(queues) for _ in range(MAX_POLLS + 1)]
        await settle()
        table.failure = failure
        table.put("m1")
        answers = await asyncio.gather(*polls, return_exceptions=True)
        assert {type(answer) for answer in answers} == {type(failure)}

    async def test_a_subscription_that_fails_too(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.gate.clear()
        poll = polling(queues)
        await settle()
        table.failure = unavailable()
        table.gate.set()
        with pytest.raises(BackendUnavailableError):
            await ids(poll)
        table.failure = None
        table.put("m1")
        assert await ids(polling(queues)) == ["m1"]


class TestLargeMessages:
    async def test_above_what_takes_may_hold_they_come_in_turn(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        for number in range(4):
            table.put("m", queue=f"q{number}", payload=LARGE)
        table.gate.clear()
        polls = [
            asyncio.create_task(queues.poll_messages(f"q{number}", count=1)) for number in range(4)
        ]
        await settle()
        table.gate.set()
        assert [await ids(poll) for poll in polls] == [["m"]] * 4
        assert turns.begun == 2

    async def test_who_has_its_turn_gets_them_whatever_others_hold(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        OneTakeRoom(queues._polls._room).hold(2 * LARGE_SIZE)
        table.put("m1", payload=LARGE)
        assert await ids(polling(queues)) == ["m1"]
        assert turns.begun == 1

    async def test_those_of_a_shared_trip_that_has_no_more_room_too(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        polls = [polling(queues) for _ in range(4)]
        await settle()
        table.put("m1", "m2", "m3", "m4", payload=LARGE)
        assert [await ids(poll) for poll in polls] == [["m1"], ["m2"], ["m3"], ["m4"]]
        assert turns.begun == 2

    async def test_one_who_waits_takes_no_turn_before_there_is_a_message(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        table.put("m1", payload=LARGE)
        await ids(polling(queues))
        poll = polling(queues)
        await settle()
        assert turns.begun == 0
        table.put("m2", payload=LARGE)
        assert await ids(poll) == ["m2"]
        assert turns.begun == 1

    async def test_those_who_wait_take_them_one_at_a_time(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        table.put("m0", payload=LARGE)
        await ids(polling(queues))
        polls = [polling(queues) for _ in range(3)]
        await settle()
        turns.gate.clear()
        table.put("m1", "m2", payload=LARGE)
        await settle()
        table.put("m3", payload=LARGE)
        await settle()
        assert turns.begun == 1
        turns.gate.set()
        assert [await ids(poll) for poll in polls] == [["m1"], ["m2"], ["m3"]]
        assert turns.begun == 3

    @pytest.mark.parametrize("steps", range(8))
    async def test_one_that_is_cancelled_in_its_turn_leaves_it_to_the_next(
        self, table: MemoryTable, queues: TableQueueDAO, steps: int
    ) -> None:
        table.put("m0", payload=LARGE)
        await ids(polling(queues))
        first, second = polling(queues), polling(queues)
        await settle()
        table.put("m1", payload=LARGE)
        for _ in range(steps):
            await asyncio.sleep(0)
        first.cancel()
        (answer,) = await asyncio.gather(first, return_exceptions=True)
        if isinstance(answer, BaseException):
            assert await ids(second) == ["m1"]
        else:
            await cancel(second)

    async def test_one_whose_turn_finds_nothing_waits_again_as_the_first(
        self, table: MemoryTable, queues: TableQueueDAO
    ) -> None:
        table.put("m0", payload=LARGE)
        await ids(polling(queues))
        first, second = polling(queues), polling(queues)
        await settle()
        table.put("m1", payload=LARGE)
        for _ in range(3):
            await asyncio.sleep(0)
        del table.messages["q", "m1"]
        await settle()
        assert not first.done()
        table.put("m2")
        assert await ids(first) == ["m2"]
        await cancel(second)

    async def test_small_ones_end_it(
        self, table: MemoryTable, queues: TableQueueDAO, turns: Turns
    ) -> None:
        table.put("m1", payload=LARGE)
        await ids(polling(queues))
        table.put("m2")
        await ids(polling(queues))
        table.put("m3")
        await ids(polling(queues))
        assert turns.begun == 1
