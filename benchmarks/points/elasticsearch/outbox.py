"""From the outbox of a SQLite file to Elasticsearch, in this process: marks against the same documents sent straight."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from msgspec.structs import replace

from benchmarks import data
from benchmarks.bench import Bench, Measured
from benchmarks.jobs import Driven
from benchmarks.machine import busy_seconds
from benchmarks.points.elasticsearch.world import ElasticsearchWorld, Index
from benchmarks.points.index_search import Documents
from benchmarks.processes import Server
from benchmarks.result import Result
from podium_backends.elasticsearch6 import bulk, dialect
from podium_backends.elasticsearch6.places import Place
from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import DataType, StoreContext
from podium_core.clock import system_clock_ms
from podium_core.index import EntryKind
from podium_core.index.entries import IndexAnswer, IndexWrite
from podium_core.index.marks import INDEX_KINDS, outbox_kind
from podium_core.models import Guarantee
from podium_core.outbox import BUCKETS, NewEntry
from podium_protocol import codec
from podium_server.assembly import INDEX_BACKLOG_BATCH
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.indexer import SLICE, Indexer

LEAST_SHARE = 80.0
# Java sends one document with each request.
LEAST_TASKS, LEAST_WORKFLOWS = 20.0, 10.0
_KIND = EntryKind.TASK
_AT_ONCE = 200


def measure(bench: Bench, world: ElasticsearchWorld) -> Iterator[Result]:
    """Against raw bulks of the same size, two at a time; and against requests with one document each, as Java sends them."""
    with _sides(bench, world) as sides:
        yield sides.against_raw()
        yield sides.against_single("tasks in bulks of one, one at a time", 1, sides.bulk_of_one)
        yield sides.against_single("tasks in bulks of one, 32 at a time", 32, sides.bulk_of_one)
        yield sides.against_single("documents by PUT, one at a time", 1, sides.put)
        yield sides.against_single("documents by PUT, 32 at a time", 32, sides.put)


@contextmanager
def _sides(bench: Bench, world: ElasticsearchWorld) -> Iterator[_Sides]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sides = _Sides(bench, world, runner)
        try:
            runner.run(sides.open(bench.new_folder()))
            yield sides
        finally:
            runner.run(sides.close())


class _Sides:
    """The marks on one side, what they come to on the other."""

    def __init__(self, bench: Bench, world: ElasticsearchWorld, runner: asyncio.Runner) -> None:
        self._bench = bench
        self._runner = runner
        self._count = bench.scaled(20_000, 8_000)
        self._ours, self._raw = Index(world.url, "drained"), Index(world.url, "raw")
        self._process = Server(os.getpid(), "", time.monotonic())
        self._version = 1
        self._ids: list[str] = []
        self._sent: list[IndexWrite] = []

    async def open(self, folder: Path) -> None:
        """Store the tasks, and fill both indices once."""
        context = StoreContext(
            name="main",
            serves=frozenset(DataType) - {DataType.INDEX},
            commit_guarantee=Guarantee.ATOMIC,
            clock=system_clock_ms,
        )
        self._store = await open_store(context, SqliteSettings(path=folder / "podium.db"))
        assert self._store.outbox is not None
        assert self._store.stored_documents is not None
        self._outbox = self._store.outbox
        await self._create_tasks()
        for index in (self._ours, self._raw):
            await index.table.setup()
        indexer = Indexer(self._store.stored_documents, self._ours.table, self._outbox)
        self._drainer = Drainer(self._outbox, indexer)
        await self._mark()
        await self._drain_noting()
        await self._send_raw()

    async def _create_tasks(self) -> None:
        executions = self._store.executions
        assert executions is not None
        await executions.create_workflow(codec.workflow_from_proto(data.workflow("w"), ""))
        documents = Documents()
        for start in range(0, self._count, _AT_ONCE):
            tasks = [data.task("w", f"t{at:06}") for at in range(start, start + _AT_ONCE)]
            for at, task in enumerate(tasks, start):
                task.input_data_json = documents.text("a", at, 45)
                task.output_data_json = documents.text("b", at, 45)
            await executions.create_tasks([codec.task_from_proto(task, "") for task in tasks])
            self._ids += [task.task_id for task in tasks]

    async def close(self) -> None:
        await self._ours.cluster.close()
        await self._raw.cluster.close()
        await self._store.close()

    # what is measured

    async def _mark(self) -> None:
        for start in range(0, len(self._ids), _AT_ONCE):
            some = self._ids[start : start + _AT_ONCE]
            kind = outbox_kind(_KIND)
            await self._outbox.put([NewEntry(kind=kind, id=id_, owner="w") for id_ in some])

    async def _drain_noting(self) -> None:
        """Drain, and note what is sent."""
        send = self._ours.table.send

        async def noting(writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
            self._sent += writes
            return await send(writes)

        self._ours.table.send = noting  # type: ignore[method-assign]
        await self._drain()
        del self._ours.table.send

    async def _drain(self) -> None:
        """As the drainer does while a backlog is old."""
        while True:
            due = await self._outbox.due_entries(range(BUCKETS), INDEX_KINDS, INDEX_BACKLOG_BATCH)
            if not due.entries:
                return
            await self._drainer.carry_out(due)

    def _lines(self) -> list[bytes]:
        """What the documents are as lines of a bulk, in a version of its own."""
        self._version += 1
        index = self._raw.names.index(_KIND, 0)
        return [
            bulk.text_of(replace(each, token=self._version), Place(index)) for each in self._sent
        ]

    async def _send_raw(self) -> None:
        lines = self._lines()
        bodies = [b"".join(lines[at : at + SLICE]) for at in range(0, len(lines), SLICE)]
        await self._send_all(map(dialect.bulk, bodies), 2)

    async def _send_all(self, requests: Iterator[dialect.Request], in_flight: int) -> None:
        async def work() -> None:
            for request in requests:
                await self._raw.cluster.perform(request)

        await asyncio.gather(*(work() for _ in range(in_flight)))

    def bulk_of_one(self, count: int) -> Iterator[dialect.Request]:
        """Java's indexTask by default."""
        return map(dialect.bulk, self._lines()[:count])

    def put(self, count: int) -> Iterator[dialect.Request]:
        """Java's indexWorkflow."""
        index = self._raw.names.index(_KIND, 0)
        for write in self._sent[:count]:
            path = f"/{index}/{_KIND.value}/{write.id}"
            yield dialect.Request("PUT", path, body=(write.document or b"").decode())

    # the comparisons

    def against_raw(self) -> Result:
        self._bench.say(f"outbox: {self._count} marks, and the same documents straight")

        def drained(number: int) -> Measured:
            del number
            self._runner.run(self._mark())
            return self._measured(self._drain, self._count)

        def sent(number: int) -> Measured:
            del number
            return self._measured(self._send_raw, self._count)

        pairs = self._bench.alternate(drained, sent)
        rate = pairs.middle(lambda pair: pair.subject.driven.rate)
        raw = pairs.middle(lambda pair: pair.other.driven.rate)
        own = pairs.middle(lambda pair: pair.subject.processor_us)
        base = pairs.middle(lambda pair: pair.other.processor_us)
        self._rate = rate
        return Result(
            name="Outbox to Elasticsearch",
            value=pairs.middle(lambda pair: pair.ratio * 100),
            unit="% of raw bulks",
            bound=LEAST_SHARE,
            at_least=True,
            quartiles=pairs.quartiles(lambda pair: pair.ratio * 100),
            disturbed=pairs.disturbed,
            detail=(
                f"{rate:,.0f} against {raw:,.0f} documents/s, bulks of {SLICE}, two at a time;"
                f" CPU of the process {own:.0f} against {base:.0f} µs a document"
            ),
        )

    def against_single(
        self, name: str, in_flight: int, requests: Callable[[int], Iterator[dialect.Request]]
    ) -> Result:
        count = self._bench.scaled(2_000, 500)
        self._bench.say(f"{count} {name}")

        async def send() -> None:
            await self._send_all(requests(count), in_flight)

        measured = self._measured(send, count)
        least = LEAST_WORKFLOWS if requests == self.put else LEAST_TASKS
        return Result(
            name=f"Outbox to Elasticsearch, against {name}",
            value=self._rate / measured.driven.rate,
            unit="x the documents/s",
            bound=least,
            at_least=True,
            detail=f"{self._rate:,.0f} against {measured.driven.rate:,.0f} documents/s",
        )

    def _measured(self, work: Callable[[], Coroutine[Any, Any, None]], count: int) -> Measured:
        def load() -> Driven:
            machine, began = busy_seconds(), time.perf_counter()
            self._runner.run(work())
            return Driven(
                chains=count,
                seconds=time.perf_counter() - began,
                answer_bytes=0,
                p50_ms=0,
                p99_ms=0,
                generator_seconds=0,
                machine_seconds=busy_seconds() - machine,
            )

        return self._bench.measured(self._process, load)
