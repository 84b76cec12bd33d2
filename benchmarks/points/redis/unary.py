"""GetTask, UpdateTask and Push with data on Redis: against the embedded store, and the server's CPU against the echo's."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data, jobs
from benchmarks.bench import Bench, Chains, Pair, Pairs, Side
from benchmarks.points import unary
from benchmarks.points.redis.world import RedisWorld, on_redis
from benchmarks.processes import Server
from benchmarks.result import Result

# By RPC: the least share of the embedded store's calls/s, the most of the echo's CPU.
WANTED = {"GetTask": (1.0, 1.4), "UpdateTask": (1.3, 1.7), "Push": (1.3, 1.4)}


def measure(bench: Bench, redis: RedisWorld) -> Iterator[Result]:
    """32 in flight, one server process."""
    calls = bench.scaled(1_200, 800)
    loads = unary.loads(calls)
    with bench.server(settings=on_redis(redis.url)) as server, bench.server() as embedded:
        for one in (server, embedded):
            bench.drive(one, [((data.path("CreateWorkflow"), data.create_workflow("w")),)], 1)
            bench.generator.run(jobs.create_tasks, one.address, "w", unary.TASKS, 100)
        for name, (least, most) in WANTED.items():
            bench.say(f"{name} on Redis: {calls} calls a round")
            yield _against_embedded(bench, name, least, (server, embedded), loads[name])
            yield _against_echo(name, most, bench.against_echo(server, _later(loads[name])))


def _later(chains: Chains) -> Chains:
    """Rounds of their own, since each has its queue."""
    return lambda number: chains(number + 1_000)


def _against_embedded(
    bench: Bench, name: str, least: float, servers: tuple[Server, Server], chains: Chains
) -> Result:
    server, embedded = servers
    pairs = bench.compare(Side(server, chains), Side(embedded, chains))
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return Result(
        name=f"{name} on Redis, 32 in flight",
        value=pairs.middle(lambda pair: pair.ratio),
        unit="x the embedded store's calls/s",
        bound=least,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f}/s against {other:,.0f}/s; server CPU {own:.0f} against {base:.0f} µs a call",
    )


def _against_echo(name: str, most: float, pairs: Pairs) -> Result:
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    echo = pairs.middle(lambda pair: pair.other.processor_us)
    share = pairs.middle(lambda pair: pair.ratio) * 100
    return Result(
        name=f"{name} on Redis, CPU",
        value=pairs.middle(_processor_ratio),
        unit="x the echo's server CPU",
        bound=most,
        quartiles=pairs.quartiles(_processor_ratio),
        # Of its own CPU time a process is sure, whatever others do.
        detail=f"{own:.0f} µs a call, echo {echo:.0f}; {share:.0f} % of the echo's calls/s",
    )


def _processor_ratio(pair: Pair) -> float:
    return pair.subject.processor_us / pair.other.processor_us
