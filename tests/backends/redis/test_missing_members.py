"""Members of Java's sets without a document: passed over, and taken out once they were missing a minute ago, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from podium_backends.redis.connection import Link, Target
from podium_backends.redis.executions import member_documents, missing_members
from podium_backends.redis.executions.dao import RedisExecutionDAO
from podium_backends.redis.executions.missing_members import (
    FORGET_MS,
    MISSING_MS,
    MissingMembers,
)
from podium_backends.redis.executions.store_clock import StoreClock
from podium_core.models import collect
from tests.backends.redis.golden_definitions import KEYS, Daos
from tests.clock import FakeClock
from tests.contract.records import make_task, make_workflow
from tests.services.redis_server import RedisServer

# The day of the clock, and of what ``make_workflow`` makes.
DAY = "20231114"
TASKS = KEYS.tasks_of_workflow("w1")
PENDING = KEYS.pending_tasks("encode")

Read = Callable[[RedisExecutionDAO], Awaitable[Any]]

READS: dict[str, tuple[list[str], Read]] = {
    "workflow with tasks": ([TASKS], lambda dao: dao.get_workflow("w1", include_tasks=True)),
    "tasks for workflow": ([TASKS], lambda dao: collect(dao.get_tasks_for_workflow("w1"))),
    "pending by workflow": (
        [TASKS, PENDING],
        lambda dao: collect(dao.get_pending_tasks_by_workflow("encode", "w1")),
    ),
    "pending by type": (
        [PENDING],
        lambda dao: collect(dao.get_pending_tasks_for_task_type("encode")),
    ),
    "tasks by type": ([PENDING], lambda dao: dao.get_tasks_by_type("encode", count=10)),
    "pending workflows": (
        [KEYS.pending_workflows("order")],
        lambda dao: collect(dao.get_pending_workflows_by_type("order")),
    ),
    "running ids of a version": (
        [KEYS.pending_workflows("order")],
        lambda dao: collect(dao.get_running_workflow_ids("order", version=1)),
    ),
    "by correlation": (
        [KEYS.correlated_workflows("c1")],
        lambda dao: collect(dao.get_workflows_by_correlation_id("order", "c1")),
    ),
    "by day": (
        [KEYS.workflows_of_day("order", DAY)],
        lambda dao: collect(
            dao.get_workflows_by_type(
                "order", start_time=1_699_900_000_000, end_time=1_700_100_000_000
            )
        ),
    ),
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[Link]:
    opened = Link(Target(store="main", url=own_redis.url, connect_timeout=60, reply_timeout=60))
    await opened.write("FLUSHALL")
    yield opened
    await opened.close()


@pytest.fixture
async def dao(link: Link, clock: FakeClock) -> RedisExecutionDAO:
    """With a workflow and a task, which are in every set."""
    executions = Daos.on(link, clock).executions
    created = make_workflow("w1", correlation_id="c1", create_time=clock())
    await executions.create_workflow(created)
    await executions.create_tasks([make_task("t1")])
    return executions


async def _members(link: Link, key: str) -> set[bytes]:
    return set(await link.read("SMEMBERS", key))


@pytest.mark.parametrize("most_ids", [1_000, 0], ids=["one trip", "several trips"])
@pytest.mark.parametrize("name", READS)
async def test_a_member_goes_that_was_missing_a_minute_ago(
    name: str,
    most_ids: int,
    dao: RedisExecutionDAO,
    link: Link,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(member_documents, "MOST_IDS_OF_A_TRIP", most_ids)
    sets, read = READS[name]
    whole = {key: await _members(link, key) for key in sets}
    answer = await read(dao)
    assert answer
    assert all(whole.values())
    for key in sets:
        await link.write("SADD", key, "gone")
    for pass_by in (0, MISSING_MS - 1):
        clock.pass_by(pass_by)
        assert await read(dao) == answer
        for key in sets:
            assert await _members(link, key) == whole[key] | {b"gone"}
    clock.pass_by(1)
    assert await read(dao) == answer
    assert {key: await _members(link, key) for key in sets} == whole


class World:
    """A set of members, some with documents."""

    def __init__(self, link: Link, clock: FakeClock) -> None:
        self.link = link
        self.clock = clock
        self.missing = MissingMembers(link, StoreClock(clock))

    async def saw(self, *members: str) -> set[str]:
        """Say that these are missing; the members that are there after that."""
        await self.missing.saw(["set"], members, "document.{}".format)
        return {member.decode() for member in await self.link.read("SMEMBERS", "set")}


@pytest.fixture
async def world(link: Link, clock: FakeClock) -> World:
    await link.write("SADD", "set", "a", "b", "c")
    return World(link, clock)


async def test_a_document_that_comes_at_the_last_moment_keeps_its_member(world: World) -> None:
    await world.saw("a", "b")
    world.clock.pass_by(MISSING_MS)
    await world.link.write("SET", "document.a", "{}")
    assert await world.saw("a", "b") == {"a", "c"}


async def test_what_was_seen_long_ago_is_forgotten(world: World) -> None:
    await world.saw("a")
    world.clock.pass_by(FORGET_MS + 1)
    assert await world.saw("a") == {"a", "b", "c"}
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("a") == {"b", "c"}


async def test_a_member_that_is_added_again_is_waited_for_again(world: World) -> None:
    await world.saw("a")
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("a") == {"b", "c"}
    await world.link.write("SADD", "set", "a")
    assert await world.saw("a") == {"a", "b", "c"}


async def test_a_clock_that_is_set_back_begins_the_minute_again(world: World) -> None:
    await world.saw("a")
    world.clock.pass_by(-FORGET_MS)
    assert await world.saw("a") == {"a", "b", "c"}
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("a") == {"b", "c"}


async def test_members_above_what_is_remembered_come_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_members, "MOST_MEMBERS", 2)
    await world.saw("a", "b", "c")
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("a", "b", "c") == {"c"}
    assert await world.saw("c") == {"c"}
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("c") == set()


async def test_what_nobody_reads_any_more_makes_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_members, "MOST_MEMBERS", 1)
    await world.saw("a")
    world.clock.pass_by(FORGET_MS + 1)
    await world.saw("b")
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("b") == {"a", "c"}


async def test_a_member_that_is_waited_for_again_is_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the first one of all is the oldest, and makes room."""
    monkeypatch.setattr(missing_members, "MOST_MEMBERS", 3)
    await world.link.write("SADD", "set", "d")
    await world.saw("a", "b")
    world.clock.pass_by(FORGET_MS + 1)
    await world.saw("a", "c", "d")
    world.clock.pass_by(MISSING_MS)
    assert await world.saw("d") == {"a", "b", "c"}


async def test_many_members_at_once(world: World) -> None:
    members = [f"m{number}" for number in range(2_500)]
    await world.link.write("SADD", "set", *members)
    await world.saw(*members)
    world.clock.pass_by(MISSING_MS)
    assert await world.saw(*members) == {"a", "b", "c"}
