"""Podium over gRPC against Java's DAOs in process, both on one Cassandra: rounds of 32 at a time, in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.bench import IN_FLIGHT, Bench, Load, Measured, Pairs, Side
from benchmarks.java_side import JavaSide, java_side, java_task, java_workflow
from benchmarks.jobs import Chain
from benchmarks.points.cassandra.bare import NAMES, create, fill
from benchmarks.points.cassandra.calls import Call
from benchmarks.points.cassandra.world import (
    CassandraWorld,
    on_cassandra,
    requests_by_java,
    requests_in,
)
from benchmarks.processes import Server
from benchmarks.result import Result

KEYSPACE = "bench_beside_java"
_COUNTED_KEYSPACE = "bench_counted"
_JAVA_KEYSPACE = "bench_java"
# By the number of tasks: the least share of Java's calls/s.
_CREATED = {5: 0.3, 20: 0.45}
_READ = {100: 2.0, 1_000: 1.2}
_MOST_REQUESTS = 3.0
_MOST_TIME = 1.2
_LARGE = 10_000
# Java's documents are then as long as Podium's, 1.5 kB.
_NOTE = "n" * 890
# Java reads ids of any length as UUIDs, so that a call's number may be the last part of one.
_WORKFLOW = "00000000-0000-4000-8000-"


def measure(bench: Bench, world: CassandraWorld) -> Iterator[Result]:
    """CreateTasks and GetWorkflow."""
    address = (world.host, world.port)
    with (
        java_side(bench, address, _JAVA_KEYSPACE, bench.new_folder(), store="cassandra") as java,
        bench.server(settings=on_cassandra(world, KEYSPACE)) as server,
        # Without an index, whose marks are drained beside the calls that are counted.
        bench.server(settings=on_cassandra(world, _COUNTED_KEYSPACE, index=False)) as plain,
    ):
        both = _Both(bench, world, java, server)
        for count, least in _CREATED.items():
            yield both.create_tasks(count, least)
        for count in _CREATED:
            yield both.requests(plain, count)
        yield _flat(bench, server)
        for tasks, least in _READ.items():
            yield both.get_workflow(tasks, least)


class _Both:
    """Podium and Java."""

    def __init__(self, bench: Bench, world: CassandraWorld, java: JavaSide, server: Server) -> None:
        self._bench = bench
        self._address = (world.host, world.port)
        self._java = java
        self._server = server
        self._java_workflows = 1_000

    def create_tasks(self, count: int, least: float) -> Result:
        calls = self._calls(count)

        def chains(number: int) -> list[Chain]:
            return _creations(self._bench, self._server, f"of{count}-{number}", calls, count)

        def load(number: int) -> Measured:
            first = self._new_java_workflows(calls)
            tasks = _java_tasks(NAMES[:count])
            return self._java.load("execution", "createTasks", tasks, count=calls, first=first)

        return self._compared(f"CreateTasks of {count}", least, self._driven(chains), load)

    def requests(self, server: Server, count: int) -> Result:
        """How many requests a call makes, by Cassandra's own count."""
        calls = self._calls(count)
        chains = _creations(self._bench, server, f"counted{count}", calls, count)
        run, address = self._bench.generator.run, self._address
        before = run(requests_in, *address, _COUNTED_KEYSPACE)
        self._bench.drive(server, chains)
        own = run(requests_in, *address, _COUNTED_KEYSPACE) - before
        first = self._new_java_workflows(calls)
        before = run(requests_by_java, *address)
        tasks = _java_tasks(NAMES[:count])
        self._java.load("execution", "createTasks", tasks, count=calls, first=first)
        java = run(requests_by_java, *address) - before
        return Result(
            name=f"CreateTasks of {count}, requests",
            value=own / calls,
            unit="requests a call",
            bound=_MOST_REQUESTS,
            detail=f"Java {java / calls:.1f}; workflows that the server writes to for the first time",
        )

    def get_workflow(self, tasks: int, least: float) -> Result:
        calls = max(self._bench.scaled(40_000, 20_000) // tasks, IN_FLIGHT)
        fill(self._bench, self._server, f"whole{tasks}", tasks)
        chains = [Call("GetWorkflow", f"whole{tasks}").chain()] * calls
        first = self._new_java_workflows(1)
        names = [f"{number}" for number in range(tasks)]
        for at in range(0, tasks, 20):
            part = _java_tasks(names[at : at + 20], at)
            self._java.load("execution", "createTasks", part, count=1, first=first)
        found = self._java.call("execution", "getWorkflow", f"{_WORKFLOW}{first}", True)
        if len(found["tasks"]) != tasks:
            raise RuntimeError(f"Java found {len(found['tasks'])} tasks of {tasks}")

        def load(number: int) -> Measured:
            del number
            return self._java.load(
                "execution", "getWorkflow", f"{_WORKFLOW}{first}", True, count=calls
            )

        name = f"GetWorkflow of {tasks:,} tasks"
        return self._compared(name, least, self._driven(lambda number: chains), load)

    def _calls(self, count: int) -> int:
        return self._bench.scaled(4_000, 2_000) // count

    def _new_java_workflows(self, count: int) -> int:
        """Create Java's workflows; the number of the first one."""
        first = self._java_workflows
        self._java_workflows += count
        workflow = java_workflow(_WORKFLOW + "{n}")
        self._java.load("execution", "createWorkflow", workflow, count=count, first=first)
        return first

    def _driven(self, chains: Callable[[int], list[Chain]]) -> Load:
        def load(number: int) -> Measured:
            return self._bench.drive(self._server, chains(number))

        return load

    def _compared(self, name: str, least: float, subject: Load, other: Load) -> Result:
        self._bench.say(f"{name}, against Java")
        pairs = self._bench.alternate(subject, other)
        return Result(
            name=f"{name}, against Java",
            value=pairs.middle(lambda pair: pair.ratio),
            unit="x Java's calls/s",
            bound=least,
            at_least=True,
            quartiles=pairs.quartiles(lambda pair: pair.ratio),
            disturbed=pairs.disturbed,
            detail=_detail(pairs),
        )


def _detail(pairs: Pairs) -> str:
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    java = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return f"{rate:,.0f}/s against {java:,.0f}/s; server CPU {own:,.0f} µs a call, Java {base:,.0f}"


def _java_tasks(names: Sequence[str], first: int = 0) -> list[dict[str, Any]]:
    """Tasks of the workflow of a call."""
    return [
        java_task(
            _WORKFLOW + "{n}",
            name,
            taskId=f"00000000-{at:04x}-4000-8001-{{n}}",
            outputData={"note": _NOTE},
        )
        for at, name in enumerate(names, first)
    ]


def _creations(bench: Bench, server: Server, prefix: str, calls: int, count: int) -> list[Chain]:
    """Creations of tasks, each in a workflow of its own."""
    ids = create(bench, server, [f"{prefix}-{at}" for at in range(calls)])
    return [Call("CreateTasks", id_, NAMES[:count]).chain() for id_ in ids]


def _flat(bench: Bench, server: Server) -> Result:
    """CreateTasks in a large workflow against one of a few tasks, both one call after the other."""
    calls, count = bench.scaled(100, 50), 5
    fill(bench, server, "large", _LARGE)
    fill(bench, server, "small", 2 * count)

    def chains(workflow_id: str, number: int) -> list[Chain]:
        names = [f"n{number:03}{at:05}" for at in range(calls * count)]
        parts = [tuple(names[at : at + count]) for at in range(0, len(names), count)]
        return [Call("CreateTasks", workflow_id, part).chain() for part in parts]

    bench.say(f"CreateTasks of {count} in a workflow of {_LARGE:,} tasks")
    pairs = bench.compare(
        Side(server, lambda number: chains("large", number)),
        Side(server, lambda number: chains("small", number)),
        in_flight=1,
    )
    p50 = pairs.middle(lambda pair: pair.subject.driven.p50_ms)
    other = pairs.middle(lambda pair: pair.other.driven.p50_ms)

    return Result(
        name=f"CreateTasks of {count} in a workflow of {_LARGE:,} tasks",
        value=pairs.middle(lambda pair: 1 / pair.ratio),
        unit="x the time in a small one",
        bound=_MOST_TIME,
        quartiles=pairs.quartiles(lambda pair: 1 / pair.ratio),
        disturbed=pairs.disturbed,
        detail=f"p50 {p50:.1f} against {other:.1f} ms, one call at a time",
    )
