"""Calls of the DAO in process against the same statements through the plain driver: 32 in flight, in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from benchmarks import data, jobs
from benchmarks.bench import IN_FLIGHT, Bench, Measured
from benchmarks.points.cassandra.calls import Call
from benchmarks.points.cassandra.in_process import (
    Place,
    Sample,
    close_all,
    through_dao,
    through_driver,
)
from benchmarks.points.cassandra.world import CassandraWorld, on_cassandra
from benchmarks.processes import Server
from benchmarks.result import Result

LEAST_SHARE = 80.0
KEYSPACE = "bench_bare"
_TASKS = 1_000
_SMALL = 100
_WORKFLOWS = 400


class _Compared(NamedTuple):
    """What is compared.

    Attributes:
        sample: The call that the bare statements are recorded from.
        calls: Those of a round, by side and number.
    """

    sample: Sample
    calls: Callable[[str, int], Sequence[Call]]


def measure(bench: Bench, world: CassandraWorld) -> Iterator[Result]:
    """GetTask, UpdateTask, CreateTasks, GetWorkflow. The server makes the data."""
    place = Place(world.host, world.port, KEYSPACE)
    with bench.server(settings=on_cassandra(world, KEYSPACE, index=False)) as server:
        try:
            for compared in _comparisons(bench, server):
                yield _result(bench, place, compared)
        finally:
            bench.generator.run(close_all)


def _comparisons(bench: Bench, server: Server) -> Iterator[_Compared]:
    yield from _get_task(bench, server)
    yield _update_task(bench, server)
    yield _create_tasks(bench, server, 5)
    yield _create_tasks(bench, server, 20)
    yield _get_workflow(bench, server, _SMALL)
    yield _get_workflow(bench, server, _TASKS)


def _get_task(bench: Bench, server: Server) -> Iterator[_Compared]:
    calls = bench.scaled(1_200, 800)
    cached = fill(bench, server, "cached", _TASKS)
    sample = Sample("GetTask, lookup cached", cached[0], again=True)
    yield _Compared(sample, lambda side, number: cached[:calls])
    unread = fill(bench, server, "unread", calls * (bench.most_rounds + 1) + 1)

    def unread_calls(side: str, number: int) -> Sequence[Call]:
        return unread[1 + number * calls :][:calls]

    yield _Compared(Sample("GetTask, first of a task", unread[0], again=False), unread_calls)


def _update_task(bench: Bench, server: Server) -> _Compared:
    calls = bench.scaled(800, _WORKFLOWS)
    ids = [f"update{number:03}" for number in range(_WORKFLOWS)]
    updates = [Call("UpdateTask", id_, (NAMES[0],)) for id_ in create(bench, server, ids)]
    bench.drive(server, [Call("CreateTasks", id_, (NAMES[0],)).chain() for id_ in ids])
    sample = Sample("UpdateTask, distinct workflows", updates[0], again=True)
    return _Compared(sample, lambda side, number: (updates * 2)[:calls])


def _create_tasks(bench: Bench, server: Server, count: int) -> _Compared:
    calls = bench.scaled(2_000, 1_000) // count
    names = NAMES[:count]

    def fresh(side: str, number: int, count: int = calls) -> Sequence[Call]:
        ids = [f"new{len(names):02}-{side}-{number:02}-{at:04}" for at in range(count)]
        return [Call("CreateTasks", id_, names) for id_ in create(bench, server, ids)]

    (call,) = fresh("once", 0, 1)
    return _Compared(Sample(f"CreateTasks of {count}", call, again=False), fresh)


def _get_workflow(bench: Bench, server: Server, tasks: int) -> _Compared:
    fill(bench, server, f"whole{tasks}", tasks)
    call = Call("GetWorkflow", f"whole{tasks}")
    calls = [call] * max(bench.scaled(40_000, 20_000) // tasks, IN_FLIGHT)
    sample = Sample(f"GetWorkflow of {tasks:,} tasks", call, again=False)
    return _Compared(sample, lambda side, number: calls)


NAMES = tuple(data.task_names("", 20))


def create(bench: Bench, server: Server, ids: Sequence[str]) -> Sequence[str]:
    """Create workflows, and return their ids."""
    path = data.path("CreateWorkflow")
    bench.drive(server, [((path, data.create_workflow(id_)),) for id_ in ids])
    return ids


def fill(bench: Bench, server: Server, workflow_id: str, tasks: int) -> Sequence[Call]:
    """Create a workflow with tasks, and return the calls that read them, in an order of no pattern."""
    create(bench, server, [workflow_id])
    bench.generator.run(jobs.create_tasks, server.address, workflow_id, tasks, 50)
    names = [name.encode() for name in data.task_names(workflow_id, tasks)]
    return [
        Call("GetTask", workflow_id, (name.decode(),))
        for name in islice(data.mixed(names, tasks), tasks)
    ]


def _result(bench: Bench, place: Place, compared: _Compared) -> Result:
    title = f"{compared.sample.title}, in process"
    bench.say(f"{title}, against its statements")

    def load(number: int) -> Measured:
        return bench.apart(through_dao, place, compared.calls("dao-", number), IN_FLIGHT)

    def bare(number: int) -> Measured:
        calls = compared.calls("bare", number)
        return bench.apart(through_driver, place, compared.sample, calls, IN_FLIGHT)

    pairs = bench.alternate(load, bare)
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return Result(
        name=title,
        value=pairs.middle(lambda pair: pair.ratio) * 100,
        unit="% of its bare statements' calls/s",
        bound=LEAST_SHARE,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f}/s against {other:,.0f}/s; CPU of the process {own:,.0f} against {base:,.0f} µs a call",
    )
