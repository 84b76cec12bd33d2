"""Measures that must not grow with the size of a workflow: the time of an update, the memory of a stream."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from benchmarks import data, jobs
from benchmarks.bench import Bench, Side
from benchmarks.jobs import Chain
from benchmarks.memory import peak
from benchmarks.result import Result

MOST_TIME = 1.2
MOST_GROWTH_MB = 64
_LARGE = 10_000
_SMALL = 10
_STREAMED = 100_000


def measure(bench: Bench) -> Iterator[Result]:
    """UpdateTask in a large and in small workflows; GetTasksForWorkflow of 100,000 tasks."""
    yield _updates(bench)
    yield _stream(bench)


def _updates(bench: Bench) -> Result:
    calls = bench.scaled(1_000, 600)
    large = [data.update_task("large", name) for name in data.task_names("", _LARGE)]
    # As many tasks in all, so that both sides touch as many pages and only the size of the workflow differs.
    workflows = [f"small{number}" for number in range(_LARGE // _SMALL)]
    small = [
        data.update_task(id_, name) for id_ in workflows for name in data.task_names("", _SMALL)
    ]
    bench.say(f"UpdateTask in workflows of {_LARGE} and of {_SMALL} tasks: {calls} calls a round")

    def chains(requests: list[bytes]) -> list[Chain]:
        path = data.path("UpdateTask")
        return [((path, request),) for request in data.mixed(requests, calls)]

    with bench.server() as server:
        create, tasks = data.path("CreateWorkflow"), data.path("CreateTasks")
        names = list(data.task_names("", _SMALL))
        ids = ["large", *workflows]
        bench.drive(server, [((create, data.create_workflow(id_)),) for id_ in ids])
        bench.drive(server, [((tasks, data.create_tasks(id_, names)),) for id_ in workflows])
        bench.generator.run(jobs.create_tasks, server.address, "large", _LARGE, 500)
        pairs = bench.compare(
            Side(server, lambda number: chains(large)), Side(server, lambda number: chains(small))
        )
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    return Result(
        name=f"UpdateTask in a workflow of {_LARGE:,} tasks",
        value=pairs.middle(lambda pair: 1 / pair.ratio),
        unit=f"x the time in one of {_SMALL}",
        bound=MOST_TIME,
        quartiles=pairs.quartiles(lambda pair: 1 / pair.ratio),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f}/s against {other:,.0f}/s, over as many tasks in all",
    )


def _stream(bench: Bench) -> Result:
    bench.say(f"GetTasksForWorkflow of {_STREAMED:,} tasks")
    folder = bench.new_folder()
    with bench.server(folder) as server:
        bench.drive(server, [((data.path("CreateWorkflow"), data.create_workflow("w")),)], 1)
        bench.generator.run(jobs.create_tasks, server.address, "w", _STREAMED, 500)
    # A fresh process: what creating the tasks left in its memory would hide what the stream takes.
    with bench.server(folder) as server:
        read = ((data.path("GetTask"), data.get_task("w", "t000001")),)
        bench.drive(server, [read] * 200)
        before = server.resident_bytes()
        with peak(server) as highest:
            streamed = bench.generator.run(jobs.stream_tasks, server.address, "w")
    if streamed.tasks != _STREAMED:
        raise RuntimeError(f"the stream had {streamed.tasks} tasks")
    shutil.rmtree(folder)
    return Result(
        name=f"GetTasksForWorkflow of {_STREAMED:,} tasks",
        value=(highest[0] - before) / 1e6,
        unit="MB more resident",
        bound=MOST_GROWTH_MB,
        detail=(
            f"{streamed.bytes / 1e6:.0f} MB in {streamed.seconds:.1f} s "
            f"({streamed.tasks / streamed.seconds:,.0f} tasks/s); at most {highest[0] / 1e6:.0f} MB resident"
        ),
    )
