"""All of it, on one Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.points.elasticsearch import outbox, serving
from benchmarks.points.elasticsearch.world import elasticsearch_world
from benchmarks.result import Result


def measure(bench: Bench) -> Iterator[Result]:
    """What ``make bench ARGS="elasticsearch"`` shows."""
    with elasticsearch_world() as world:
        bench.beside.append(world.server)
        try:
            yield from outbox.measure(bench, world)
            yield from serving.measure(bench, world)
        finally:
            bench.beside.remove(world.server)
