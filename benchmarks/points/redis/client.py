"""What Python spends on one command, 32 in flight: the connection of ours against redis-py's pool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from statistics import median, quantiles

from benchmarks.bench import IN_FLIGHT, Bench
from benchmarks.generator import Connections
from benchmarks.points.redis.world import RedisWorld
from benchmarks.result import Result

MOST_SHARE = 15.0
_KEY = "bench-text"


def measure(bench: Bench, redis: RedisWorld) -> Iterator[Result]:
    """GET of 1 kB."""
    count = bench.scaled(10_000, 4_000)
    bench.say(f"commands of the client: {count} a round")
    own: list[float] = []
    pool: list[float] = []
    for number in range(bench.rounds + 1):
        sides = [(own, through_link), (pool, through_pool)]
        for times, job in sides if number % 2 else reversed(sides):
            spent = bench.generator.run(job, redis.url, count)
            if number > 0:
                times.append(spent)
    shares = [one / other * 100 for one, other in zip(own, pool, strict=True)]
    low, _, high = quantiles(shares, n=4, method="inclusive")
    yield Result(
        name="Python a command, 32 in flight",
        value=median(shares),
        unit="% of redis-py's pool",
        bound=MOST_SHARE,
        quartiles=(low, high),
        detail=f"{median(own):.1f} against {median(pool):.0f} µs for a GET of 1 kB, with the kernel's share",
    )


async def through_link(connections: Connections, url: str, count: int) -> float:
    """Microseconds of the process for a command, over the connection of ours."""
    from podium_backends.redis.connection import Link
    from podium_backends.redis.settings import RedisSettings

    del connections
    link = Link(RedisSettings(url=url, layout="podium").target("bench"))
    try:
        await link.write("SET", _KEY, "x" * 1024)
        return await _spent(lambda: link.read("GET", _KEY), count)
    finally:
        await link.close()


async def through_pool(connections: Connections, url: str, count: int) -> float:
    """The same, through redis-py's pool."""
    from redis.asyncio import Redis

    del connections
    async with Redis.from_url(url) as redis:
        await redis.set(_KEY, "x" * 1024)
        return await _spent(lambda: redis.get(_KEY), count)


async def _spent(command: Callable[[], Awaitable[object]], count: int) -> float:
    async def work(commands: int) -> None:
        for _ in range(commands):
            await command()

    # Connections are made before the time counts.
    await asyncio.gather(*(work(1) for _ in range(IN_FLIGHT)))
    began = time.process_time()
    await asyncio.gather(*(work(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))
    return (time.process_time() - began) / (count // IN_FLIGHT * IN_FLIGHT) * 1e6
