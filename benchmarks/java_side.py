"""Java's DAOs as one side of a comparison: in process, 32 threads, on the same store."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench import IN_FLIGHT, Bench, Measured
from benchmarks.jobs import Driven
from benchmarks.machine import busy_seconds
from benchmarks.processes import Server
from tests.interop.java import JavaProcess

NOTE = "n" * 600


class _JavaServer(Server):
    """A process whose threads end: what those spent only ``stat`` still counts, in hundredths of a second."""

    def processor_seconds(self) -> float:
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class JavaSide:
    """The program, and how loads are put on it."""

    def __init__(
        self, bench: Bench, process: JavaProcess, prefix: str, runner: asyncio.Runner
    ) -> None:
        self._bench = bench
        self._daos = process.below(prefix)
        self._server = _JavaServer(process.pid, "", time.monotonic())
        self._runner = runner

    def call(self, dao: str, method: str, *arguments: Any) -> Any:
        """One call."""
        return self._runner.run(getattr(self._daos, dao)(method, *arguments))

    def load(self, dao: str, method: str, *arguments: Any, count: int, first: int = 0) -> Measured:
        """So many calls from 32 threads; ``{n}`` in a text is the number of the call."""
        bench = self._daos.bench(
            dao, method, *arguments, count=count, threads=IN_FLIGHT, first=first
        )
        return self._measured(bench, count)

    def _measured(self, work: Coroutine[Any, Any, float], count: int) -> Measured:
        def load() -> Driven:
            machine = busy_seconds()
            seconds = self._runner.run(work) / 1000
            return Driven(
                chains=count,
                seconds=seconds,
                answer_bytes=0,
                p50_ms=0,
                p99_ms=0,
                generator_seconds=0,
                machine_seconds=busy_seconds() - machine,
            )

        return self._bench.measured(self._server, load)

    def timed(self, chain: Callable[[], Coroutine[Any, Any, None]]) -> float:
        """The seconds that calls take which follow each other."""
        began = time.perf_counter()
        self._runner.run(chain())
        return time.perf_counter() - began

    @property
    def execution(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        """A call of ExecutionDAO."""
        return self._daos.execution

    @property
    def queues(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        """A call of QueueDAO."""
        return self._daos.queues


@contextmanager
def java_side(
    bench: Bench, address: tuple[str, int], prefix: str, folder: Path, *, store: str = "redis"
) -> Iterator[JavaSide]:
    """The program on a store, for the time of the context.

    Args:
        bench: The run.
        address: Host and port of the store.
        prefix: Of its keys; on Cassandra its keyspace.
        folder: Where its log goes.
        store: What the store is: redis or cassandra.
    """
    process = JavaProcess(*address, folder / "java.log", store=store)
    try:
        with asyncio.Runner() as runner:
            yield JavaSide(bench, process, prefix, runner)
    finally:
        process.close()


def java_task(workflow_id: str, name: str, **fields: Any) -> dict[str, Any]:
    """A task of 1 kB, like those of ``data``."""
    return {
        "taskId": f"{workflow_id}-{name}",
        "workflowInstanceId": workflow_id,
        "taskType": "SIMPLE",
        "taskDefName": "reserve_stock",
        "referenceTaskName": name,
        "status": "IN_PROGRESS",
        "outputData": {"note": NOTE},
        **fields,
    }


def java_workflow(workflow_id: str) -> dict[str, Any]:
    """A running workflow."""
    return {
        "workflowId": workflow_id,
        "status": "RUNNING",
        "createTime": 1_790_000_000_000,
        "workflowDefinition": {"name": "order", "version": 1, "tasks": []},
        "input": {"note": NOTE},
    }
