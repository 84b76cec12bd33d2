"""Consumers that wait: who is woken, when, and what becomes of messages whose receiver is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from podium_core.errors import BackendUnavailableError
from podium_core.models import Message, PushMessage
from podium_core.ports.queue_table import Take
from tests.backends.sqlite.stores import SqliteParts, sqlite_parts
from tests.clock import FakeClock
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS

QUEUE = "encode"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteParts]:
    async with sqlite_parts(tmp_path / "podium.db") as parts:
        yield parts


@pytest.fixture
async def another_process(store: SqliteParts) -> AsyncIterator[SqliteParts]:
    """The same file through connections and a lock of its own."""
    async with sqlite_parts(store.database.path) as parts:
        yield parts


def waiting(
    store: SqliteParts, count: int = 1, queue_name: str = QUEUE
) -> asyncio.Task[list[Message]]:
    return asyncio.create_task(
        store.queues.poll_messages(queue_name, count=count, timeout_ms=PATIENCE_MS)
    )


async def settled() -> None:
    """Whoever can run has run; who waits, waits."""
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)


async def cancelled(*tasks: asyncio.Task[list[Message]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def ids(task: asyncio.Task[list[Message]]) -> list[str]:
    return [message.id for message in await asyncio.wait_for(task, PATIENCE_SECONDS)]


async def push(store: SqliteParts, *message_ids: str, offset_ms: int = 0) -> None:
    messages = [PushMessage(id=message_id, offset_ms=offset_ms) for message_id in message_ids]
    await store.queues.push_messages(QUEUE, messages)


class TestWaking:
    async def test_the_first_who_came_is_the_first_served(self, store: SqliteParts) -> None:
        first = waiting(store)
        await settled()
        second = waiting(store)
        await settled()
        await push(store, "m1")
        assert await ids(first) == ["m1"]
        await push(store, "m2")
        assert await ids(second) == ["m2"]

    async def test_no_more_are_woken_than_there_are_messages(self, store: SqliteParts) -> None:
        tasks = [waiting(store) for _ in range(10)]
        await settled()
        await push(store, "m1", "m2")
        await asyncio.wait_for(asyncio.gather(*tasks[:2]), PATIENCE_SECONDS)
        await settled()
        assert [task.done() for task in tasks] == [True] * 2 + [False] * 8
        await cancelled(*tasks[2:])

    async def test_one_who_wants_many_is_enough_for_many(self, store: SqliteParts) -> None:
        greedy, other = waiting(store, count=10), waiting(store)
        await settled()
        await push(store, "m1", "m2", "m3")
        assert await ids(greedy) == ["m1", "m2", "m3"]
        await settled()
        assert not other.done()
        await cancelled(other)

    async def test_what_one_leaves_wakes_the_next(self, store: SqliteParts) -> None:
        tasks = [waiting(store, count=2) for _ in range(3)]
        await settled()
        await push(store, *(f"m{n}" for n in range(6)))
        found = [message_id for task in tasks for message_id in await ids(task)]
        assert sorted(found) == [f"m{n}" for n in range(6)]

    async def test_queues_are_waited_for_apart(self, store: SqliteParts) -> None:
        other = waiting(store, queue_name="other")
        mine = waiting(store)
        await settled()
        await push(store, "m1")
        assert await ids(mine) == ["m1"]
        assert not other.done()
        await cancelled(other)

    async def test_a_delayed_message_wakes_when_it_is_due(self, store: SqliteParts) -> None:
        task = waiting(store)
        await settled()
        await push(store, "m1", offset_ms=60)
        assert await ids(task) == ["m1"]

    async def test_a_sooner_message_moves_the_timer(self, store: SqliteParts) -> None:
        await push(store, "late", offset_ms=3_600_000)
        task = waiting(store)
        await settled()
        await push(store, "soon", offset_ms=60)
        assert await ids(task) == ["soon"]

    async def test_a_lease_that_lapses_wakes(self, store: SqliteParts) -> None:
        task = waiting(store)
        await settled()
        # Another consumer takes the message just pushed before the one who waits comes to it, perhaps.
        await push(store, "m1", "m2")
        await store.queues.poll_messages(QUEUE, count=5, unack_timeout_ms=60)
        assert len(await ids(task)) == 1

    @pytest.mark.parametrize("how", ["unack", "shorter", "postpone", "give_back"])
    async def test_whatever_makes_a_message_ready_wakes(self, store: SqliteParts, how: str) -> None:
        await push(store, "m1")
        messages = await store.queues.poll_messages(QUEUE, count=1)
        task = waiting(store)
        await settled()
        if how == "unack":
            await store.queues.set_unack_timeout(QUEUE, "m1", 0)
        elif how == "shorter":
            await store.queues.set_unack_timeout_if_shorter(QUEUE, "m1", 30)
        elif how == "postpone":
            await store.queues.postpone(QUEUE, "m1")
        else:
            await store.queues.give_back(QUEUE, messages)
        assert await ids(task) == ["m1"]

    async def test_the_queue_is_forgotten_with_its_last_waiter(self, store: SqliteParts) -> None:
        tasks = [waiting(store) for _ in range(3)]
        await settled()
        await cancelled(*tasks)
        await settled()
        assert store.queues._polls._queues == {}
        assert store.database._subscribers == {}

    async def test_a_thousand_who_wait_are_all_served(self, store: SqliteParts) -> None:
        tasks = [waiting(store) for _ in range(1_000)]
        await settled()
        await push(store, *(f"m{n}" for n in range(1_000)))
        found = [message_id for task in tasks for message_id in await ids(task)]
        assert len(set(found)) == 1_000


class TestTheClock:
    async def test_a_due_time_is_looked_at_by_the_stores_clock(self, tmp_path: Path) -> None:
        clock = FakeClock()
        async with sqlite_parts(tmp_path / "podium.db", clock) as store:
            await push(store, "m1", offset_ms=30)
            task = waiting(store)
            await asyncio.sleep(0.1)
            assert not task.done()
            clock.pass_by(30)
            assert await ids(task) == ["m1"]


class TestOtherProcesses:
    async def test_a_push_there_wakes_here(
        self, store: SqliteParts, another_process: SqliteParts
    ) -> None:
        task = waiting(store)
        await settled()
        await push(another_process, "m1")
        assert await ids(task) == ["m1"]

    async def test_each_change_there_is_noticed_here(
        self, store: SqliteParts, another_process: SqliteParts
    ) -> None:
        task = waiting(store)
        for n in range(3):
            await push(another_process, f"later{n}", offset_ms=3_600_000)
            await asyncio.sleep(0.1)
        await push(another_process, "m1")
        assert await ids(task) == ["m1"]

    async def test_a_lease_taken_there_is_waited_for_here(
        self, store: SqliteParts, another_process: SqliteParts
    ) -> None:
        await push(store, "m1")
        await another_process.queues.poll_messages(QUEUE, count=1, unack_timeout_ms=150)
        task = waiting(store)
        assert await ids(task) == ["m1"]

    async def test_a_message_goes_to_one_process_only(
        self, store: SqliteParts, another_process: SqliteParts
    ) -> None:
        here = [waiting(store) for _ in range(5)]
        there = [waiting(another_process) for _ in range(5)]
        await settled()
        await push(store, *(f"m{n}" for n in range(10)))
        found = [message_id for task in (*here, *there) for message_id in await ids(task)]
        assert sorted(found) == [f"m{n}" for n in range(10)]


class TestCancelledCalls:
    async def test_a_message_just_handed_over_is_given_back_uncounted(
        self, store: SqliteParts
    ) -> None:
        # Whenever the cancellation falls: before the transaction, within it, behind it.
        for steps in range(12):
            await push(store, "m1")
            task = waiting(store)
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            (answer,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(answer, asyncio.CancelledError):
                (message,) = await store.queues.poll_messages(
                    QUEUE, count=1, timeout_ms=PATIENCE_MS
                )
                assert message.delivery_count == 1
            await store.queues.remove(QUEUE, "m1")

    async def test_within_the_commit_too(self, store: SqliteParts) -> None:
        given_back = 0
        for _ in range(20):
            await push(store, "m1")
            task = waiting(store)
            commits = store.database._writer.total_changes
            while store.database._writer.total_changes == commits and not task.done():
                await asyncio.sleep(0)
            task.cancel()
            (answer,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(answer, asyncio.CancelledError):
                given_back += 1
                (message,) = await store.queues.poll_messages(
                    QUEUE, count=1, timeout_ms=PATIENCE_MS
                )
                assert message.delivery_count == 1
            await store.queues.remove(QUEUE, "m1")
        assert given_back > 0

    async def test_between_the_commit_and_its_answer_too(
        self, store: SqliteParts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await push(store, "m1")
        take = store.queue_table._take
        given_out: list[Take] = []

        def cancel() -> None:
            task.cancel()

        def take_and_cancel(*arguments: Any) -> Take:
            # Called once the lease is durable, before the caller hears of it.
            store.database.after_commit(cancel)
            given_out.append(take(*arguments))
            return given_out[-1]

        monkeypatch.setattr(store.queue_table, "_take", take_and_cancel)
        task = waiting(store)
        (answer,) = await asyncio.gather(task, return_exceptions=True)
        monkeypatch.undo()
        assert isinstance(answer, asyncio.CancelledError)
        assert [message.id for message in given_out[0].messages[0]] == ["m1"]
        (message,) = await store.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
        assert message.delivery_count == 1

    async def test_one_that_was_woken_leaves_the_message_to_the_next(
        self, store: SqliteParts
    ) -> None:
        first = waiting(store)
        await settled()
        second = waiting(store)
        await settled()
        await push(store, "m1")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert await ids(second) == ["m1"]

    async def test_closing_finishes_giving_back(self, tmp_path: Path) -> None:
        path = tmp_path / "podium.db"
        async with sqlite_parts(path) as store:
            await push(store, "m1")
            task = waiting(store)
            changes = store.database._writer.total_changes
            while store.database._writer.total_changes == changes:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        async with sqlite_parts(path) as store:
            assert await store.queues.get_size(QUEUE) == 1


class TestAfterClosing:
    async def test_a_poll_says_that_the_store_is_shutting_down(self, tmp_path: Path) -> None:
        async with sqlite_parts(tmp_path / "podium.db") as store:
            await push(store, "m1")
            store.database._closing = True
            with pytest.raises(BackendUnavailableError):
                await store.queues.poll_messages(QUEUE, count=1)
