"""A server that does nothing yet: how soon it is there, and what it holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks import jobs
from benchmarks.bench import Bench
from benchmarks.processes import podium_server
from benchmarks.result import Result

MOST_MEMORY_MB = 100
MOST_START_SECONDS = 2.0


def measure(bench: Bench) -> Iterator[Result]:
    """Start until healthy on an empty folder, and resident memory after that."""
    bench.say("starting, and idling")
    starts, memory = [], []
    for _ in range(bench.scaled(5, 3)):
        with podium_server(bench.new_folder()) as server:
            healthy = bench.generator.run(jobs.until_healthy, server.address)
            starts.append(healthy - server.began)
            time.sleep(0.5)
            memory.append(server.resident_bytes() / 1e6)
    yield Result(
        name="Idle server",
        value=median(memory),
        unit="MB resident",
        bound=MOST_MEMORY_MB,
        detail="half a second after the start",
    )
    yield Result(
        name="Start until healthy",
        value=median(starts),
        unit="s",
        bound=MOST_START_SECONDS,
        detail=f"an empty folder, tables made; {min(starts):.2f} to {max(starts):.2f} s",
    )
