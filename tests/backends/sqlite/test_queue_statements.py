"""What the queue's SQL costs as a queue grows: indexes, counts, sweeps."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_backends.sqlite.queues import counts as queue_counts, read_statements
from podium_backends.sqlite.queues.receipts import receipt_number
from podium_core.models import PushMessage
from tests.backends.sqlite.stores import SqliteParts, sqlite_parts
from tests.clock import FakeClock

QUEUE = "encode"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteParts]:
    async with sqlite_parts(tmp_path / "podium.db", clock) as parts:
        yield parts


async def lease_and_lapse(store: SqliteParts, clock: FakeClock, number: int) -> None:
    await store.queues.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(number)])
    await store.queues.poll_messages(QUEUE, count=number, unack_timeout_ms=100)
    clock.pass_by(100)


def steps_of(store: SqliteParts, count: int) -> int:
    """How many steps of SQLite's machine a poll's search takes."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    def query(conn: sqlite3.Connection) -> None:
        now_ms = store.database.now_ms()
        conn.set_progress_handler(step, 1)
        try:
            read_statements.next_due_ms(conn, QUEUE)
            read_statements.first_ids(conn, QUEUE, count, now_ms=now_ms)
            queue_counts.counts_of(conn, QUEUE, now_ms=now_ms)
        finally:
            conn.set_progress_handler(None, 1)

    store.database.read(query)
    return steps


class TestCost:
    async def test_delayed_messages_are_not_scanned(self, store: SqliteParts) -> None:
        async def push_delayed(numbers: range) -> None:
            messages = [PushMessage(id=f"m{n}", offset_ms=60_000, priority=n % 3) for n in numbers]
            await store.queues.push_messages(QUEUE, messages)

        await push_delayed(range(10))
        few = steps_of(store, 5)
        await push_delayed(range(10, 1_000))
        assert steps_of(store, 5) < few * 1.5

    async def test_ready_messages_are_not_scanned(self, store: SqliteParts) -> None:
        await store.queues.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(10)])
        few = steps_of(store, 5)
        await store.queues.push_messages(QUEUE, [PushMessage(id=f"m{n}") for n in range(1_000)])
        assert steps_of(store, 5) < few * 1.5


class TestSweeping:
    async def test_a_count_that_met_many_lapsed_leases_has_them_swept(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        await lease_and_lapse(store, clock, 500)
        assert await store.queues.get_size(QUEUE) == 500
        counts = store.database.read(
            lambda conn: queue_counts.counts_of(conn, QUEUE, now_ms=clock())
        )
        assert (counts.total, counts.leased, counts.lapsed) == (500, 0, 0)

    async def test_details_sweep_too(self, store: SqliteParts, clock: FakeClock) -> None:
        await lease_and_lapse(store, clock, 500)
        assert await store.queues.queues_detail() == {QUEUE: 500}
        assert await store.queues.process_unacks(QUEUE) == 0

    async def test_a_sweep_says_how_many(self, store: SqliteParts, clock: FakeClock) -> None:
        await lease_and_lapse(store, clock, 1_000)
        assert await store.queues.process_unacks(QUEUE) == 1_000
        assert await store.queues.process_unacks(QUEUE) == 0


class TestLeases:
    async def test_the_queues_own_length_holds_where_the_call_names_none(
        self, store: SqliteParts, clock: FakeClock
    ) -> None:
        await store.queues.push(QUEUE, PushMessage(id="m1"))
        await store.queues.poll_messages(QUEUE, count=1)
        clock.pass_by(59_999)
        assert await store.queues.pop(QUEUE, count=1) == []
        clock.pass_by(1)
        assert await store.queues.pop(QUEUE, count=1) == ["m1"]


class TestReceiptNumber:
    @pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
    def test_reads_what_a_poll_gives_out(self, number: int) -> None:
        assert receipt_number(f"{number:016x}") == number

    @pytest.mark.parametrize("text", ["", "g", "f" * 16, "1" * 17, "-", "\x00"])
    def test_any_other_text_is_no_messages_receipt(self, text: str) -> None:
        assert receipt_number(text) < 0
