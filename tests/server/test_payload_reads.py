"""Payloads are put back within a budget of bytes, and few large ones at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium_core.errors import ResultTooLargeError
from podium_core.models import Page, Task, collect
from podium_server.facade.payload_reads import LONG_BYTES, PayloadReads
from tests.contract.records import make_task

CHUNK = 64 * 1024
LIMIT = 64 * CHUNK
LONG_CHUNKS = LONG_BYTES // CHUNK
# Of a payload that fits into the limit, with what else is in its record.
LARGEST = LIMIT // CHUNK - 1


class Storage:
    """Payloads of so many chunks.

    Attributes:
        given: How many were asked for.
        closed: How many of them are closed again.
        held: The chunks that each open one has given.
        most_long: The most that were open, and longer than one that needs no place, at the same time.
    """

    def __init__(self, chunks: int) -> None:
        self.given = 0
        self.closed = 0
        self.held: dict[int, int] = {}
        self.most_long = 0
        self._chunks = chunks

    async def download(self, path: str) -> AsyncIterator[bytes]:
        reader = self.given
        self.held[reader] = 0
        self.given += 1
        try:
            for number in range(self._chunks):
                await asyncio.sleep(0)
                self.held[reader] += 1
                long = sum(chunks > LONG_CHUNKS + 1 for chunks in self.held.values())
                self.most_long = max(self.most_long, long)
                yield _chunk(number, self._chunks)
        finally:
            self.closed += 1
            self.held[reader] = 0


def _chunk(number: int, chunks: int) -> bytes:
    text = b"x" * CHUNK
    if number == 0:
        text = b'{"a":"' + text[6:]
    return text[:-2] + b'"}' if number == chunks - 1 else text


class Places:
    """Long answers that may begin once somebody says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = asyncio.Event()

    async def begin(self) -> None:
        self.asked += 1
        await self.free.wait()


def reads_of(storage: Storage, places: Places | None = None) -> PayloadReads:
    begin = {"begin_long_answer": places.begin} if places else {}
    return PayloadReads(storage, max_bytes=LIMIT, **begin)  # type: ignore[arg-type]


def outside(task_id: str) -> Task:
    return make_task(task_id, external_input_payload_storage_path=f"task/input/{task_id}.json")


async def until_quiet() -> None:
    for _ in range(20 * LIMIT // CHUNK):
        await asyncio.sleep(0)


class TestOneAnswer:
    async def test_above_its_limit_it_stops_in_the_middle_of_a_payload(self) -> None:
        storage = Storage(1_000_000)
        with pytest.raises(ResultTooLargeError) as raised:
            await reads_of(storage).record(outside("t1"))
        assert storage.closed == 1, "the file is open as long as somebody keeps the error"
        assert raised.value.limit_bytes == LIMIT

    async def test_the_payloads_before_it_count(self) -> None:
        storage = Storage(LARGEST)
        with pytest.raises(ResultTooLargeError):
            await reads_of(storage).records([outside("t1"), outside("t2")])
        assert (storage.given, storage.closed) == (2, 2)

    async def test_it_waits_for_its_place_before_it_is_long(self) -> None:
        storage, places = Storage(LARGEST), Places()
        reading = asyncio.create_task(reads_of(storage, places).record(outside("t1")))
        await until_quiet()
        assert list(storage.held.values()) == [LONG_CHUNKS + 1]
        places.free.set()
        assert len(memoryview((await reading).input_data)) == LARGEST * CHUNK

    async def test_many_payloads_are_long_together(self) -> None:
        storage, places = Storage(LONG_CHUNKS - 1), Places()
        tasks = [outside("t1"), outside("t2")]
        reading = asyncio.create_task(reads_of(storage, places).records(tasks))
        await until_quiet()
        assert places.asked == 1
        places.free.set()
        assert [task.task_id for task in await reading] == ["t1", "t2"]

    async def test_a_short_one_needs_no_place(self) -> None:
        storage, places = Storage(LONG_CHUNKS), Places()
        await reads_of(storage, places).record(outside("t1"))
        assert places.asked == 0


class TestStreams:
    async def test_their_large_records_take_turns(self) -> None:
        storage = Storage(LARGEST)
        reads = reads_of(storage)
        streams = [collect(reads.pages(_page_of(f"t{number}"))) for number in range(10)]
        found = await asyncio.gather(*streams)
        assert [len(tasks) for tasks in found] == [1] * 10
        assert storage.most_long == 1

    async def test_one_that_fails_gives_its_turn_back(self) -> None:
        reads = reads_of(Storage(LIMIT // CHUNK + 1))
        for _ in range(2):
            with pytest.raises(ResultTooLargeError):
                await collect(reads.pages(_page_of("t1")))


async def _page_of(task_id: str) -> AsyncIterator[Page[Task]]:
    yield Page(items=(outside(task_id),), keys=((task_id,),))
