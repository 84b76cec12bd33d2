"""A connection to a real Redis that is cut at each byte of a request and of a reply: what a caller is told is true."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium_backends.redis.connection import Link
from podium_core.errors import OutcomeUnknownError
from podium_core.models import PushMessage
from tests.backends.redis.cutting_proxy import CuttingProxy, cutting_proxy
from tests.backends.redis.stores import RedisParts, end_keys, new_prefix, redis_parts

QUEUE = "work"


@pytest.fixture
async def prefix(redis_url: str) -> AsyncIterator[str]:
    name = new_prefix()
    yield name
    end_keys(redis_url, name)


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[CuttingProxy]:
    async with cutting_proxy(redis_url) as opened:
        yield opened


@pytest.fixture
async def cut(proxy: CuttingProxy, prefix: str) -> AsyncIterator[RedisParts]:
    """Queues over connections that are cut."""
    async with redis_parts(proxy.url, prefix=prefix) as parts:
        yield parts


@pytest.fixture
async def whole(redis_url: str, prefix: str) -> AsyncIterator[RedisParts]:
    """The same queues over a connection that isn't."""
    async with redis_parts(redis_url, prefix=prefix) as parts:
        yield parts


async def push(parts: RedisParts, id_: str) -> bool:
    """Push a message; whether it was acknowledged. Without an answer nobody can say that it wasn't pushed."""
    try:
        await parts.queues.push(QUEUE, PushMessage(id=id_, payload="text"))
    except OutcomeUnknownError:
        return False
    return True


async def test_a_push_cut_at_each_byte(
    cut: RedisParts, whole: RedisParts, proxy: CuttingProxy
) -> None:
    await push(cut, "id-000")  # brings the script
    proxy.requests.cut_after(None)
    proxy.replies.cut_after(None)
    await push(cut, "id-001")
    request, reply = proxy.requests.passed, proxy.replies.passed
    number = 1
    for count in range(1, request + 1):
        number += 1
        proxy.requests.cut_after(count)
        assert not await push(cut, f"id-{number:03}"), count
        assert await cut.link.read("PING") == b"PONG"
        there = await whole.queues.contains_message(QUEUE, f"id-{number:03}")
        # Redis carries out a request that it has got whole.
        assert there is (count == request), count
    for count in range(1, reply + 1):
        number += 1
        proxy.replies.cut_after(count)
        assert await push(cut, f"id-{number:03}") is (count == reply), count
        assert await cut.link.read("PING") == b"PONG"
        assert await whole.queues.contains_message(QUEUE, f"id-{number:03}")


async def test_reads_cut_at_each_byte(
    cut: RedisParts, whole: RedisParts, proxy: CuttingProxy, prefix: str
) -> None:
    link: Link = cut.link
    key = f"{prefix}.text"
    await whole.link.write("SET", key, "text")
    commands = [("GET", key), ("STRLEN", key)]
    await link.read("PING")  # connects
    proxy.requests.cut_after(None)
    proxy.replies.cut_after(None)
    await link.read_all(commands)
    request, reply = proxy.requests.passed, proxy.replies.passed
    for direction, size in ((proxy.requests, request), (proxy.replies, reply)):
        for count in range(1, size + 1):
            direction.cut_after(count)
            assert await link.read_all(commands) == [b"text", 4], count
