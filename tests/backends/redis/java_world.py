"""What tests of one queue that Java and Podium use need again and again."""

from __future__ import annotations

from collections.abc import Callable

from podium_core.models import Message, PushMessage
from tests.backends.redis.java_queue import JavaQueue
from tests.backends.redis.queue_calls import QUEUE
from tests.backends.redis.stores import RedisParts


def java_on(store: RedisParts, clock: Callable[[], int]) -> JavaQueue:
    return JavaQueue(store.link, store.keys.queue(QUEUE)[0], clock)


async def push(store: RedisParts, id_: str = "m1", *, payload: str = "p") -> None:
    await store.queues.push(QUEUE, PushMessage(id=id_, payload=payload))


async def taken(store: RedisParts, *, lease_ms: int = 1_000) -> Message:
    (message,) = await store.queues.poll_messages(QUEUE, count=1, unack_timeout_ms=lease_ms)
    return message


async def leased(store: RedisParts, *, lease_ms: int = 1_000) -> Message:
    await push(store)
    return await taken(store, lease_ms=lease_ms)


async def keys_below(store: RedisParts, prefix: str) -> list[bytes]:
    return sorted(await store.link.read("KEYS", f"{prefix}.*"))
