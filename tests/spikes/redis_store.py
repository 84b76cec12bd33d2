"""What the Redis spike's tests stand on: a store with eyes on its keys, and what is to be seen there.

Stays with them until the real adapter replaces them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from podium_core.models import DECIDER_QUEUE, Task, TaskStatus, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.write_set import WriteOutcome
from tests.spikes.decide_step import DecideStep, now_ms, write_set
from tests.spikes.failpoints import Failpoints
from tests.spikes.redis_apply import RedisApply
from tests.spikes.redis_plan import Keys


class Shown(NamedTuple):
    """What Conductor's own keys show of a workflow."""

    workflow: Workflow | None
    tasks: dict[str, Task]
    slots: dict[str, str]
    sets: dict[str, set[str]]
    queues: dict[str, set[str]]


class Store:
    """A namespace of its own on the shared server, and eyes on its keys."""

    def __init__(self, redis: Redis) -> None:
        self.redis: Any = redis
        self.name = f"spike-{uuid4().hex}"
        self.keys = Keys(f"{self.name}.test", f"{self.name}_queues.test")
        self.failpoints = Failpoints()
        self.writer = RedisApply(redis, self.keys, self.failpoints)

    async def names(self) -> list[str]:
        return sorted([key.decode() async for key in self.redis.scan_iter(f"{self.name}*")])

    async def members(self, *parts: str) -> set[str]:
        return {member.decode() for member in await self.redis.smembers(self.keys.data(*parts))}

    async def score(self, queue: str, message_id: str) -> float | None:
        found = await self.redis.zscore(self.keys.queue(queue), message_id)
        return None if found is None else float(found)

    async def marks(self) -> dict[str, tuple[str, int]]:
        """Action and token of every mark for the index."""
        found = await self.redis.hgetall(self.keys.ours("OUTBOX"))
        marks = {field.decode(): value.decode().split() for field, value in found.items()}
        return {field: (action, int(token)) for field, (token, action) in marks.items()}

    async def pop(self, queue: str, message_id: str, *, lease_ms: int) -> str:
        """Lease a message as a queue adapter would, and give its receipt."""
        zset, receipt = self.keys.queue(queue), uuid4().hex
        await self.redis.zadd(zset, {message_id: now_ms() + lease_ms}, xx=True)
        score = await self.redis.eval(
            "return redis.call('ZSCORE', KEYS[1], ARGV[1])", 1, zset, message_id
        )
        await self.redis.hset(self.keys.receipts(queue), message_id, f"{receipt}|{score.decode()}")
        return receipt

    async def shown(self, step: DecideStep) -> Shown:
        text = await self.redis.get(self.keys.data("WORKFLOW", step.workflow_id))
        tasks = {}
        for id_ in await self.members("WORKFLOW_TO_TASKS", step.workflow_id):
            document = await self.redis.get(self.keys.data("TASK", id_))
            assert msgspec.json.decode(document)
            tasks[id_] = TASK.decode(document, id_)
        slots = await self.redis.hgetall(self.keys.data("SCHEDULED_TASKS", step.workflow_id))
        sets = {
            kind: {name async for name in self.in_sets(kind)}
            for kind in ("PENDING_WORKFLOWS", "IN_PROGRESS_TASKS", "TASKS_IN_PROGRESS_STATUS")
        }
        queues = {
            queue: {id_.decode() for id_ in await self.redis.zrange(self.keys.queue(queue), 0, -1)}
            for queue in (DECIDER_QUEUE, "charge", "ship", "notify")
        }
        return Shown(
            WORKFLOW.decode(text, step.workflow_id) if text else None,
            tasks,
            {field.decode(): id_.decode() for field, id_ in slots.items()},
            sets,
            queues,
        )

    async def in_sets(self, kind: str) -> AsyncIterator[str]:
        async for key in self.redis.scan_iter(f"{self.keys.data(kind)}.*"):
            for member in await self.redis.smembers(key):
                yield member.decode()

    async def first(self, step: DecideStep) -> WriteOutcome:
        return await self.writer.apply(write_set(step.first()))


def assert_first(shown: Shown, step: DecideStep) -> None:
    """The first decide step, whole."""
    charge, ship = str(step.charge.task_id), str(step.ship.task_id)
    assert shown.workflow is not None
    assert shown.workflow.input == step.workflow.input
    assert set(shown.tasks) == {charge, ship}
    assert shown.slots == {"charge_ref0": charge, "ship_ref0": ship}
    assert shown.sets == {
        "PENDING_WORKFLOWS": {step.workflow_id},
        "IN_PROGRESS_TASKS": {charge, ship},
        "TASKS_IN_PROGRESS_STATUS": set(),
    }
    assert shown.queues == {
        DECIDER_QUEUE: {step.workflow_id},
        "charge": {charge},
        "ship": {ship},
        "notify": set(),
    }


def assert_second(shown: Shown, step: DecideStep) -> None:
    """The second, whole: ``late`` and its push left out."""
    charge, ship, notify = (str(task.task_id) for task in (step.charge, step.ship, step.notify))
    assert shown.workflow is not None
    assert bytes(memoryview(shown.workflow.variables)) == b'{"step":2}'
    assert set(shown.tasks) == {charge, ship, notify}
    assert shown.tasks[charge].status is TaskStatus.IN_PROGRESS
    assert shown.slots == {"charge_ref0": charge, "ship_ref0": ship, "notify_ref0": notify}
    assert shown.sets == {
        "PENDING_WORKFLOWS": {step.workflow_id},
        "IN_PROGRESS_TASKS": {charge, ship, notify},
        "TASKS_IN_PROGRESS_STATUS": {charge},
    }
    assert shown.queues["notify"] == {notify}
    assert shown.queues["ship"] == {ship}
