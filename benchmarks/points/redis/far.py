"""A workflow of five tasks with the store 1 ms away, one call after the other: Java's calls, and Podium's with Commit."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median, quantiles

from benchmarks import data
from benchmarks.bench import Bench
from benchmarks.java_side import JavaSide, java_side, java_task, java_workflow
from benchmarks.jobs import Chain
from benchmarks.points.redis.world import PREFIX, RedisWorld, on_redis
from benchmarks.processes import delay_proxy
from benchmarks.result import Result

LEAST = 8.0
_EACH_WAY_MS = 0.5
_NAMES = [f"t{number}" for number in range(5)]
_TASK_QUEUE = "reserve_stock"


def measure(bench: Bench, redis: RedisWorld) -> Iterator[Result]:
    """The median of some workflows, in turns."""
    bench.say(f"a workflow of {len(_NAMES)} tasks, the store {2 * _EACH_WAY_MS:g} ms away")
    with (
        delay_proxy(redis.host, redis.port, each_way_ms=_EACH_WAY_MS) as proxy,
        java_side(bench, (redis.host, proxy.port), PREFIX, bench.new_folder()) as java,
        bench.server(settings=on_redis(f"redis://{proxy.address}/0")) as server,
    ):
        own, others = [], []
        for number in range(2 * bench.rounds + 1):
            driven = bench.drive(server, [_chain(f"far{number}")], 1).driven
            seconds = _by_java(java, f"java-far{number}")
            if number > 0:
                own.append(driven.seconds)
                others.append(seconds)
    ratios = [other / one for one, other in zip(own, others, strict=True)]
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    yield Result(
        name=f"a workflow of {len(_NAMES)} tasks, store {2 * _EACH_WAY_MS:g} ms away",
        value=median(ratios),
        unit="x as fast as Java",
        bound=LEAST,
        at_least=True,
        quartiles=(low, high),
        detail=f"{median(own) * 1000:.0f} against {median(others) * 1000:.0f} ms a workflow",
    )


def _chain(workflow_id: str) -> Chain:
    """The start with the first task; then a Pop for each, and one Commit of its answer and what is decided by it."""
    queue = f"{_TASK_QUEUE}-{workflow_id}"
    calls = [(data.path("Commit"), data.started(workflow_id, _NAMES[0], queue))]
    for name, following in zip(_NAMES, [*_NAMES[1:], ""], strict=True):
        calls += [
            (data.path("Pop"), data.pop(queue)),
            (data.path("GetWorkflow"), data.get_workflow(workflow_id)),
            (data.path("Commit"), data.answered(workflow_id, name, following, queue)),
        ]
    return tuple(calls)


def _by_java(java: JavaSide, workflow_id: str) -> float:
    """The same steps in calls of Java's DAOs."""

    async def steps() -> None:
        execution, queues, workflow = java.execution, java.queues, java_workflow(workflow_id)
        await execution("createWorkflow", workflow)
        for name in _NAMES:
            task = java_task(workflow_id, name)
            queue = f"{_TASK_QUEUE}-{workflow_id}"
            await execution("getWorkflow", workflow_id, True)
            await execution("createTasks", [task])
            await queues("push", queue, task["taskId"], 0, 0)
            await execution("updateWorkflow", workflow)
            await queues("pop", queue, 1, 100)
            await execution("getTask", task["taskId"])
            await execution("updateTask", {**task, "status": "COMPLETED"})
            await queues("ack", queue, task["taskId"])
        await execution("updateWorkflow", {**workflow, "status": "COMPLETED"})

    return java.timed(steps)
