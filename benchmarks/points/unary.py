"""Unary calls, each durable, against the echo."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import data, jobs
from benchmarks.bench import Bench, Chains, Pairs
from benchmarks.jobs import Chain
from benchmarks.processes import Server
from benchmarks.result import Result

LEAST_SHARE = 75.0
TASKS = 1_000


def measure(bench: Bench) -> Iterator[Result]:
    """GetTask, UpdateTask, Push, Pop, Ack."""
    calls = bench.scaled(1_200, 800)
    with bench.server() as server:
        bench.drive(server, [((data.path("CreateWorkflow"), data.create_workflow("w")),)], 1)
        bench.generator.run(jobs.create_tasks, server.address, "w", TASKS, 100)
        for name, chains in loads(calls).items():
            bench.say(f"{name}: {calls} calls a round")
            if name in ("Pop", "Ack"):
                _fill(bench, server, name, calls)
            yield _result(name, _check(name, bench, server, chains))


def loads(calls: int) -> dict[str, Chains]:
    """The calls of a round, by the name of their RPC; GetTask and UpdateTask on 1,000 tasks of workflow ``w``."""
    names = list(data.task_names("w", TASKS))
    reads = data.mixed([data.get_task("w", name) for name in names], calls)
    updates = data.mixed([data.update_task("w", name) for name in names], calls)
    ids = _message_ids(calls)

    def each(name: str, requests: list[bytes]) -> list[Chain]:
        return [((data.path(name), request),) for request in requests]

    return {
        "GetTask": lambda number: each("GetTask", reads),
        "UpdateTask": lambda number: each("UpdateTask", updates),
        # A queue for each round, from the first message to the last.
        "Push": lambda number: each("Push", [data.push(f"Push{number}", id_) for id_ in ids]),
        "Pop": lambda number: each("Pop", [data.pop(f"Pop{number}")] * calls),
        "Ack": lambda number: each("Ack", [data.ack(f"Ack{number}", id_) for id_ in ids]),
    }


def _message_ids(count: int) -> list[str]:
    return [f"message-{number:06}" for number in range(count)]


def _fill(bench: Bench, server: Server, name: str, calls: int) -> None:
    """The messages to pop or acknowledge in each round."""
    ids, half = _message_ids(calls), calls // 2
    for number in range(bench.most_rounds + 1):
        queue = f"{name}{number}"
        for part in (ids[:half], ids[half:]):
            push = (data.path("PushMessages"), data.push_messages(queue, part))
            pop = (data.path("Pop"), data.pop(queue, count=len(part)))
            bench.drive(server, [(push, pop) if name == "Ack" else (push,)], 1)


def _check(name: str, bench: Bench, server: Server, chains: Chains) -> Pairs:
    pairs = bench.against_echo(server, chains)
    if name in ("Pop", "Ack") and any(
        pair.subject.driven.answer_bytes < 1 for pair in pairs.rounds
    ):
        raise RuntimeError(f"{name} found nothing")
    return pairs


def _result(name: str, pairs: Pairs) -> Result:
    rate = pairs.middle(lambda pair: pair.subject.driven.rate)
    echo = pairs.middle(lambda pair: pair.other.driven.rate)
    own = pairs.middle(lambda pair: pair.subject.processor_us)
    base = pairs.middle(lambda pair: pair.other.processor_us)
    p50 = pairs.middle(lambda pair: pair.subject.driven.p50_ms)
    p99 = pairs.middle(lambda pair: pair.subject.driven.p99_ms)
    return Result(
        name=f"{name}, 32 in flight",
        value=pairs.middle(lambda pair: pair.ratio) * 100,
        unit="% of the echo's calls/s",
        bound=LEAST_SHARE,
        at_least=True,
        quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
        disturbed=pairs.disturbed,
        detail=(
            f"{rate:,.0f}/s, echo {echo:,.0f}/s; server CPU {own:.0f} µs a call, echo {base:.0f}; "
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        ),
    )
