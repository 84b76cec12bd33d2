"""All of it, on one Cassandra."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.points.cassandra import bare, java, unary
from benchmarks.points.cassandra.world import cassandra_world
from benchmarks.result import Result


def measure(bench: Bench) -> Iterator[Result]:
    """What ``make bench ARGS="cassandra"`` shows."""
    with cassandra_world() as world:
        bench.beside.append(world.server)
        try:
            yield from bare.measure(bench, world)
            yield from unary.measure(bench, world)
            yield from java.measure(bench, world)
        finally:
            bench.beside.remove(world.server)
