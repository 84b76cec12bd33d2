"""What the index costs those who write, and whether it keeps up with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import grpc

from benchmarks import data, jobs
from benchmarks.bench import IN_FLIGHT, Bench, Measured, Pair, Side
from benchmarks.jobs import Chain
from benchmarks.processes import Server
from benchmarks.result import Result
from podium.v1 import index_messages_pb2
from podium_protocol.rpcs import rpc

MOST_SLOWER = 1.15
LEAST_SHARE = 85.0
LEAST_UPDATES = 2_000
_TASKS = 10_000
_NO_INDEX = {"PODIUM_ROUTING__INDEX": "none"}
_WAIT_SECONDS = 120.0
_SEARCH = rpc("IndexService", "SearchTasks").path


def measure(bench: Bench) -> Iterator[Result]:
    """UpdateTask with an index against without, at a rate and as fast as it goes; and how fast searches find what is new."""
    with bench.server() as indexed, bench.server(settings=_NO_INDEX) as plain:
        names = _prepare(bench, indexed, "w")
        _prepare(bench, plain, "w")
        yield _at_a_rate(bench, indexed, plain, names)
        yield _slow_down(bench, indexed, plain, names)
    yield _kept_up(bench)


def _prepare(bench: Bench, server: Server, workflow: str) -> list[str]:
    bench.drive(server, [((data.path("CreateWorkflow"), data.create_workflow(workflow)),)], 1)
    bench.generator.run(jobs.create_tasks, server.address, workflow, _TASKS, 100)
    return list(data.task_names(workflow, _TASKS))


def _updates(names: list[str], number: int, calls: int) -> list[Chain]:
    # Other tasks in each round: what is indexed isn't what waits already.
    at = number * calls % _TASKS
    wanted = (names + names)[at : at + calls]
    return [((data.path("UpdateTask"), data.update_task("w", name)),) for name in wanted]


def _at_a_rate(bench: Bench, indexed: Server, plain: Server, names: list[str]) -> Result:
    calls = bench.scaled(4_000, 2_000)
    bench.say(f"UpdateTask at {LEAST_UPDATES} a second with and without an index: {calls} a round")

    def load(server: Server, number: int) -> Measured:
        return bench.load(server, jobs.pace, _updates(names, number, calls), LEAST_UPDATES)

    pairs = bench.alternate(partial(load, indexed), partial(load, plain))
    later = _found_later(indexed, lambda: load(indexed, 0), calls)
    with_index = pairs.middle(lambda pair: pair.subject.driven.p50_ms)
    without = pairs.middle(lambda pair: pair.other.driven.p50_ms)
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    busy = pairs.middle(lambda pair: pair.subject.processor_us) * LEAST_UPDATES / 1e4
    base = pairs.middle(lambda pair: pair.other.processor_us) * LEAST_UPDATES / 1e4

    def slower(pair: Pair) -> float:
        return pair.subject.driven.p50_ms / pair.other.driven.p50_ms

    return Result(
        name=f"UpdateTask at {LEAST_UPDATES:,}/s, all of it indexed",
        value=pairs.middle(slower),
        unit="x the p50 without an index",
        bound=MOST_SLOWER,
        quartiles=pairs.quartiles(slower),
        disturbed=pairs.disturbed,
        detail=(
            f"p50 {with_index:.2f} against {without:.2f} ms, {rate:,.0f}/s reached;"
            f" the server takes {busy:.0f} against {base:.0f} % of a core; all found {later:.1f} s later"
        ),
    )


def _found_later(server: Server, updates: Callable[[], object], calls: int) -> float:
    """Seconds from the end of updates of so many tasks until searches find all of them."""
    began_ms = time.time_ns() // 1_000_000
    updates()
    ended = time.monotonic()
    _until_found(server, f"updateTime >= {began_ms}", calls)
    return time.monotonic() - ended


def _slow_down(bench: Bench, indexed: Server, plain: Server, names: list[str]) -> Result:
    calls = bench.scaled(3_000, 1_500)
    bench.say(f"UpdateTask as fast as it goes with and without an index: {calls} calls a round")

    def chains(number: int) -> list[Chain]:
        return _updates(names, number, calls)

    pairs = bench.compare(Side(indexed, chains), Side(plain, chains), in_flight=IN_FLIGHT)
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return Result(
        name="UpdateTask as fast as it goes, all of it indexed",
        value=pairs.middle(lambda pair: pair.ratio) * 100,
        unit="% of the calls/s without an index",
        bound=LEAST_SHARE,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f}/s against {other:,.0f}/s; server CPU {own:.0f} against {base:.0f} µs a call",
    )


def _kept_up(bench: Bench) -> Result:
    """New tasks in batches, as fast as they are taken: the slowest part decides, which is the index."""
    tasks = bench.scaled(20_000, 10_000)
    bench.say(f"indexing: {tasks} tasks")
    with bench.server() as server:
        began_cpu = server.processor_seconds()
        bench.drive(server, [((data.path("CreateWorkflow"), data.create_workflow("w")),)], 1)
        began = time.monotonic()
        bench.generator.run(jobs.create_tasks, server.address, "w", tasks, 50)
        written = time.monotonic() - began
        _until_found(server, "workflowId = 'w'", tasks)
        seconds = time.monotonic() - began
        spent = server.processor_seconds() - began_cpu
    return Result(
        name="tasks written and found by searches",
        value=tasks / seconds,
        unit="tasks/s",
        bound=LEAST_UPDATES,
        at_least=True,
        detail=(
            f"written within {written:.1f} s, all found {seconds - written:.1f} s later;"
            f" server CPU {spent / tasks * 1e6:.0f} µs a task, writing and indexing"
        ),
    )


def _until_found(server: Server, query: str, tasks: int) -> None:
    request = index_messages_pb2.SearchTasksRequest(query=query, count=0)
    deadline = time.monotonic() + _WAIT_SECONDS
    with grpc.insecure_channel(server.address) as channel:
        search = channel.unary_unary(
            _SEARCH,
            request_serializer=index_messages_pb2.SearchTasksRequest.SerializeToString,
            response_deserializer=index_messages_pb2.SearchTasksResponse.FromString,
        )
        while search(request).total_hits < tasks:
            if time.monotonic() > deadline:
                raise RuntimeError("the index doesn't keep up")
            time.sleep(0.05)
