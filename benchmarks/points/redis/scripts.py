"""What Redis spends on a script, by its own count: ``INFO commandstats``, microseconds a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from msgspec.structs import replace

from benchmarks.bench import Bench
from benchmarks.points.redis.world import PREFIX, RedisWorld, on_redis
from benchmarks.result import Result
from podium_backends.redis.connection import Link, Script
from podium_backends.redis.settings import RedisSettings
from podium_core.clock import system_clock_ms
from podium_core.models import Commit, PushMessage, Task, TaskStatus, TaskUpdate
from podium_core.models.commit import CommitPush
from podium_core.models.json_text import to_raw
from podium_core.write_set import WriteSet, builders
from podium_core.write_set.commit_builder import commit
from podium_server.config.load import load_config
from tests.contract.daos import Adapters, opened_adapters
from tests.contract.records import make_task, make_workflow

_TASKS = 20
_POPPED = 10
_BYTES = 1024
# The commands of a pop of the stock server: look, and move what was found to the end of its lease.
_STOCK_POP = Script(
    """
local found = redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for at = 1, #found, 2 do
  redis.call('ZADD', KEYS[1], 'XX', 'CH', ARGV[2], found[at])
end
return found
"""
)

Calls = Callable[[int], Awaitable[None]]
"""Makes the calls of a round, by its number."""


@dataclass(frozen=True)
class _Side:
    """Calls, and the name that Redis counts them under."""

    command: str
    calls: Calls


@dataclass(frozen=True)
class _Point:
    name: str
    bound: float
    unit: str
    subject: _Side
    other: _Side


def measure(bench: Bench, redis: RedisWorld) -> Iterator[Result]:
    """UpdateTask, CreateTasks of 20 with marks and pushes, Pop of 10."""
    yield from asyncio.run(_measure(bench, redis))


async def _measure(bench: Bench, redis: RedisWorld) -> list[Result]:
    settings = {"PODIUM_DATA_DIR": str(bench.new_folder()), **on_redis(redis.url, f"{PREFIX}-cpu")}
    config = load_config(environment=settings)
    link = Link(RedisSettings(url=redis.url, layout="podium").target("bench"))
    async with opened_adapters(config, system_clock_ms) as stores:
        try:
            loads = _Loads(stores, link, bench.scaled(200, 100))
            await loads.create()
            return [await _compared(bench, link, point) for point in loads.points()]
        finally:
            await link.close()


async def _compared(bench: Bench, link: Link, point: _Point) -> Result:
    bench.say(point.name)
    own: list[float] = []
    other: list[float] = []
    for number in range(4 * bench.rounds + 1):
        sides = [(own, point.subject), (other, point.other)]
        for times, side in sides if number % 2 else reversed(sides):
            await link.write("CONFIG", "RESETSTAT")
            await side.calls(number)
            if number > 0:
                times.append(await _microseconds(link, side.command))
    # Redis counts by the wall clock, so what other processes take from it counts too: the fastest rounds say most.
    return Result(
        name=point.name,
        value=min(own) / min(other),
        unit=point.unit,
        bound=point.bound,
        detail=(
            f"{min(own):.1f} against {min(other):.2f} µs of Redis a call in the fastest rounds, "
            f"{median(own):.1f} against {median(other):.2f} in the median"
        ),
    )


async def _microseconds(link: Link, command: str) -> float:
    """Of one call, with the commands that a script runs."""
    for line in (await link.read("INFO", "commandstats")).decode().splitlines():
        name, _, stats = line.partition(":")
        if name == f"cmdstat_{command}":
            return float(dict(part.split("=") for part in stats.split(","))["usec_per_call"])
    raise RuntimeError(f"Redis ran no {command}")


class _Loads:
    """The calls, on one workflow."""

    def __init__(self, stores: Adapters, link: Link, calls: int) -> None:
        self._stores = stores
        self._link = link
        self._calls = calls
        self._text = "x" * _BYTES

    async def create(self) -> None:
        """What the calls find there."""
        await self._stores.executions.create_workflow(make_workflow("w"))
        tasks = [_task("w", f"t{number}") for number in range(self._calls)]
        await self._apply(builders.create_tasks(tasks, now_ms=system_clock_ms()))

    def points(self) -> Sequence[_Point]:
        return (
            _Point(
                "Redis CPU of an UpdateTask",
                8.0,
                "x a SET",
                _Side("evalsha", self._update),
                _Side("set", self._set),
            ),
            _Point(
                f"Redis CPU of CreateTasks of {_TASKS}, marked and pushed",
                9.0,
                "x an MSET of the documents",
                _Side("evalsha", self._create),
                _Side("mset", self._mset),
            ),
            _Point(
                f"Redis CPU of a Pop of {_POPPED}",
                2.5,
                "x the stock server's",
                _Side("evalsha", self._pop),
                _Side("evalsha", self._stock_pop),
            ),
        )

    async def _apply(self, write_set: WriteSet) -> None:
        await self._stores.executions.apply(replace(write_set, mark_index=True))

    # each calls the one command that is counted, and no other that has its name

    async def _update(self, number: int) -> None:
        del number

        async def update(at: int) -> None:
            task = TaskUpdate(task=_task("w", f"t{at}", status=TaskStatus.IN_PROGRESS))
            await self._apply(builders.update_task(task, now_ms=system_clock_ms()))

        await _at_once(update, self._calls)

    async def _set(self, number: int) -> None:
        del number

        async def set_text(at: int) -> None:
            await self._link.write("SET", f"plain-{at}", self._text, "KEEPTTL")

        await _at_once(set_text, self._calls)

    async def _create(self, number: int) -> None:
        async def create(at: int) -> None:
            tasks = [_task("w", f"r{number}-{at}-{i}") for i in range(_TASKS)]
            pushes = [
                CommitPush(
                    queue_name="created", message=PushMessage(id=f"w-{task.reference_task_name}")
                )
                for task in tasks
            ]
            request = Commit(workflow_id="w", create_tasks=tasks, pushes=pushes)
            await self._apply(commit(request, now_ms=system_clock_ms()))

        await _at_once(create, self._calls // _TASKS * 2)

    async def _mset(self, number: int) -> None:
        async def set_texts(at: int) -> None:
            texts = [part for i in range(_TASKS) for part in (f"m{number}-{at}-{i}", self._text)]
            await self._link.write("MSET", *texts)

        await _at_once(set_texts, self._calls // _TASKS * 2)

    async def _pop(self, number: int) -> None:
        queue, calls = f"pop{number}", self._calls // _POPPED
        messages = [PushMessage(id=f"message-{i:06}") for i in range(calls * _POPPED)]
        await self._stores.queues.push_messages(queue, messages)
        await self._link.write("CONFIG", "RESETSTAT")

        async def pop(at: int) -> None:
            del at
            found = await self._stores.queues.pop(queue, count=_POPPED, unack_timeout_ms=600_000)
            if len(found) != _POPPED:
                raise RuntimeError("a Pop found less")

        await _at_once(pop, calls)

    async def _stock_pop(self, number: int) -> None:
        queue, calls = f"stock{number}", self._calls // _POPPED
        now_ms = system_clock_ms()
        members = [part for i in range(calls * _POPPED) for part in (now_ms, f"message-{i:06}")]
        await self._link.write("ZADD", queue, *members)
        await self._link.write("CONFIG", "RESETSTAT")

        async def pop(at: int) -> None:
            del at
            times = (now_ms + 1_000, now_ms + 600_000)
            await self._link.run(_STOCK_POP, [queue], [*times, _POPPED])

        await _at_once(pop, calls)


async def _at_once(call: Callable[[int], Awaitable[None]], count: int) -> None:
    """All calls of a round, which leave together: Redis carries them out one right after the other, as plain commands."""
    await asyncio.gather(*map(call, range(count)))


def _task(workflow_id: str, name: str, status: TaskStatus = TaskStatus.SCHEDULED) -> Task:
    task_id = f"{workflow_id}-{name}"
    note = to_raw({"note": "n" * 600})
    return make_task(
        task_id, workflow_id=workflow_id, status=status, output_data=note, reference_task_name=name
    )
