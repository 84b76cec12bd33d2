"""What Redis spends on a script, by its own count: ``INFO commandstats``, microseconds a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.bench import Bench
from benchmarks.points.redis.world import PREFIX, RedisWorld, on_redis
from benchmarks.processes import Server
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
# Longer than a run.
_LEASE_MS = 600_000
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


async def _nothing(number: int) -> None:
    """What most calls need beforehand."""
    del number


@dataclass(frozen=True)
class _Side:
    """Calls, the name that Redis counts them under, and what is done before a round of them."""

    command: str
    calls: Calls
    prepare: Calls = _nothing


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
            rounds = _Rounds(bench, link, redis.server)
            return [await rounds.compared(point) for point in loads.points()]
        finally:
            await link.close()


class _Spent(NamedTuple):
    """Of one call in microseconds: what Redis counts for the command, and what its whole process took."""

    command_us: float
    process_us: float


class _Rounds:
    """Measures the sides of a point in turns."""

    def __init__(self, bench: Bench, link: Link, redis: Server) -> None:
        self._bench = bench
        self._link = link
        self._redis = redis

    async def compared(self, point: _Point) -> Result:
        self._bench.say(point.name)
        own: list[_Spent] = []
        other: list[_Spent] = []
        for number in range(4 * self._bench.rounds + 1):
            sides = [(own, point.subject), (other, point.other)]
            for spent, side in sides if number % 2 else reversed(sides):
                found = await self._round(side, number)
                if number > 0:
                    spent.append(found)
        # Redis counts by the wall clock, so what other processes take from it counts too: the fastest rounds say most.
        command, another = (min(each.command_us for each in side) for side in (own, other))
        process, beside = (median(each.process_us for each in side) for side in (own, other))
        return Result(
            name=point.name,
            value=command / another,
            unit=point.unit,
            bound=point.bound,
            detail=(
                f"{command:.1f} against {another:.2f} µs a call in the fastest rounds; "
                f"Redis's process, protocol included, {process:.1f} against {beside:.1f}"
            ),
        )

    async def _round(self, side: _Side, number: int) -> _Spent:
        await side.prepare(number)
        await self._link.write("CONFIG", "RESETSTAT")
        before = self._redis.processor_seconds()
        await side.calls(number)
        process = self._redis.processor_seconds() - before
        for line in (await self._link.read("INFO", "commandstats")).decode().splitlines():
            name, _, stats = line.partition(":")
            if name == f"cmdstat_{side.command}":
                counts = dict(part.split("=") for part in stats.split(","))
                return _Spent(float(counts["usec_per_call"]), process / int(counts["calls"]) * 1e6)
        raise RuntimeError(f"Redis ran no {side.command}")


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
                _Side("evalsha", self._pop, self._fill),
                _Side("evalsha", self._stock_pop, self._fill_stock),
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

    async def _fill(self, number: int) -> None:
        messages = [PushMessage(id=id_) for id_ in self._message_ids()]
        await self._stores.queues.push_messages(f"pop{number}", messages)

    async def _pop(self, number: int) -> None:
        async def pop(at: int) -> None:
            del at
            found = await self._stores.queues.pop(
                f"pop{number}", count=_POPPED, unack_timeout_ms=_LEASE_MS
            )
            if len(found) != _POPPED:
                raise RuntimeError("a Pop found less")

        await _at_once(pop, self._calls // _POPPED)

    async def _fill_stock(self, number: int) -> None:
        now_ms = system_clock_ms()
        members = [part for id_ in self._message_ids() for part in (now_ms, id_)]
        await self._link.write("ZADD", f"stock{number}", *members)

    async def _stock_pop(self, number: int) -> None:
        now_ms = system_clock_ms()

        async def pop(at: int) -> None:
            del at
            arguments = (now_ms + 1, now_ms + _LEASE_MS, _POPPED)
            await self._link.run(_STOCK_POP, [f"stock{number}"], arguments)

        await _at_once(pop, self._calls // _POPPED)

    def _message_ids(self) -> list[str]:
        return [f"message-{number:06}" for number in range(self._calls)]


async def _at_once(call: Callable[[int], Awaitable[None]], count: int) -> None:
    """All calls of a round, which leave together: Redis carries them out one right after the other, as plain commands."""
    await asyncio.gather(*map(call, range(count)))


def _task(workflow_id: str, name: str, status: TaskStatus = TaskStatus.SCHEDULED) -> Task:
    task_id = f"{workflow_id}-{name}"
    note = to_raw({"note": "n" * 600})
    return make_task(
        task_id, workflow_id=workflow_id, status=status, output_data=note, reference_task_name=name
    )
