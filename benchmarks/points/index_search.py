"""The index of 100,000 workflows in a SQLite file: filling it in bulk, and searching it, in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from statistics import median, quantiles

import msgspec

from benchmarks.bench import Bench
from benchmarks.result import Result
from podium_backends.sqlite.index.index_file import IndexFile
from podium_core.index import EntryKind, iso_date
from podium_core.index.entries import IndexWrite

LEAST_DOCUMENTS = 2_000
MOST_INDEXED_MS = 10.0
MOST_TEXT_MS = 20.0
_BATCH = 500
_WORDS = 20_000
_START_MS = 1_700_000_000_000
_STATUSES = ("COMPLETED", "RUNNING", "FAILED", "TERMINATED", "TIMED_OUT", "PAUSED")
_SHARES = (70, 15, 8, 3, 2, 2)


def measure(bench: Bench) -> Iterator[Result]:
    """Bulk writes of task documents, then searches over workflows by columns and by words."""
    bench.say("index: filling and searching")
    yield from asyncio.run(_measure(bench))


@dataclass(frozen=True)
class _Query:
    query: str = ""
    free_text: str = ""
    sort: Sequence[str] = ()


async def _measure(bench: Bench) -> list[Result]:
    index = IndexFile(bench.new_folder() / "index.db")
    await index.open()
    try:
        made = Documents()
        tasks = [made.task(number) for number in range(bench.scaled(30_000, 5_000))]
        workflows = [made.workflow(number) for number in range(bench.scaled(100_000, 20_000))]
        return [
            await _fill(index, EntryKind.TASK, "task", tasks),
            await _fill(index, EntryKind.WORKFLOW, "workflow", workflows),
            await _search(index, "by columns", _by_columns(len(workflows)), MOST_INDEXED_MS),
            await _search(index, "of free text", _by_words(made), MOST_TEXT_MS),
        ]
    finally:
        await index.close()


# filling


class Documents:
    """Documents as Conductor's: ids in no order, words as in a language, a few of them in most texts."""

    def __init__(self) -> None:
        self._random = Random(1)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = [
            "".join(self._random.choices(letters, k=self._random.randrange(3, 11)))
            for _ in range(_WORDS)
        ]
        self._weights = list(accumulate(1 / rank for rank in range(1, _WORDS + 1)))

    def workflow(self, number: int) -> IndexWrite:
        """A workflow of about 900 bytes."""
        start = _START_MS + number * 1_000 + self._random.randrange(5_000)
        [status] = self._random.choices(_STATUSES, _SHARES)
        id_ = _id(number, "b")
        document = {
            "workflowType": f"flow_{self._random.randrange(30)}",
            "version": self._random.randrange(1, 4),
            "workflowId": id_,
            "correlationId": f"order-{number // 3}",
            "startTime": iso_date(start),
            "updateTime": iso_date(start + 9_000),
            "status": status,
            "input": self.text("order", number, 30),
            "output": self.text("result", number, 30),
            "executionTime": 60_000,
            "failedReferenceTaskNames": "",
            "priority": self._random.randrange(5),
            "failedTaskNames": [],
            "outputSize": 300,
            "inputSize": 300,
        }
        if status not in {"RUNNING", "PAUSED"}:
            document["endTime"] = iso_date(start + 60_000)
        return write_of(EntryKind.WORKFLOW, id_, document)

    def task(self, number: int) -> IndexWrite:
        """A task of about 1 kB."""
        start = _START_MS + number * 100
        id_ = _id(number, "a")
        document = {
            "workflowId": _id(number // 5, "b"),
            "workflowType": f"flow_{number % 30}",
            "correlationId": f"order-{number // 5}",
            "scheduledTime": iso_date(start),
            "startTime": iso_date(start + 5),
            "updateTime": iso_date(start + 9),
            "endTime": iso_date(0),
            "status": "IN_PROGRESS",
            "executionTime": 0,
            "queueWaitTime": 5,
            "taskDefName": f"task_{number % 50}",
            "taskType": "SIMPLE",
            "input": self.text("a", number, 45),
            "output": self.text("b", number, 45),
            "taskId": id_,
            "workflowPriority": 0,
        }
        return write_of(EntryKind.TASK, id_, document)

    def text(self, key: str, number: int, words: int) -> str:
        """JSON with so many words."""
        text = " ".join(self._random.choices(self.words, cum_weights=self._weights, k=words))
        return msgspec.json.encode({key: number, "text": text}).decode()


def _id(number: int, kind: str) -> str:
    scattered = number * 2_654_435_761 % 2**32
    return f"{scattered:08x}-{kind * 4}-4{kind * 3}-8{kind * 3}-{number:012}"


def write_of(kind: EntryKind, id_: str, document: Mapping[str, object]) -> IndexWrite:
    return IndexWrite(kind=kind, id=id_, token=1, document=msgspec.json.encode(document))


async def _fill(
    index: IndexFile, kind: EntryKind, name: str, writes: Sequence[IndexWrite]
) -> Result:
    began, processor = time.perf_counter(), time.process_time()
    for at in range(0, len(writes), _BATCH):
        await index.table.send(writes[at : at + _BATCH])
    spent = (time.process_time() - processor) / len(writes)
    size = sum(len(write.document or b"") for write in writes) / len(writes)
    return Result(
        name=f"Index, {kind} documents in bulk",
        value=len(writes) / (time.perf_counter() - began),
        unit="documents/s",
        bound=LEAST_DOCUMENTS,
        at_least=True,
        detail=f"{len(writes):,} of {size:,.0f} bytes, {_BATCH} a commit; CPU {spent * 1e6:.0f} µs a {name}",
    )


# searching


def _by_columns(workflows: int) -> list[_Query]:
    random = Random(2)
    found: list[_Query] = []
    for _ in range(40):
        flow, status = f"flow_{random.randrange(30)}", random.choice(_STATUSES)
        after = _START_MS + random.randrange(workflows) * 1_000
        found += [
            _Query(f"status = '{status}'"),
            _Query(f"workflowType = '{flow}' AND status = '{status}'", sort=["startTime:DESC"]),
            _Query(f"workflowType IN ('{flow}', 'flow_1')", sort=["startTime:ASC"]),
            _Query(f"status = '{status}' AND startTime BETWEEN {after} AND {after + 3_600_000}"),
            _Query(f"correlationId = 'order-{random.randrange(workflows // 3)}'"),
            _Query(f"endTime > {after}", sort=["endTime:ASC"]),
        ]
    return found


def _by_words(made: Documents) -> list[_Query]:
    random = Random(3)

    def word(most_frequent: int, least_frequent: int) -> str:
        return made.words[random.randrange(most_frequent, least_frequent)]

    found: list[_Query] = []
    for _ in range(30):
        found += [
            _Query(free_text=word(5_000, _WORDS)),
            _Query(free_text=word(100, 1_000)),
            _Query(free_text=word(0, 20)),
            _Query(free_text=f'"{word(0, 50)} {word(0, 50)}"'),
            _Query(free_text=f"{word(100, _WORDS)[:4]}*"),
            _Query(free_text=f"{word(100, 1_000)} AND {word(0, 100)}"),
            _Query("status = 'RUNNING'", free_text=word(100, 1_000)),
        ]
    return found


async def _search(index: IndexFile, name: str, queries: Sequence[_Query], most: float) -> Result:
    times: list[float] = []
    hits: list[int] = []
    for query in queries:
        began = time.perf_counter()
        page = await index.reads.search_workflow_summary(
            query.query, query.free_text, count=20, sort=query.sort
        )
        times.append((time.perf_counter() - began) * 1_000)
        hits.append(page.total_hits)
    cuts = quantiles(times, n=100, method="inclusive")
    return Result(
        name=f"Index, search {name}, p50",
        value=median(times),
        unit="ms",
        bound=most,
        quartiles=(cuts[24], cuts[74]),
        detail=f"p95 {cuts[94]:.1f} ms; pages of 20 of {median(hits):,.0f} hits, up to {max(hits):,}",
    )
