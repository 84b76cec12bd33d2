"""What the outbox's scripts check that only another server, between two of its trips, can bring about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link, Target
from podium_backends.redis.outbox import scripts
from podium_backends.redis.outbox.members import bucket_of_owner, member_of
from podium_backends.redis.outbox.outbox import RedisOutbox
from podium_core.index.changes import EntryKind, Merge
from podium_core.index.marks import Upsert, decode_mark, encode_mark, outbox_kind
from podium_core.models.json_text import to_raw
from podium_core.outbox import KIND_PUSH, LEASE_MS, NewEntry
from tests.backends.redis.golden_definitions import KEYS
from tests.backends.redis.java_beside import WatchedLink
from tests.clock import FakeClock
from tests.services.redis_server import RedisServer

LEASE_KEYS = (KEYS.outbox_leases, KEYS.outbox_owners)
TASK_MARK = outbox_kind(EntryKind.TASK)
PUSH = NewEntry(kind=KIND_PUSH, id="e", owner="w1")
# Below that an outbox doesn't ask whether the clock was set back.
DELAY_MS = 30_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[WatchedLink]:
    opened = WatchedLink(Target(store="main", url=own_redis.url))
    await opened.write("FLUSHALL")
    yield opened
    await opened.close()


@pytest.fixture
def outbox(link: WatchedLink, clock: FakeClock) -> RedisOutbox:
    return _outbox(link, clock)


def _outbox(link: Link, clock: FakeClock) -> RedisOutbox:
    async def no_reference(workflow_id: str, path: str) -> bool:
        return False

    async def no_removal(workflow_id: str) -> int | None:
        return None

    scripts_at = ClockedScripts(link, clock)
    return RedisOutbox(link, scripts_at, KEYS, refers=no_reference, planned_removal=no_removal)


async def _take(link: Link, clock: FakeClock, owner: str, *buckets: int) -> Any:
    """What a server leases that saw these as free a moment ago."""
    arguments: tuple[str | int, ...] = (owner, LEASE_MS, 0, len(buckets), *buckets)
    return await ClockedScripts(link, clock).run(scripts.LEASE, LEASE_KEYS, arguments)


async def test_a_bucket_that_another_has_just_leased_stays_with_it(
    link: WatchedLink, clock: FakeClock
) -> None:
    assert await _take(link, clock, "one", 1, 2) == [1, 2]
    assert await _take(link, clock, "two", 2, 3) == [3]
    assert await _take(link, clock, "one", 1, 2) == [1, 2]
    clock.pass_by(LEASE_MS)
    assert await _take(link, clock, "two", 2, 3) == [2, 3]


async def test_only_its_own_buckets_are_given_up(link: WatchedLink, clock: FakeClock) -> None:
    await _take(link, clock, "one", 1)
    arguments: tuple[str | int, ...] = ("two", LEASE_MS, 1, 1, 0)
    await ClockedScripts(link, clock).run(scripts.LEASE, LEASE_KEYS, arguments)
    assert await _take(link, clock, "three", 1) == []


async def test_owners_that_are_gone_leave_nothing(link: WatchedLink, clock: FakeClock) -> None:
    await _take(link, clock, "one", 1)
    clock.pass_by(LEASE_MS)
    await _take(link, clock, "two", 2)
    assert await link.read("HKEYS", KEYS.outbox_owners) == [b"two"]


async def test_a_member_without_an_entry_goes(link: WatchedLink, outbox: RedisOutbox) -> None:
    _, due, _ = KEYS.outbox(KIND_PUSH, bucket_of_owner("w1"))
    await link.write("ZADD", due, 1, member_of("e", "w1"))
    found = await outbox.due_entries(await outbox.lease_buckets("one"), [KIND_PUSH], 10)
    assert found.entries == []
    assert await link.read("EXISTS", due) == 0


async def test_a_mark_is_combined_with_one_that_comes_meanwhile(
    link: WatchedLink, own_redis: RedisServer, clock: FakeClock
) -> None:
    other_link = Link(Target(store="main", url=own_redis.url))
    other, mine, trips = _outbox(other_link, clock), _outbox(link, clock), 0
    merge = Merge(to_raw({"a": 1}))
    entry = NewEntry(kind=TASK_MARK, id="t1", owner="w1", body=encode_mark(merge))
    # Redis knows the scripts after that: a look is one trip, a write the next one.
    await mine.put([replace(entry, id="t2")])

    async def before_trip() -> None:
        nonlocal trips
        trips += 1
        if trips == 2:
            await other.put([replace(entry, body=b"")])

    link.before_trip = before_trip
    (written,) = await mine.put([entry])
    await other_link.close()
    assert decode_mark(written.body) == Upsert(merge.fields)
    assert trips == 4


async def test_what_was_written_again_is_not_made_due(
    link: WatchedLink, outbox: RedisOutbox
) -> None:
    (entry,) = await outbox.put([replace(PUSH, delay_ms=DELAY_MS)])
    _, due, entries = KEYS.outbox(KIND_PUSH, bucket_of_owner("w1"))
    member = member_of("e", "w1")
    await link.run(scripts.MAKE_DUE, (due, entries), (member, entry.due_ms - 1))
    assert await _due_ids(outbox) == []
    await link.run(scripts.MAKE_DUE, (due, entries), (member, entry.due_ms))
    assert await _due_ids(outbox) == ["e"]


async def test_what_was_written_again_is_not_tried_again(
    link: WatchedLink, outbox: RedisOutbox
) -> None:
    await outbox.put([replace(PUSH, delay_ms=DELAY_MS)])
    names = (KEYS.outbox_failures, *KEYS.outbox(KIND_PUSH, bucket_of_owner("w1")))
    assert await link.run(scripts.TRY_AGAIN, names, (member_of("e", "w1"),)) == 0
    assert await _due_ids(outbox) == []


async def _due_ids(outbox: RedisOutbox) -> list[str]:
    found = await outbox.due_entries(await outbox.lease_buckets("one"), [KIND_PUSH], 10)
    return [entry.id for entry in found.entries]


async def test_only_its_own_buckets_are_given_back(
    link: WatchedLink, outbox: RedisOutbox, clock: FakeClock
) -> None:
    await _take(link, clock, "one", 1)
    await _take(link, clock, "two", 2)
    await outbox.release_buckets("one")
    assert await _take(link, clock, "three", 1, 2) == [1]
    assert set(await link.read("HKEYS", KEYS.outbox_owners)) == {b"two", b"three"}
