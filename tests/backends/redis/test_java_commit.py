"""A Commit on a queue that a Java Conductor uses too: the receipt is the lock, and Java's touch ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from podium_backends.redis.connection import Link
from podium_core.clock import system_clock_ms
from podium_core.errors import ConflictError
from podium_core.models import DECIDER_QUEUE, Commit, CommitPush, PushMessage
from tests.backends.redis.java_queue import JavaQueue
from tests.contract.daos import Daos
from tests.contract.records import make_workflow
from tests.contract.ways import REDIS_JAVA_QUEUES


class World(NamedTuple):
    """Podium with everything on Redis, and Java on the decider's queue."""

    daos: Daos
    java: JavaQueue


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[World]:
    way = REDIS_JAVA_QUEUES.at(redis_url)
    config = way.config(tmp_path)
    settings: Any = config.stores["redis"].settings
    link = Link(settings.target("java"))
    async with way.open(config, system_clock_ms) as daos:
        key = settings.queue_keys.queue(DECIDER_QUEUE)[0]
        yield World(daos, JavaQueue(link, key, system_clock_ms))
        await daos.queues.process_unacks(DECIDER_QUEUE)
    await link.close()
    way.end(config)


async def step(world: World) -> Commit:
    """A decide step whose caller holds the decider's message."""
    await world.daos.executions.create_workflow(make_workflow())
    await world.daos.queues.push(DECIDER_QUEUE, PushMessage(id="w1"))
    (message,) = await world.daos.queues.poll_messages(DECIDER_QUEUE, count=1)
    again = CommitPush(queue_name=DECIDER_QUEUE, message=PushMessage(id="next"))
    decided = make_workflow(owner_app="decided")
    commit = Commit(workflow_id="w1", update_workflow=decided, pushes=[again])
    return commit.with_ack(DECIDER_QUEUE, message)


async def owner(world: World) -> object:
    workflow = await world.daos.executions.get_workflow("w1")
    assert workflow is not None
    return workflow.owner_app


async def test_a_step_is_one_with_java_s_queues(world: World) -> None:
    await world.daos.executions.commit(await step(world))
    assert await owner(world) == "decided"
    assert not await world.java.exists("w1")
    assert await world.java.pop(5) == ["next"]


BY_JAVA: dict[str, Callable[[JavaQueue], Awaitable[object]]] = {
    "push": lambda java: java.push("w1"),
    "ack": lambda java: java.ack("w1"),
    "set unack timeout": lambda java: java.set_unack_timeout("w1", 60_000),
}


@pytest.mark.parametrize("how", BY_JAVA)
async def test_nothing_is_written_once_java_has_touched_the_message(world: World, how: str) -> None:
    commit = await step(world)
    before = await owner(world)
    await BY_JAVA[how](world.java)
    with pytest.raises(ConflictError):
        await world.daos.executions.commit(commit)
    assert await owner(world) == before
    assert not await world.java.exists("next")
