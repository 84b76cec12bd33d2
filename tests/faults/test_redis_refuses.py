"""Redis refuses writes, each time for another reason: calls are UNAVAILABLE, and not a key is changed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from podium_client import PodiumClient
from podium_core.errors import BackendUnavailableError
from podium_core.models import Commit, CommitPush, PushMessage, TaskUpdate, WorkflowStatus
from podium_core.models.json_text import to_raw
from tests.contract.records import make_task, make_workflow
from tests.faults.own_redis import OnOwnRedis, on_own_redis
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import LOOPBACK, free_ports

Redis = Any
QUEUE = "refused"
# In want of memory Redis takes a script whose first command takes something away; one with marks begins with their token.
REMOVALS = frozenset({"ack", "remove message"})


def _become_replica(world: OnOwnRedis) -> None:
    """READONLY: of a primary that nobody listens as."""
    world.store.client.replicaof(LOOPBACK, free_ports(1)[0])


def _be_primary(world: OnOwnRedis) -> None:
    world.store.client.replicaof("NO", "ONE")


def _reach_maxmemory(world: OnOwnRedis) -> None:
    """OOM."""
    world.store.client.config_set("maxmemory", 1)


def _lift_maxmemory(world: OnOwnRedis) -> None:
    world.store.client.config_set("maxmemory", 0)


def _fail_to_save(world: OnOwnRedis) -> None:
    """MISCONF: its folder is gone."""
    client: Redis = world.store.client
    shutil.rmtree(client.config_get("dir")["dir"])
    client.config_set("save", "3600 1")
    client.bgsave()
    while client.info("persistence")["rdb_last_bgsave_status"] == "ok":
        pass


def _save_no_more(world: OnOwnRedis) -> None:
    world.store.client.config_set("save", "")


def _want_replicas(world: OnOwnRedis) -> None:
    """NOREPLICAS."""
    world.store.client.config_set("min-replicas-to-write", 1)


def _want_none(world: OnOwnRedis) -> None:
    world.store.client.config_set("min-replicas-to-write", 0)


REFUSALS = {
    "READONLY": (_become_replica, _be_primary),
    "OOM": (_reach_maxmemory, _lift_maxmemory),
    "MISCONF": (_fail_to_save, _save_no_more),
    "NOREPLICAS": (_want_replicas, _want_none),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[OnOwnRedis]:
    with on_own_redis(tmp_path) as world:
        yield world


async def _fill(podium: PodiumClient) -> None:
    await podium.executions.create_workflow(make_workflow())
    await podium.executions.create_tasks([make_task("t1"), make_task("t2")])
    await podium.executions.create_workflow(make_workflow("gone"))
    await podium.executions.create_tasks([make_task("t3", workflow_id="gone")])
    ended = make_workflow("ended", status=WorkflowStatus.COMPLETED)
    await podium.executions.create_workflow(ended)
    for id_ in ("m1", "m2"):
        await podium.queues.push(QUEUE, PushMessage(id=id_, payload="text"))


def _writes(podium: PodiumClient, receipt: str) -> dict[str, Callable[[], Awaitable[object]]]:
    executions, queues = podium.executions, podium.queues
    updated = make_task("t1", output_data=to_raw({"n": 1}))
    commit = Commit(
        workflow_id="w1",
        update_workflow=make_workflow(),
        create_tasks=[make_task("t9")],
        update_tasks=[TaskUpdate(task=updated)],
        pushes=[CommitPush(queue_name=QUEUE, message=PushMessage(id="m9"))],
        request_id="r1",
    )
    return {
        "create workflow": lambda: executions.create_workflow(make_workflow("w9")),
        "update workflow": lambda: executions.update_workflow(make_workflow()),
        "create tasks": lambda: executions.create_tasks([make_task("t8"), make_task("t9")]),
        "update task": lambda: executions.update_task(updated),
        "commit": lambda: executions.commit(commit),
        "remove task": lambda: executions.remove_task("t2"),
        "remove workflow": lambda: executions.remove_workflow("gone", archive=False),
        "archive workflow": lambda: executions.remove_workflow("ended", archive=True),
        "push": lambda: queues.push(QUEUE, PushMessage(id="m3", priority=7)),
        "poll": lambda: queues.poll_messages(QUEUE, count=2),
        "ack": lambda: queues.ack(QUEUE, "m1", receipt=receipt),
        "remove message": lambda: queues.remove(QUEUE, "m2"),
    }


async def _until_drained(world: OnOwnRedis) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while list(world.store.marks_left()):
            await asyncio.sleep(0.02)


def _taken(world: OnOwnRedis, reason: str) -> frozenset[str]:
    """The writes that Redis takes all the same, whole."""
    client: Redis = world.store.client
    if reason == "NOREPLICAS" and client.info("server")["redis_version"].startswith("6."):
        # Before 7.0 it isn't asked for within a script.
        return frozenset(_writes(world.client(), ""))
    return REMOVALS if reason == "OOM" else frozenset()


async def _is_refused(
    world: OnOwnRedis, write: Callable[[], Awaitable[object]], reason: str
) -> bool:
    """Whether it was refused, for this reason; if so, not a key is changed."""
    before = world.keyspace()
    try:
        await write()
    except BackendUnavailableError as error:
        failure = str(error)
    else:
        return False
    assert f"{reason} " in failure
    assert world.keyspace() == before
    return True


@pytest.mark.parametrize("reason", REFUSALS)
async def test_nothing_is_written_by_halves(world: OnOwnRedis, reason: str) -> None:
    refuse, admit = REFUSALS[reason]
    async with AsyncExitStack() as stack:
        podium = await stack.enter_async_context(world.client())
        await _fill(podium)
        (message,) = await podium.queues.poll_messages(QUEUE, count=1, unack_timeout_ms=600_000)
        await _until_drained(world)
        refuse(world)
        stack.callback(admit, world)
        refused = []
        for name, write in _writes(podium, message.receipt).items():
            if await _is_refused(world, write, reason):
                refused.append(name)
        assert refused == [
            name for name in _writes(podium, "") if name not in _taken(world, reason)
        ]
        admit(world)
        writes = _writes(podium, message.receipt)
        for name in refused:
            assert await writes[name]() is not False, name
        await _until_drained(world)
