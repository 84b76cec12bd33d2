"""GetTask and UpdateTask with executions on Cassandra, against the echo; callers of one workflow against those of many."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Chains, Pairs, Side
from benchmarks.jobs import Chain
from benchmarks.points.cassandra.bare import NAMES, create, fill
from benchmarks.points.cassandra.calls import Call
from benchmarks.points.cassandra.world import CassandraWorld, on_cassandra
from benchmarks.processes import Server
from benchmarks.result import Result

KEYSPACE = "bench_unary"
LEAST_READ, LEAST_CACHED, LEAST_UPDATE = 50.0, 65.0, 20.0
LEAST_TOGETHER = 1.5
_TASKS = 1_000
_WORKFLOWS = 400


def measure(bench: Bench, world: CassandraWorld) -> Iterator[Result]:
    """32 in flight, one server process, all of it indexed."""
    calls = bench.scaled(1_200, 800)
    with bench.server(settings=on_cassandra(world, KEYSPACE)) as server:
        unread = _unread(bench, server, calls)
        yield _against_echo(bench, server, "GetTask, first of a task", LEAST_READ, unread)
        cached = [call.chain() for call in fill(bench, server, "cached", _TASKS)][:calls]
        bench.drive(server, cached)
        title = "GetTask, lookup cached"
        yield _against_echo(bench, server, title, LEAST_CACHED, lambda number: cached)
        distinct = _distinct(bench, server, calls)
        title = "UpdateTask, distinct workflows"
        yield _against_echo(bench, server, title, LEAST_UPDATE, lambda number: distinct)
        yield _together(bench, server, distinct, calls)


def _unread(bench: Bench, server: Server, calls: int) -> Chains:
    """Calls on tasks that nobody read before, in each round."""
    # The warm-up is measured twice, once for the size of the answers.
    reads = fill(bench, server, "unread", calls * (bench.most_rounds + 1))

    def chains(number: int) -> list[Chain]:
        return [call.chain() for call in reads[number * calls :][:calls]]

    return chains


def _distinct(bench: Bench, server: Server, calls: int) -> list[Chain]:
    """Updates of tasks in many workflows: none has two of 32 calls in flight."""
    ids = create(bench, server, [f"update{number}" for number in range(_WORKFLOWS)])
    bench.drive(server, [Call("CreateTasks", id_, NAMES[:1]).chain() for id_ in ids])
    updates = [Call("UpdateTask", id_, NAMES[:1]).chain() for id_ in ids]
    return (updates * -(-calls // _WORKFLOWS))[:calls]


def _against_echo(bench: Bench, server: Server, name: str, least: float, chains: Chains) -> Result:
    bench.say(f"{name}: against the echo")
    pairs = bench.against_echo(server, chains)
    return Result(
        name=f"{name}, over gRPC",
        value=pairs.middle(lambda pair: pair.ratio) * 100,
        unit="% of the echo's calls/s",
        bound=least,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
        disturbed=pairs.disturbed,
        detail=_rates(pairs, "echo"),
    )


def _together(bench: Bench, server: Server, distinct: list[Chain], calls: int) -> Result:
    reads = fill(bench, server, "hot", _TASKS)
    hot = [Call("UpdateTask", read.workflow_id, read.names).chain() for read in reads][:calls]
    bench.say("UpdateTask: 32 callers on one workflow against as many on distinct ones")
    pairs = bench.compare(Side(server, lambda number: hot), Side(server, lambda number: distinct))
    p99 = pairs.middle(lambda pair: pair.subject.driven.p99_ms)
    return Result(
        name="UpdateTask, 32 callers on one workflow",
        value=pairs.middle(lambda pair: pair.ratio),
        unit="x the calls/s on distinct workflows",
        bound=LEAST_TOGETHER,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio),
        disturbed=pairs.disturbed,
        detail=f"{_rates(pairs, 'distinct')}; p99 {p99:.0f} ms",
    )


def _rates(pairs: Pairs, other_name: str) -> str:
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return f"{rate:,.0f}/s, {other_name} {other:,.0f}/s; server CPU {own:.0f} µs a call, {other_name} {base:.0f}"
