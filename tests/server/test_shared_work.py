"""Work that several callers want at the same time."""

from __future__ import annotations

import asyncio

import pytest

from podium_server.outbox.shared_work import SharedWork
from tests.patience import PATIENCE_SECONDS


class Work:
    """Counts how often it began and ended, and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.go_on = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return number


async def callers(shared: SharedWork[int], work: Work, *keys: str) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(shared.run(key, work)) for key in keys]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_it_is_done_once_for_all() -> None:
    shared, work = SharedWork[int](), Work()
    tasks = await callers(shared, work, "a", "a", "b")
    work.go_on.set()
    assert await asyncio.gather(*tasks) == [1, 1, 2]
    assert await shared.run("a", work) == 3


async def test_a_failure_reaches_all() -> None:
    shared, work = SharedWork[int](), Work()
    work.error = ValueError("no")
    tasks = await callers(shared, work, "a", "a")
    work.go_on.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [work.error] * 2
    work.error = None
    assert await shared.run("a", work) == 2


async def test_one_that_leaves_ends_nothing() -> None:
    shared, work = SharedWork[int](), Work()
    first, second = await callers(shared, work, "a", "a")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    (third,) = await callers(shared, work, "a")
    work.go_on.set()
    assert list(await asyncio.gather(second, third)) == [1, 1]
    assert work.cancelled == 0


async def test_it_has_ended_when_the_last_one_has_left() -> None:
    shared, work = SharedWork[int](), Work()
    for task in await callers(shared, work, "a", "a"):
        task.cancel()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait({task})
    assert (work.begun, work.cancelled) == (1, 1)
    work.go_on.set()
    assert await shared.run("a", work) == 2
