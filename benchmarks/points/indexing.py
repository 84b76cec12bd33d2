"""What the index costs those who write, and whether it keeps up with them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import grpc

from benchmarks import data, jobs
from benchmarks.bench import IN_FLIGHT, Bench, Side
from benchmarks.jobs import Chain
from benchmarks.processes import Server
from benchmarks.result import Result
from podium.v1 import index_messages_pb2
from podium_protocol.rpcs import rpc

LEAST_SHARE = 85.0
LEAST_UPDATES = 2_000
_TASKS = 10_000
_NO_INDEX = {"PODIUM_ROUTING__INDEX": "none"}
_WAIT_SECONDS = 120.0
_SEARCH = rpc("IndexService", "SearchTasks").path


def measure(bench: Bench) -> Iterator[Result]:
    """UpdateTask with an index against without; and task updates indexed, from the first to the last that searches see."""
    yield _slow_down(bench)
    yield _kept_up(bench)


def _prepared(bench: Bench, server: Server, workflow: str) -> list[str]:
    bench.drive(server, [((data.path("CreateWorkflow"), data.create_workflow(workflow)),)], 1)
    bench.generator.run(jobs.create_tasks, server.address, workflow, _TASKS, 100)
    return list(data.task_names(workflow, _TASKS))


def _slow_down(bench: Bench) -> Result:
    calls = bench.scaled(3_000, 1_500)
    bench.say(f"UpdateTask with and without an index: {calls} calls a round")
    with bench.server() as indexed, bench.server(settings=_NO_INDEX) as plain:
        names = _prepared(bench, indexed, "w")
        _prepared(bench, plain, "w")

        def chains(number: int) -> list[Chain]:
            # Other tasks in each round: what is indexed isn't what waits already.
            at = number * calls % _TASKS
            wanted = (names + names)[at : at + calls]
            return [((data.path("UpdateTask"), data.update_task("w", name)),) for name in wanted]

        pairs = bench.compare(Side(indexed, chains), Side(plain, chains), in_flight=IN_FLIGHT)
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    return Result(
        name="UpdateTask while all of it is indexed",
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
        _until_found(server, tasks)
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


def _until_found(server: Server, tasks: int) -> None:
    request = index_messages_pb2.SearchTasksRequest(query="workflowId = 'w'", count=0)
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
