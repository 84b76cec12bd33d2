"""Large answers beside small calls, and thousands of calls that are cancelled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import msgspec
import pytest

from podium_backends.redis.connection import Link
from podium_core.definitions import task_def_of
from podium_core.models import PushMessage, collect
from podium_core.models.json_text import to_raw
from tests.backends.redis.operations import AN_HOUR_MS, opened
from tests.backends.redis.stores import (
    RedisParts,
    end_keys,
    new_prefix,
    redis_parts,
    settings_at,
)
from tests.patience import PATIENCE_SECONDS

QUEUE = "work"
CANCELLED = 10_000
MIB = 1024 * 1024


@pytest.fixture
async def prefix(redis_url: str) -> AsyncIterator[str]:
    name = new_prefix()
    yield name
    end_keys(redis_url, name)


@pytest.fixture
async def store(redis_url: str, prefix: str) -> AsyncIterator[RedisParts]:
    async with redis_parts(redis_url, prefix=prefix) as parts:
        yield parts


async def poll(store: RedisParts) -> list[str]:
    # What is lost is leased for longer than the test lasts.
    return await store.queues.pop(QUEUE, count=3, unack_timeout_ms=AN_HOUR_MS)


def link_to(url: str, **changes: int) -> Link:
    target = settings_at(url, "unused").target("main")
    patient = {"connect_timeout": PATIENCE_SECONDS, "reply_timeout": PATIENCE_SECONDS}
    return Link(msgspec.structs.replace(target, **patient, **changes))


async def test_small_calls_are_answered_while_a_large_answer_comes(
    redis_url: str, prefix: str
) -> None:
    """Definitions of 32 MiB are read over the connection for long reads."""
    async with opened(settings_at(redis_url, prefix)) as store:
        metadata, queues = store.metadata, store.queues
        assert metadata is not None
        assert queues is not None
        for number in range(32):
            document = {"name": f"t{number:02}", "description": "x" * MIB}
            await metadata.create_task_def(task_def_of(to_raw(document)))
        reading = asyncio.create_task(collect(metadata.get_all_task_defs()))
        answered = 0
        while not reading.done():
            assert await queues.get_size(QUEUE) == 0
            answered += 1
        assert [len(each.document) // MIB for each in await reading] == [1] * 32
        assert answered > 3


async def test_a_large_answer_on_a_connection_of_small_calls(redis_url: str, prefix: str) -> None:
    link = link_to(redis_url)
    large = b"x" * (32 * MIB)
    await link.write("SET", f"{prefix}.large", large)
    calls = [
        link.read("GET", f"{prefix}.large") if number == 50 else link.read("ECHO", f"{number}")
        for number in range(100)
    ]
    answers = await asyncio.gather(*calls)
    assert answers.pop(50) == large
    assert answers == [f"{number}".encode() for number in range(100) if number != 50]
    await link.close()


async def test_cancelled_calls_leave_nothing_behind(redis_url: str, prefix: str) -> None:
    # All of them are in flight at once; the bytes of a cancelled one count until its reply has come.
    link = link_to(redis_url, max_bytes_in_flight=CANCELLED * 100)
    chance = random.Random(1)
    for _ in range(3):
        calls = [asyncio.create_task(link.read("ECHO", f"{n}")) for n in range(CANCELLED)]
        kept = set(chance.sample(range(CANCELLED), 50))
        for number, call in enumerate(calls):
            if number % 1_000 == 0:
                await asyncio.sleep(0)
            if number not in kept:
                call.cancel()
        for number in kept:
            assert await calls[number] == f"{number}".encode()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(each, bytes) for each in ended) >= len(kept)
    await link.read("PING")
    large = b"x" * (CANCELLED * 99)
    assert await link.write("SET", f"{prefix}.large", large) == b"OK"
    await link.close()


async def test_cancelled_polls_lose_no_message(store: RedisParts) -> None:
    chance = random.Random(1)
    ids = [f"m{number}" for number in range(200)]
    for id_ in ids:
        await store.queues.push(QUEUE, PushMessage(id=id_))
    for _ in range(CANCELLED // 100):
        polls = [asyncio.create_task(poll(store)) for _ in range(100)]
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        for each in polls:
            each.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        for each in polls:
            # It was answered before it was cancelled.
            for id_ in () if each.cancelled() else each.result():
                assert await store.queues.set_unack_timeout(QUEUE, id_, 0)
    found: set[str] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < len(ids):
            found |= set(await store.queues.pop(QUEUE, count=200, timeout_ms=100))
    assert found == set(ids)
    await store.queues.flush(QUEUE)
