"""Consumers that wait: what they cost, and how soon a message reaches one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks import data, jobs
from benchmarks.bench import Bench
from benchmarks.processes import Server
from benchmarks.result import Result

MOST_SHARE = 2.0
MOST_DELIVERY_MS = 10.0
MOST_DELIVERY_ACROSS_MS = 100.0
_WAITING = 1_000
_QUEUES = 100


def measure(bench: Bench) -> Iterator[Result]:
    """1,000 waiting Pops; push to delivery beside them; push to delivery across two processes."""
    bench.say(f"{_WAITING:,} waiting Pops")
    folder = bench.new_folder()
    with bench.server(folder) as server:
        yield _idle_share(bench, server)
        yield _delivery(
            bench,
            server,
            server,
            "beside",
            f"in one process, {_WAITING:,} others waiting",
            MOST_DELIVERY_MS,
        )
        bench.generator.run(jobs.let_go)
        with bench.server(folder) as second:
            yield _delivery(
                bench,
                second,
                server,
                "across",
                "across two processes on one file",
                MOST_DELIVERY_ACROSS_MS,
            )


def _idle_share(bench: Bench, server: Server) -> Result:
    requests = [data.pop(f"idle{at % _QUEUES}", timeout_ms=120_000) for at in range(_WAITING)]
    seconds = bench.scaled(6, 3)
    alone = _share(server, 2.0)
    bench.generator.run(jobs.hold, server.address, data.path("Pop"), requests, 150.0)
    share = _share(server, seconds)
    return Result(
        name=f"{_WAITING:,} waiting Pops",
        value=share,
        unit="% of a core",
        bound=MOST_SHARE,
        detail=(
            f"over {seconds} s, on {_QUEUES} queues; without them {alone:.2f} %; "
            f"{server.resident_bytes() / 1e6:.0f} MB resident"
        ),
    )


def _share(server: Server, seconds: float) -> float:
    before, began = server.processor_seconds(), time.monotonic()
    time.sleep(seconds)
    return (server.processor_seconds() - before) / (time.monotonic() - began) * 100


def _delivery(
    bench: Bench, consumer: Server, producer: Server, queue: str, where: str, bound: float
) -> Result:
    times = sorted(
        bench.generator.run(
            jobs.deliver, consumer.address, producer.address, queue, bench.scaled(100, 40)
        )
    )
    return Result(
        name=f"Push to delivery, {where}",
        value=times[len(times) * 95 // 100],
        unit="ms (p95)",
        bound=bound,
        detail=f"median {median(times):.1f} ms, worst {times[-1]:.1f} ms; durable push included",
    )
