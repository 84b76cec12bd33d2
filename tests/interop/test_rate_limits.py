"""One rate limit that Java and Podium ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium_core.models import Task
from tests.contract.daos import Daos
from tests.interop.java import JavaDaos
from tests.interop.seen_commands import Seen, seen_commands

LIMIT = 20
AN_HOUR = 3_600
ASKS = 60
ROUNDS = 5


def task_of(definition_name: str) -> Task:
    return Task(
        task_id="t1",
        task_type=definition_name,
        task_def_name=definition_name,
        rate_limit_per_frequency=LIMIT,
        rate_limit_frequency_in_seconds=AN_HOUR,
    )


async def ours_grants(podium: Daos, name: str) -> bool:
    return not await podium.rate_limits.exceeds_rate_limit_per_frequency(task_of(name))


async def java_grants(java: JavaDaos, name: str) -> bool:
    task = {
        "taskId": "t1",
        "taskType": name,
        "taskDefName": name,
        "rateLimitPerFrequency": LIMIT,
        "rateLimitFrequencyInSeconds": AN_HOUR,
    }
    return not await java.rate_limits("exceedsRateLimitPerFrequency", task, None)


async def test_in_turns(java: JavaDaos, podium: Daos) -> None:
    granted = 0
    for _ in range(LIMIT):
        granted += await java_grants(java, "encode")
        granted += await ours_grants(podium, "encode")
        # Two grants of Java within one millisecond would count once.
        await asyncio.sleep(0.002)
    assert granted == LIMIT
    assert not await java_grants(java, "encode")
    assert not await ours_grants(podium, "encode")


async def test_at_once(shared_redis: tuple[str, int], java: JavaDaos, podium: Daos) -> None:
    """Java counts, and then writes: it may go above the limit. Ours never does."""
    total = 0
    for number in range(ROUNDS):
        name = f"encode-{number}"
        key = f"{java.prefix}.test.TASK_RATE_LIMIT_BUCKET.{name}"
        async with seen_commands(shared_redis, key) as seen:
            answers = await asyncio.gather(
                *(java_grants(java, name) for _ in range(ASKS)),
                *(ours_grants(podium, name) for _ in range(ASKS)),
            )
        ours = ours_within_the_limit(seen)
        assert ours == sum(answers[ASKS:])
        total += ours
    assert total > 0


def ours_within_the_limit(seen: Sequence[Seen]) -> int:
    """How many grants are ours: each was the limit's last at most."""
    grants: set[str] = set()
    ours = 0
    for command in seen:
        if command.words[0].upper() == "ZADD":
            if command.by_script:
                assert len(grants) < LIMIT
                ours += 1
            grants.add(command.words[-1])
    assert len(grants) >= LIMIT
    return ours
