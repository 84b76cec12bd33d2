"""Entries of each kind of outbox that fail, are set aside, are claimed; and who drains them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from podium_core.backend import ConnectedStore
from podium_core.outbox import BUCKETS, KIND_PAYLOAD, LEASE_MS
from podium_core.ports import Outbox
from podium_core.write_set import builders
from tests.backends.outbox_stores import (
    HOUR_MS,
    HOW_MARKED,
    KIND,
    TASK_MARK,
    due,
    due_in_ms,
    put,
    put_mark,
)
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow


class TestFailures:
    async def test_are_tried_again_later(self, outbox: Outbox, clock: FakeClock) -> None:
        entry = await put(outbox, body=b"b")
        await outbox.retry(entry, delay_ms=100, reason="away")
        assert (await due(outbox)).entries == []
        clock.pass_by(100)
        (again,) = (await due(outbox)).entries
        assert again == replace(entry, due_ms=clock(), attempts=1)
        await outbox.retry(again, delay_ms=0, reason="away, again")
        assert [one.attempts for one in (await due(outbox)).entries] == [2]

    @HOW_MARKED
    async def test_of_a_mark_keep_its_token(
        self, how: str, store: ConnectedStore, outbox: Outbox, clock: FakeClock
    ) -> None:
        mark = await put_mark(how, store, outbox)
        assert mark.since_ms == clock()
        await outbox.retry(mark, delay_ms=100, reason="away")
        assert (await due(outbox, TASK_MARK)).entries == []
        clock.pass_by(100)
        (again,) = (await due(outbox, TASK_MARK)).entries
        assert again == replace(mark, attempts=1, due_ms=clock())
        await outbox.finish([again])
        assert (await due(outbox, TASK_MARK)).entries == []
        assert (await outbox.stats()).depth == 0

    @HOW_MARKED
    async def test_of_a_mark_end_with_it(
        self, how: str, store: ConnectedStore, outbox: Outbox
    ) -> None:
        mark = await put_mark(how, store, outbox)
        assert await due_in_ms(outbox, TASK_MARK) == 0
        await outbox.finish([mark])
        assert await due_in_ms(outbox, TASK_MARK) is None
        assert (await due(outbox, TASK_MARK)).entries == []

    async def test_are_set_aside_with_a_reason(self, outbox: Outbox, clock: FakeClock) -> None:
        first = await put(outbox, "e1")
        clock.pass_by(5)
        second = await put(outbox, "e2", kind=TASK_MARK)
        for entry in (second, first):
            await outbox.set_aside(entry, reason=f"no {entry.id}, 7 of 7")
        assert (await due(outbox, KIND, TASK_MARK)).entries == []
        assert await due_in_ms(outbox, KIND, TASK_MARK) is None
        found = await outbox.failures(10)
        assert [(one.kind, one.id, one.reason, one.since_ms) for one in found] == [
            (KIND, "e1", "no e1, 7 of 7", first.since_ms),
            (TASK_MARK, "e2", "no e2, 7 of 7", second.since_ms),
        ]
        assert [one.id for one in await outbox.failures(1)] == ["e1"]
        assert (await outbox.stats()).set_aside == 2

    async def test_that_were_set_aside_are_tried_again_when_that_is_asked_for(
        self, outbox: Outbox
    ) -> None:
        for id_ in ("e1", "e2"):
            entry = await put(outbox, id_)
            await outbox.retry(entry, delay_ms=0, reason="away")
            await outbox.set_aside(entry, reason="no")
        assert await outbox.try_again(1) == 1
        (again,) = (await due(outbox)).entries
        assert (again.id, again.attempts) == ("e1", 0)
        assert [one.id for one in await outbox.failures(10)] == ["e2"]
        assert await outbox.try_again(10) == 1
        assert await outbox.try_again(10) == 0

    @pytest.mark.parametrize("how", ["put", "finish", "written with a document"])
    async def test_that_were_set_aside_end(
        self, how: str, store: ConnectedStore, outbox: Outbox
    ) -> None:
        assert store.executions is not None
        await store.executions.create_workflow(make_workflow())
        entry = await put(outbox, "t1", kind=TASK_MARK)
        await outbox.set_aside(entry, reason="no")
        if how == "put":
            await put(outbox, "t1", kind=TASK_MARK)
        elif how == "finish":
            await outbox.finish([entry])
        else:
            tasks = builders.create_tasks([make_task()], now_ms=1)
            await store.executions.apply(replace(tasks, mark_index=True))
        assert await outbox.failures(10) == []
        stats = await outbox.stats()
        assert (stats.set_aside, stats.depth) == (0, 0 if how == "finish" else 1)


class TestStats:
    async def test_say_how_many_are_due_and_since_when(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        assert (await outbox.stats()).depth == 0
        await put(outbox, "e1", kind=TASK_MARK)
        clock.pass_by(10)
        await put(outbox, "e2")
        await put(outbox, "e3", delay_ms=HOUR_MS)
        clock.pass_by(5)
        stats = await outbox.stats()
        assert (stats.depth, stats.oldest_age_ms, stats.set_aside) == (2, 15, 0)

    # An estimate: SQLite's goes by when the entry is due.
    @pytest.mark.parametrize("store", ["redis"], indirect=True)
    async def test_count_an_entry_that_failed_from_when_it_was_written(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        entry = await put(outbox)
        clock.pass_by(20)
        await outbox.retry(entry, delay_ms=10, reason="away")
        clock.pass_by(10)
        assert (await outbox.stats()).oldest_age_ms == 30


class TestClaims:
    async def test_hold_for_a_while(self, outbox: Outbox, clock: FakeClock) -> None:
        entry = await put(outbox, "p", kind=KIND_PAYLOAD)
        assert await outbox.claim(entry, delay_ms=100)
        assert (await due(outbox, KIND_PAYLOAD)).entries == []
        clock.pass_by(100)
        (claimed,) = (await due(outbox, KIND_PAYLOAD)).entries
        assert claimed.token == entry.token
        await outbox.finish([claimed])
        assert await outbox.waiting_ids(KIND_PAYLOAD, [("p", "w1")]) == frozenset()


class TestBuckets:
    async def test_are_shared_evenly(self, outbox: Outbox) -> None:
        assert len(await outbox.lease_buckets("one")) == BUCKETS
        assert await outbox.lease_buckets("two") == []
        one = set(await outbox.lease_buckets("one"))
        two = set(await outbox.lease_buckets("two"))
        assert len(one) == len(two) == BUCKETS // 2
        assert one | two == set(range(BUCKETS))

    async def test_are_taken_over_when_a_lease_lapses(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        await outbox.lease_buckets("one")
        clock.pass_by(LEASE_MS - 1)
        assert await outbox.lease_buckets("two") == []
        clock.pass_by(1)
        assert len(await outbox.lease_buckets("two")) == BUCKETS

    async def test_are_given_back(self, outbox: Outbox) -> None:
        await outbox.lease_buckets("one")
        await outbox.lease_buckets("two")
        mine = set(await outbox.lease_buckets("one"))
        theirs = set(await outbox.lease_buckets("two"))
        await outbox.release_buckets("one")
        assert set(await outbox.lease_buckets("two")) == mine | theirs

    async def test_are_kept_by_who_is_here(self, outbox: Outbox) -> None:
        await outbox.lease_buckets("one")
        await outbox.release_buckets("two")
        assert len(await outbox.lease_buckets("one")) == BUCKETS
        assert await outbox.lease_buckets("two") == []

    async def test_are_free_where_the_clock_was_set_back(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        await outbox.lease_buckets("one")
        clock.pass_by(-HOUR_MS)
        assert len(await outbox.lease_buckets("two")) == BUCKETS
