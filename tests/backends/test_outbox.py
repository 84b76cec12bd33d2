"""The outbox of each kind of store: whose entries are, what the clock does to them, and who may change them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.backend import ConnectedStore
from podium_core.index.changes import EntryKind, Merge
from podium_core.index.marks import Upsert, decode_mark, encode_mark, outbox_kind
from podium_core.outbox import (
    BUCKETS,
    KIND_PAYLOAD,
    KIND_PUSH,
    KIND_REMOVAL,
    LEASE_MS,
    DueEntries,
    NewEntry,
    OutboxEntry,
)
from podium_core.ports import Outbox
from podium_core.write_set import builders
from tests.backends.outbox_stores import KINDS, opened
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow

KIND = KIND_PUSH
TASK_MARK = outbox_kind(EntryKind.TASK)
HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=KINDS)
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[ConnectedStore]:
    async with opened(request.param, request, tmp_path, clock) as one:
        yield one


@pytest.fixture
def outbox(store: ConnectedStore) -> Outbox:
    assert store.outbox is not None
    return store.outbox


async def put(outbox: Outbox, id_: str = "e", **fields: object) -> OutboxEntry:
    entry = replace(NewEntry(kind=KIND, id=id_, owner="w1"), **fields)
    (written,) = await outbox.put([entry])
    return written


async def due(outbox: Outbox, *kinds: str) -> DueEntries:
    return await outbox.due_entries(await outbox.lease_buckets("test"), kinds or [KIND], 10)


async def due_in_ms(outbox: Outbox, *kinds: str) -> int | None:
    return await outbox.due_in_ms(await outbox.lease_buckets("test"), kinds or [KIND])


class TestEntries:
    async def test_are_read_as_they_were_written(self, outbox: Outbox, clock: FakeClock) -> None:
        written = await put(outbox, body=b"b", delay_ms=5)
        clock.pass_by(5)
        found = await due(outbox)
        assert found.entries == [written]
        assert (written.owner, written.body) == ("w1", b"b")
        assert written.due_ms == found.now_ms == clock.now_ms
        assert written.since_ms == clock.now_ms - 5

    async def test_wait_since_they_were_first_written(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        first = await put(outbox)
        clock.pass_by(10)
        second = await put(outbox)
        assert second.token > first.token
        assert second.since_ms == first.since_ms
        assert (await due(outbox)).entries == [second]

    async def test_of_a_document_name_its_workflow(
        self, store: ConnectedStore, outbox: Outbox
    ) -> None:
        assert store.executions is not None
        workflow = builders.create_workflow(make_workflow(), now_ms=1)
        tasks = builders.create_tasks([make_task()], now_ms=1)
        for write_set in (workflow, tasks):
            await store.executions.apply(replace(write_set, mark_index=True))
        kinds = (outbox_kind(EntryKind.WORKFLOW), TASK_MARK)
        found = await due(outbox, *kinds)
        assert [(entry.id, entry.owner) for entry in found.entries] == [("w1", "w1"), ("t1", "w1")]

    async def test_are_merged_with_the_mark_that_waits(self, outbox: Outbox) -> None:
        fields = Merge(Raw(b'{"a":1}'))
        for body in (b"", encode_mark(fields)):
            await put(outbox, kind=TASK_MARK, body=body)
        (entry,) = (await due(outbox, TASK_MARK)).entries
        assert decode_mark(entry.body) == Upsert(fields.fields)

    async def test_of_a_newer_server_are_left_to_it(self, outbox: Outbox) -> None:
        written = await put(outbox, kind="of a newer server")
        assert (await due(outbox)).entries == []
        assert (await due(outbox, "of a newer server")).entries == [written]

    async def test_come_oldest_first_from_all_buckets_as_many_as_are_asked_for(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        written = []
        for number in range(12):
            written.append(await put(outbox, f"e{number}", owner=f"w{number % 3}"))
            clock.pass_by(1)
        buckets = await outbox.lease_buckets("test")
        found = (await outbox.due_entries(buckets, [KIND], 12)).entries
        assert found == written
        some = (await outbox.due_entries(buckets, [KIND], 6)).entries
        assert len(some) == 6
        assert {entry.owner for entry in some} == {"w0", "w1", "w2"}

    async def test_written_again_lose_what_failed_before(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        first = await put(outbox)
        await outbox.retry(first, delay_ms=HOUR_MS, reason="away")
        second = await put(outbox)
        (entry,) = (await due(outbox)).entries
        assert entry == second
        assert entry.attempts == 0

    async def test_are_found_by_id_and_owner(self, outbox: Outbox) -> None:
        await put(outbox, delay_ms=HOUR_MS)
        assert await outbox.waiting_ids(KIND, [("e", "w1"), ("f", "w1")]) == {"e"}


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

    async def test_of_a_mark_keep_its_token(self, outbox: Outbox) -> None:
        mark = await put(outbox, kind=TASK_MARK)
        await outbox.retry(mark, delay_ms=0, reason="away")
        (again,) = (await due(outbox, TASK_MARK)).entries
        assert (again.token, again.attempts) == (mark.token, 1)
        await outbox.finish([again])
        assert (await due(outbox, TASK_MARK)).entries == []
        assert (await outbox.stats()).depth == 0

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


class TestDueInMs:
    async def test_is_what_is_left(self, outbox: Outbox, clock: FakeClock) -> None:
        assert await due_in_ms(outbox) is None
        await put(outbox, delay_ms=100)
        clock.pass_by(40)
        assert await due_in_ms(outbox) == 60
        clock.pass_by(100)
        assert await due_in_ms(outbox) == 0


class TestTokens:
    async def test_grow_also_where_the_clock_is_set_back(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        first = await put(outbox)
        clock.pass_by(-HOUR_MS)
        second = await put(outbox)
        assert second.token > first.token

    async def test_of_a_mark_are_raised_too(self, outbox: Outbox) -> None:
        mark = await put(outbox, kind=TASK_MARK)
        fresh = await outbox.raise_token(mark, above=mark.token + 5)
        assert fresh is not None
        assert fresh > mark.token + 5
        assert [one.token for one in (await due(outbox, TASK_MARK)).entries] == [fresh]
        assert await outbox.raise_token(mark, above=0) is None

    async def test_are_raised_above_what_the_target_saw(self, outbox: Outbox) -> None:
        entry = await put(outbox)
        above = entry.token + 10**9
        fresh = await outbox.raise_token(entry, above=above)
        assert fresh is not None
        assert fresh > above
        assert [one.token for one in (await due(outbox)).entries] == [fresh]

    async def test_of_an_entry_written_again_stay(self, outbox: Outbox) -> None:
        old = await put(outbox)
        new = await put(outbox)
        assert await outbox.raise_token(old, above=new.token) is None
        await outbox.finish([old])
        await outbox.set_aside(old, reason="it is old")
        await outbox.retry(old, delay_ms=HOUR_MS, reason="it is old")
        assert not await outbox.claim(old, delay_ms=HOUR_MS)
        assert (await due(outbox)).entries == [new]


class TestAClockSetBack:
    async def test_leaves_due_what_is_due_at_once(self, outbox: Outbox, clock: FakeClock) -> None:
        await due(outbox)
        await put(outbox)
        clock.pass_by(-500)  # no step: clocks are slewed by as much
        assert [entry.id for entry in (await due(outbox)).entries] == ["e"]

    async def test_makes_due_what_was_to_wait_for_a_moment(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        await put(outbox, delay_ms=5)
        assert (await due(outbox)).entries == []
        clock.pass_by(-HOUR_MS)
        assert [entry.id for entry in (await due(outbox)).entries] == ["e"]

    async def test_leaves_payloads_and_removals_to_come(
        self, store: ConnectedStore, outbox: Outbox, clock: FakeClock
    ) -> None:
        assert store.executions is not None
        await store.executions.create_workflow(make_workflow())
        await store.executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
        await put(outbox, kind=KIND_PAYLOAD, delay_ms=HOUR_MS)
        kinds = (KIND_PAYLOAD, KIND_REMOVAL)
        assert (await due(outbox, *kinds)).entries == []
        clock.pass_by(-HOUR_MS)
        assert (await due(outbox, *kinds)).entries == []
        assert await due_in_ms(outbox, *kinds) == 2 * HOUR_MS
