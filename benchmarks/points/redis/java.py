"""Podium over gRPC against Java's DAOs in process, both on one Redis: rounds of 32 at a time, in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import data, jobs
from benchmarks.bench import IN_FLIGHT, Bench, Load, Measured
from benchmarks.java_side import JavaSide, java_side, java_task, java_workflow
from benchmarks.jobs import Chain
from benchmarks.points.redis.world import PREFIX, RedisWorld, on_redis
from benchmarks.processes import Server
from benchmarks.result import Result

_CREATED = 20
_MEDIUM = 100
_LARGE = 1_000
_POPPED = 10
# Of tasks that are pending; nothing else is of it.
_DEFINITION = "pending_task"
# What is pending is spread over workflows of so many tasks.
_PENDING_EACH = 10


def measure(bench: Bench, redis: RedisWorld) -> Iterator[Result]:
    """CreateTasks, GetWorkflow, UpdateTask, Pop, pending tasks of a workflow."""
    folder = bench.new_folder()
    settings = on_redis(redis.url)
    with (
        java_side(bench, (redis.host, redis.port), PREFIX, folder) as java,
        bench.server(settings=settings) as server,
        bench.server(settings=settings) as second,
    ):
        both = _Both(bench, java, server)
        both.create("medium", _MEDIUM)
        yield both.create_tasks()
        yield both.get_workflow("medium", _MEDIUM, 1.2, (server,))
        both.create("large", _LARGE)
        yield both.get_workflow("large", _LARGE, 1.5, (server, second))
        yield both.update_task()
        yield both.pop()
        yield both.pending()


class _Both:
    """Podium and Java."""

    def __init__(self, bench: Bench, java: JavaSide, server: Server) -> None:
        self._bench = bench
        self._java = java
        self._server = server

    def create(self, workflow_id: str, count: int) -> None:
        """A workflow with tasks, by Podium."""
        create = (data.path("CreateWorkflow"), data.create_workflow(workflow_id))
        self._bench.drive(self._server, [(create,)], 1)
        address = self._server.address
        self._bench.generator.run(jobs.create_tasks, address, workflow_id, count, 100)

    def create_tasks(self) -> Result:
        calls = self._bench.scaled(100, 50)
        path, names = data.path("CreateTasks"), [f"{at}" for at in range(_CREATED)]
        tasks = [java_task("java{n}", name) for name in names]
        # A workflow for each call: Java's takes longer with each task that its workflow has.
        create = data.path("CreateWorkflow")
        ids = [f"podium{n}" for n in range(calls * (self._bench.most_rounds + 1))]
        self._bench.drive(self._server, [((create, data.create_workflow(id_)),) for id_ in ids])

        def chains(number: int) -> list[Chain]:
            part = ids[number * calls : (number + 1) * calls]
            return [((path, data.create_tasks(id_, names)),) for id_ in part]

        def load(number: int) -> Measured:
            first = number * calls
            return self._java.load("execution", "createTasks", tasks, count=calls, first=first)

        return self._compared(f"CreateTasks of {_CREATED}", 1.1, self._driven(chains), load)

    def get_workflow(
        self, workflow_id: str, tasks: int, least: float, servers: tuple[Server, ...]
    ) -> Result:
        calls = self._bench.scaled(20_000, 8_000) // tasks
        request = data.get_workflow(workflow_id)
        chains = [((data.path("GetWorkflow"), request),)] * calls
        addresses = [server.address for server in servers]
        further = servers[1:]

        def read(number: int) -> Measured:
            del number
            return self._bench.measured(
                self._server,
                lambda: self._bench.generator.run(jobs.drive_many, addresses, chains, IN_FLIGHT),
            )

        def load(number: int) -> Measured:
            del number
            return self._java.load("execution", "getWorkflow", workflow_id, True, count=calls)

        name = f"GetWorkflow of {tasks:,} tasks" + (", two servers" if further else "")
        self._bench.beside += further
        try:
            return self._compared(name, least, read, load)
        finally:
            for server in further:
                self._bench.beside.remove(server)

    def update_task(self) -> Result:
        calls = self._bench.scaled(800, 400)
        names = list(data.task_names("", _LARGE))
        updates = data.mixed([data.update_task("large", name) for name in names], calls)
        self._java.call("execution", "createWorkflow", java_workflow("java-large"))
        for at in range(0, _LARGE, 100):
            part = [java_task("java-large", f"{number}") for number in range(at, at + 100)]
            self._java.call("execution", "createTasks", part)
        task = java_task("java-large", "{n}")
        path = data.path("UpdateTask")

        def load(number: int) -> Measured:
            del number
            return self._java.load("execution", "updateTask", task, count=calls)

        chains = self._driven(lambda number: [((path, update),) for update in updates])
        return self._compared(f"UpdateTask among {_LARGE:,}", 1.5, chains, load)

    def pop(self) -> Result:
        calls = self._bench.scaled(100, 50)
        ids = [f"message-{number:06}" for number in range(calls * _POPPED)]
        messages = [{"id": id_, "payload": "p" * data.KILOBYTE, "priority": 5} for id_ in ids]
        for number in range(self._bench.most_rounds + 1):
            push = (data.path("PushMessages"), data.push_messages(f"pop{number}", ids))
            self._bench.drive(self._server, [(push,)], 1)
            self._java.call("queues", "push", f"pop{number}", messages)

        def chains(number: int) -> list[Chain]:
            pop = data.pop(f"pop{number}", count=_POPPED)
            return [((data.path("Pop"), pop),)] * calls

        def load(number: int) -> Measured:
            return self._java.load(
                "queues", "pollMessages", f"pop{number}", _POPPED, 100, count=calls
            )

        return self._compared(f"Pop of {_POPPED}", 4.0, self._driven(chains), load)

    def pending(self) -> Result:
        calls = self._bench.scaled(200, 80)
        names = [f"{at}" for at in range(_PENDING_EACH)]
        for number in range(_LARGE // _PENDING_EACH):
            id_ = f"pending{number}"
            self.create(id_, 0)
            tasks = (data.path("CreateTasks"), data.create_tasks(id_, names, _DEFINITION))
            self._bench.drive(self._server, [(tasks,)], 1)
        requests = [data.pending_tasks(_DEFINITION, "pending7")] * calls
        path = data.path("GetPendingTasksByWorkflow")

        def read(number: int) -> Measured:
            del number
            return self._bench.load(self._server, jobs.read_streams, path, requests, IN_FLIGHT)

        def load(number: int) -> Measured:
            del number
            arguments = (_DEFINITION, "pending7")
            return self._java.load(
                "execution", "getPendingTasksByWorkflow", *arguments, count=calls // 8
            )

        return self._compared(f"pending tasks of a workflow, {_LARGE:,} pending", 20.0, read, load)

    def _driven(self, chains: Callable[[int], list[Chain]]) -> Load:
        def load(number: int) -> Measured:
            return self._bench.drive(self._server, chains(number))

        return load

    def _compared(self, name: str, least: float, subject: Load, other: Load) -> Result:
        self._bench.say(f"{name}, against Java")
        pairs = self._bench.alternate(subject, other)
        rate = pairs.middle(lambda pair: pair.subject.driven.rate)
        java = pairs.middle(lambda pair: pair.other.driven.rate)
        own = pairs.middle(lambda pair: pair.subject.processor_us)
        base = pairs.middle(lambda pair: pair.other.processor_us)
        return Result(
            name=name,
            value=pairs.middle(lambda pair: pair.ratio),
            unit="x Java's calls/s",
            bound=least,
            at_least=True,
            quartiles=pairs.quartiles(lambda pair: pair.ratio),
            disturbed=pairs.disturbed,
            detail=f"{rate:,.0f}/s against {java:,.0f}/s; CPU of the first server {own:,.0f} µs a call, of Java {base:,.0f}",
        )
