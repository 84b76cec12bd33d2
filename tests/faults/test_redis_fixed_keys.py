"""Workflows are created, completed and removed: in the end a Redis holds the few keys that it always holds, and no other."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_core.models import (
    Commit,
    CommitPush,
    PushMessage,
    Task,
    TaskStatus,
    TaskUpdate,
    WorkflowStatus,
)
from tests.contract.records import make_task, make_workflow
from tests.faults.own_redis import OnOwnRedis, on_own_redis
from tests.patience import PATIENCE_SECONDS

WORKFLOWS = 500
MANY_WORKFLOWS = 100_000
AT_ONCE = 32
NAMES = 7
LIMIT = 3
# What PTTL says of a key that stays for good.
_NO_END = -1


def _tasks(id_: str, status: TaskStatus) -> list[Task]:
    limited = make_task(f"{id_}-limited", workflow_id=id_, concurrency_limit=LIMIT, status=status)
    plain = make_task(f"{id_}-plain", workflow_id=id_, definition_name="plain", status=status)
    return [limited, plain]


def _updates(id_: str, status: TaskStatus) -> list[TaskUpdate]:
    return [TaskUpdate(task=task) for task in _tasks(id_, status)]


async def _live(podium: PodiumClient, number: int) -> None:
    """The whole life of a workflow: every kind of key that one can have."""
    id_, name = f"w{number}", f"n{number % NAMES}"
    correlation = f"c{number % NAMES}"
    executions, queue = podium.executions, f"q{number % NAMES}"
    tasks = _tasks(id_, TaskStatus.SCHEDULED)
    await executions.commit(
        Commit(
            workflow_id=id_,
            create_workflow=make_workflow(id_, name=name, correlation_id=correlation),
            create_tasks=tasks,
            pushes=[
                CommitPush(queue_name=queue, message=PushMessage(id=str(task.task_id)))
                for task in tasks
            ],
            request_id="begin",
        )
    )
    await executions.exceeds_in_progress_limit(tasks[0])
    await executions.update_tasks(_updates(id_, TaskStatus.IN_PROGRESS))
    for message in await podium.queues.poll_messages(queue, count=2):
        await podium.queues.ack(queue, message.id, receipt=message.receipt)
    ended = make_workflow(
        id_, name=name, status=WorkflowStatus.COMPLETED, correlation_id=correlation
    )
    await executions.commit(
        Commit(
            workflow_id=id_,
            update_workflow=ended,
            update_tasks=_updates(id_, TaskStatus.COMPLETED),
            request_id="end",
        )
    )
    if number % 3 == 2:
        await executions.remove_workflow_with_expiry(id_, ttl_seconds=1)
    else:
        assert await executions.remove_workflow(id_, archive=number % 3 == 1)


async def _live_all(world: OnOwnRedis, count: int) -> None:
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await _live(podium, number)

    async with world.client() as podium:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
        # What was taken by nobody whose workflow was at its end by then.
        for number in range(NAMES):
            await podium.queues.flush(f"q{number}")


def _not_fixed(world: OnOwnRedis) -> set[str]:
    store = world.store
    found = {key.decode() for key in store.client.scan_iter(f"{store.prefix}.*", count=1_000)}
    return found - store.keys.fixed


async def _require_fixed_keys_only(folder: Path, count: int) -> None:
    with on_own_redis(folder) as world:
        await _live_all(world, count)
        requests = world.store.keys.request("")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while left := {key for key in _not_fixed(world) if not key.startswith(requests)}:
                # Shown where they stay for too long.
                print(sorted(left)[:20])
                await asyncio.sleep(0.5)
        # What is remembered of requests ends by itself; some of it may have ended already.
        remembered = _not_fixed(world)
        assert remembered
        with world.store.client.pipeline(transaction=False) as pipeline:
            for key in remembered:
                pipeline.pttl(key)
            assert _NO_END not in pipeline.execute()


async def test_five_hundred_leave_the_fixed_keys_only(tmp_path: Path) -> None:
    await _require_fixed_keys_only(tmp_path, WORKFLOWS)


@pytest.mark.nightly
@pytest.mark.timeout(7_200)
async def test_a_hundred_thousand_leave_the_fixed_keys_only(tmp_path: Path) -> None:
    await _require_fixed_keys_only(tmp_path, MANY_WORKFLOWS)
