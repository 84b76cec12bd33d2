"""Many tasks in one call: CreateTasks, and a whole decide step as one Commit."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data
from benchmarks.bench import Bench, Side
from benchmarks.jobs import Chain
from benchmarks.result import Result

LEAST_TASKS = 20_000
LEAST_COMMIT = 4.0
_BATCH = 50
_NAMES = [f"t{number}" for number in range(5)]


def measure(bench: Bench) -> Iterator[Result]:
    """CreateTasks of 50; Commit against its eleven calls."""
    yield _create_tasks(bench)
    yield _commit(bench)


def _create_tasks(bench: Bench) -> Result:
    calls = bench.scaled(150, 100)
    names = list(data.task_names("", calls * _BATCH))
    bench.say(f"CreateTasks: {calls} calls of {_BATCH} tasks a round")

    def chains(number: int) -> list[Chain]:
        workflow = f"w{number}"
        batches = [names[at : at + _BATCH] for at in range(0, len(names), _BATCH)]
        return [
            ((data.path("CreateTasks"), data.create_tasks(workflow, batch)),) for batch in batches
        ]

    with bench.server() as server:
        ids = [f"w{number}" for number in range(bench.most_rounds + 1)]
        path = data.path("CreateWorkflow")
        bench.drive(server, [((path, data.create_workflow(id_)),) for id_ in ids])
        pairs = bench.against_echo(server, chains, in_flight=8)
    rate = pairs.middle(lambda pair: pair.subject.driven.rate) * _BATCH
    echo = pairs.middle(lambda pair: pair.other.driven.rate) * _BATCH
    processor = pairs.middle(lambda pair: pair.subject.processor_us) / _BATCH
    return Result(
        name=f"CreateTasks of {_BATCH}, 8 in flight",
        value=rate,
        unit="tasks/s",
        bound=LEAST_TASKS,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.subject.driven.rate * _BATCH),
        disturbed=pairs.disturbed,
        detail=f"server CPU {processor:.0f} µs a task; an echo of the same requests {echo:,.0f} tasks/s",
    )


def _commit(bench: Bench) -> Result:
    workflows = bench.scaled(250, 120)
    bench.say(f"Commit: {workflows} workflows a round")

    def ids(kind: str, number: int) -> list[str]:
        return [f"{kind}{number}-{at}" for at in range(workflows)]

    def committed(number: int) -> list[Chain]:
        return [
            ((data.path("Commit"), data.commit(id_, _NAMES, "commit")),) for id_ in ids("c", number)
        ]

    def single(number: int) -> list[Chain]:
        return [data.single_calls(id_, _NAMES, "single") for id_ in ids("s", number)]

    with bench.server() as server:
        path = data.path("CreateWorkflow")
        every = [
            id_ for kind in "cs" for at in range(bench.most_rounds + 1) for id_ in ids(kind, at)
        ]
        bench.drive(server, [((path, data.create_workflow(id_)),) for id_ in every])
        pairs = bench.compare(Side(server, committed), Side(server, single))
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    other = pairs.middle(lambda pair: pair.other.driven.rate)
    p50 = pairs.middle(lambda pair: pair.subject.driven.p50_ms)
    return Result(
        name="Commit of 11 writes",
        value=pairs.middle(lambda pair: pair.ratio),
        unit="x the workflows/s of eleven calls",
        bound=LEAST_COMMIT,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio),
        disturbed=pairs.disturbed,
        detail=f"{rate:,.0f} workflows/s, in eleven calls {other:,.0f}/s; p50 {p50:.1f} ms a Commit",
    )
