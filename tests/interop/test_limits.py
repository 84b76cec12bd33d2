"""One concurrency limit that Java and Podium ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from podium_core.models import TaskStatus
from tests.contract.daos import Daos
from tests.contract.records import make_task, make_workflow
from tests.interop.java import JavaDaos
from tests.interop.java_records import java_task
from tests.interop.seen_commands import Seen, seen_commands

LIMIT = 5
TASKS = 12
ROUNDS = 5


@pytest.fixture(autouse=True)
async def workflow(podium: Daos) -> None:
    await podium.executions.create_workflow(make_workflow())


async def ours_starts(podium: Daos, task_id: str) -> bool:
    """Ask for a place, and with it go on; whether it was granted."""
    task = make_task(task_id, concurrency_limit=LIMIT)
    await podium.executions.create_tasks([task])
    if await podium.concurrency_limits.exceeds_limit(task):
        return False
    running = make_task(task_id, concurrency_limit=LIMIT, status=TaskStatus.IN_PROGRESS)
    await podium.executions.update_task(running)
    return True


async def ours_ends(podium: Daos, task_id: str) -> None:
    done = make_task(task_id, concurrency_limit=LIMIT, status=TaskStatus.COMPLETED)
    await podium.executions.update_task(done)


async def java_starts(java: JavaDaos, task_id: str) -> bool:
    task = java_task(task_id, concurrency_limit=LIMIT)
    await java.execution("createTasks", [task])
    if await java.execution("exceedsLimit", task):
        return False
    await java.execution("updateTask", {**task, "status": "IN_PROGRESS"})
    return True


async def java_ends(java: JavaDaos, task_id: str) -> None:
    done = java_task(task_id, concurrency_limit=LIMIT, status="COMPLETED")
    await java.execution("updateTask", done)


async def test_in_turns(java: JavaDaos, podium: Daos) -> None:
    started = []
    for number in range(LIMIT):
        starts = (
            java_starts(java, f"j{number}") if number % 2 else ours_starts(podium, f"p{number}")
        )
        started.append(await starts)
    assert started == [True] * LIMIT
    assert not await java_starts(java, "j-more")
    assert not await ours_starts(podium, "p-more")
    assert await podium.executions.get_in_progress_task_count("encode") == LIMIT
    assert await java.execution("getInProgressTaskCount", "encode") == LIMIT
    await java_ends(java, "j1")
    assert await ours_starts(podium, "p-next")
    assert not await java_starts(java, "j-next")
    await ours_ends(podium, "p0")
    assert sum([await ours_starts(podium, "p-last"), await java_starts(java, "j-last")]) <= 1


async def test_at_once(shared_redis: tuple[str, int], java: JavaDaos, podium: Daos) -> None:
    """Java looks, and then takes a place: it may go above the limit. Ours never does."""
    below = f"{java.prefix}.test.TASK"
    granted = 0
    async with seen_commands(shared_redis, below) as seen:
        for number in range(ROUNDS):
            ids = [f"{number}-{n}" for n in range(TASKS)]
            starts = [java_starts(java, f"j{id_}") for id_ in ids]
            starts += [ours_starts(podium, f"p{id_}") for id_ in ids]
            answers = await asyncio.gather(*starts)
            granted += sum(answers[TASKS:])
            await asyncio.gather(*(java_ends(java, f"j{id_}") for id_ in ids))
            await asyncio.gather(*(ours_ends(podium, f"p{id_}") for id_ in ids))
    assert granted
    assert grants_within_the_limit(seen, f"{java.prefix}.test.") >= granted


def grants_within_the_limit(seen: Sequence[Seen], below: str) -> int:
    """How many places are ours: each was taken when fewer tasks than the limit had one, or ran."""
    places: set[str] = set()
    running: set[str] = set()
    granted = 0
    for command in seen:
        name, key, *arguments = command.words
        held = {
            f"{below}TASK_LIMIT_BUCKET.encode": places,
            f"{below}TASKS_IN_PROGRESS_STATUS.encode": running,
        }.get(key)
        if held is None:
            continue
        match name.upper():
            case "ZADD":
                score, task_id = arguments[-2:]
                # At 0 is a task that goes on in the place that it was granted, though Java's clean-up took that away.
                if command.by_script and float(score) > 0 and task_id not in places:
                    assert len((places | running) - {task_id}) < LIMIT
                    granted += 1
                held.add(task_id)
            case "SADD":
                held.update(arguments)
            case "ZREM" | "SREM":
                held.difference_update(arguments)
            case other:
                # What else writes has to be added here.
                assert other.startswith(("Z", "S")), other
                assert "REM" not in other, other
    return granted
