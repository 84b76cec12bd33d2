"""Redis is killed, stopped or comes back empty while clients work with a queue: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.models import PushMessage
from tests.backends.redis.stores import RedisParts, end_keys, redis_parts
from tests.contract.eventually import eventually
from tests.faults.queue_history import NEVER, Kind, violations
from tests.faults.queue_recorder import CLIENTS, PAUSE_SECONDS, QUEUE, Recorder, at_work
from tests.patience import PATIENCE_MS
from tests.services.redis_server import RedisServer

PREFIX = "away"
OPERATIONS = 400
KILLS = 4
MANY_KILLS = 50
SHORT_STOP_SECONDS = 1.0
# Longer than a reply may take, so connections are given up.
LONG_STOP_SECONDS = 30.0
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")

Disturb = Callable[[RedisServer], Awaitable[None]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that fsyncs each write before it answers."""
    durable = RedisServer(tmp_path, options=DURABLE)
    durable.start()
    yield durable
    durable.kill()


@pytest.fixture
async def parts(server: RedisServer) -> AsyncIterator[RedisParts]:
    async with redis_parts(server.url, prefix=PREFIX) as opened:
        yield opened


async def disturbed(
    server: RedisServer, parts: RedisParts, disturb: Disturb, times: int, seed: int
) -> Recorder:
    """A history with disturbances, which shows nothing that must not be."""
    recorder = Recorder(seed)
    async with at_work(parts, recorder):
        for _ in range(times):
            await recorder.worked(OPERATIONS)
            await disturb(server)
        await recorder.worked(OPERATIONS)
    present = await recorder.deliver_the_rest(parts)
    assert violations(recorder.history, present) == []
    end_keys(server.url, PREFIX)
    return recorder


async def kill(server: RedisServer) -> None:
    server.kill()
    await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.to_thread(server.start)


def stop_for(seconds: float) -> Disturb:
    async def stop(server: RedisServer) -> None:
        server.process.pause()
        await asyncio.sleep(seconds)
        server.process.resume()

    return stop


async def test_killed(server: RedisServer, parts: RedisParts) -> None:
    recorder = await disturbed(server, parts, kill, KILLS, seed=1)
    kinds = {op.kind for op in recorder.history if op.answered < NEVER}
    assert kinds == set(Kind)
    assert any(op.answered == NEVER for op in recorder.history)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
async def test_killed_often(server: RedisServer, parts: RedisParts) -> None:
    await disturbed(server, parts, kill, MANY_KILLS, seed=random.randrange(2**32))


async def test_stopped_for_a_moment(server: RedisServer, parts: RedisParts) -> None:
    """Calls wait; none fails."""
    recorder = await disturbed(server, parts, stop_for(SHORT_STOP_SECONDS), 2, seed=1)
    # The last call of each client was cancelled.
    assert sum(op.answered == NEVER for op in recorder.history) <= CLIENTS


@pytest.mark.nightly
async def test_stopped_for_long(server: RedisServer, parts: RedisParts) -> None:
    recorder = await disturbed(server, parts, stop_for(LONG_STOP_SECONDS), 1, seed=1)
    assert any(op.answered == NEVER for op in recorder.history)


async def test_restarted_empty(tmp_path: Path) -> None:
    """What it held is gone; what comes then is served, and whoever waited hears of it."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with redis_parts(server.url, prefix=PREFIX) as parts:
            await parts.queues.push(QUEUE, PushMessage(id="before"))
            (held,) = await parts.queues.poll_messages(QUEUE, count=1)
            waiting = asyncio.create_task(next_id(parts))
            await eventually(lambda: listeners(parts))
            await kill(server)
            assert not await parts.queues.ack(QUEUE, "before", receipt=held.receipt)
            await parts.queues.push(QUEUE, PushMessage(id="after"))
            assert await waiting == "after"
            assert await parts.queues.get_size(QUEUE) == 0
    finally:
        server.kill()


async def next_id(parts: RedisParts) -> str:
    """Wait for a message. A poll that takes while Redis is away is told so, and is made again."""
    while True:
        with suppress(BackendUnavailableError, OutcomeUnknownError):
            (id_,) = await parts.queues.pop(QUEUE, count=1, timeout_ms=PATIENCE_MS)
            return id_


async def listeners(parts: RedisParts) -> int:
    """How many connections listen to the queue."""
    _, count = await parts.link.read("PUBSUB", "NUMSUB", parts.keys.queue(QUEUE)[1])
    return int(count)
