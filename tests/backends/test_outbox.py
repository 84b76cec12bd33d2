"""The outbox of each kind of store: whose entries are, what the clock does to them, and who may change them."""

from __future__ import annotations

import pytest
from msgspec import Raw
from msgspec.structs import replace

from podium_core.backend import ConnectedStore
from podium_core.errors import PayloadTooLargeError
from podium_core.index.changes import EntryKind, Merge
from podium_core.index.marks import Upsert, decode_mark, encode_mark, outbox_kind
from podium_core.outbox import DUE_SIZE, KIND_PAYLOAD, KIND_REMOVAL
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


class TestEntries:
    async def test_are_read_no_more_once_their_bodies_are_large(
        self, store: ConnectedStore, outbox: Outbox
    ) -> None:
        size = min(DUE_SIZE // 2, (store.write_limits.max_write_bytes or DUE_SIZE) * 3 // 4)
        count = -(-DUE_SIZE // size)
        for number in range(count + 1):
            await put(outbox, f"e{number}", body=b"b" * size)
        assert len((await due(outbox)).entries) == count

    async def test_one_that_is_larger_than_a_read_comes_alone(
        self, store: ConnectedStore, outbox: Outbox
    ) -> None:
        if store.write_limits.max_write_bytes is not None:
            with pytest.raises(PayloadTooLargeError):
                await put(outbox, body=b"b" * DUE_SIZE)
            return
        for number in range(2):
            await put(outbox, f"e{number}", body=b"b" * DUE_SIZE)
        (entry,) = (await due(outbox)).entries
        assert len(entry.body) == DUE_SIZE

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
            # Names in another order than times.
            written.append(await put(outbox, f"e{99 - number}", owner=f"w{number % 3}"))
            clock.pass_by(1)
        buckets = await outbox.lease_buckets("test")
        found = (await outbox.due_entries(buckets, [KIND], 12)).entries
        assert found == written
        some = (await outbox.due_entries(buckets, [KIND], 5)).entries
        assert len(some) == 5
        for owner in ("w0", "w1", "w2"):
            ids = [entry.id for entry in some if entry.owner == owner]
            assert ids == [entry.id for entry in written if entry.owner == owner][: len(ids)]

    async def test_come_in_order_of_their_due_times(self, outbox: Outbox, clock: FakeClock) -> None:
        for id_, delay_ms in (("late", 20), ("early", 10), ("at once", 0)):
            await put(outbox, id_, delay_ms=delay_ms)
        clock.pass_by(20)
        assert [entry.id for entry in (await due(outbox)).entries] == ["at once", "early", "late"]

    # SQLite's are in one table: the oldest come first, of whatever bucket.
    @pytest.mark.parametrize("store", ["redis"], indirect=True)
    async def test_of_a_busy_bucket_leave_room_for_others(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        for number in range(10):
            await put(outbox, f"e{number}", owner="w0")
            clock.pass_by(1)
        await put(outbox, "late", owner="w1")
        buckets = await outbox.lease_buckets("test")
        found = (await outbox.due_entries(buckets, [KIND], 4)).entries
        assert "late" in {entry.id for entry in found}

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


class TestDueInMs:
    async def test_is_what_is_left(self, outbox: Outbox, clock: FakeClock) -> None:
        assert await due_in_ms(outbox) is None
        await put(outbox, delay_ms=100)
        clock.pass_by(40)
        assert await due_in_ms(outbox) == 60
        clock.pass_by(100)
        assert await due_in_ms(outbox) == 0

    @pytest.mark.parametrize("delays", [range(10, 26), range(25, 9, -1)], ids=["up", "down"])
    async def test_is_that_of_the_first_of_all_buckets(self, outbox: Outbox, delays: range) -> None:
        for number, delay_ms in enumerate(delays):
            await put(outbox, f"e{number}", owner=f"w{number}", delay_ms=delay_ms)
        assert await due_in_ms(outbox) == 10


class TestTokens:
    async def test_grow_also_where_the_clock_is_set_back(
        self, outbox: Outbox, clock: FakeClock
    ) -> None:
        first = await put(outbox)
        clock.pass_by(-HOUR_MS)
        second = await put(outbox)
        assert second.token > first.token

    @HOW_MARKED
    async def test_of_a_mark_are_raised_too(
        self, how: str, store: ConnectedStore, outbox: Outbox
    ) -> None:
        mark = await put_mark(how, store, outbox)
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
