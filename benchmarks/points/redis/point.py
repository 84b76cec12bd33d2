"""All of it, on one Redis."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.points.redis import client, far, java, scripts, unary
from benchmarks.points.redis.world import redis_world
from benchmarks.result import Result


def measure(bench: Bench) -> Iterator[Result]:
    """What ``make bench ARGS="redis"`` shows."""
    with redis_world(bench.new_folder()) as redis:
        bench.beside.append(redis.server)
        try:
            yield from scripts.measure(bench, redis)
            yield from client.measure(bench, redis)
            yield from unary.measure(bench, redis)
            yield from java.measure(bench, redis)
            yield from far.measure(bench, redis)
        finally:
            bench.beside.remove(redis.server)
