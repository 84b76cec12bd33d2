"""The calls of queues that write, for tests that each of them has to pass."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from podium_backends.redis.connection import Link
from podium_core.models import PushMessage
from podium_core.write_set import PushOp
from tests.backends.redis.stores import RedisParts

QUEUE = "encode"
AN_HOUR_MS = 3_600_000
Call = Callable[[RedisParts], Awaitable[object]]


async def push(store: RedisParts, *ids: str, offset_ms: int = 0, priority: int = 0) -> None:
    for id_ in ids:
        message = PushMessage(id=id_, offset_ms=offset_ms, priority=priority, payload="p")
        await store.queues.push(QUEUE, message)


async def own_keys(link: Link, prefix: str) -> dict[bytes, bytes]:
    """Every key below a prefix, as Redis would dump it."""
    return {
        key: await link.read("DUMP", key) for key in sorted(await link.read("KEYS", f"{prefix}.*"))
    }


CALLS: dict[str, Call] = {
    "push": lambda store: store.queues.push(QUEUE, PushMessage(id="m1", payload="x", priority=9)),
    "push another": lambda store: store.queues.push(QUEUE, PushMessage(id="new", payload="x")),
    "push if absent": lambda store: store.queues.push_if_not_exists(QUEUE, PushMessage(id="new")),
    "postpone": lambda store: store.queues.postpone(QUEUE, "m1", priority=9),
    "deliver": lambda store: store.queue_table.deliver(
        PushOp(queue_name=QUEUE, message_id="m1"), 2**62
    ),
    "poll": lambda store: store.queues.poll_messages(QUEUE, count=1),
    "ack": lambda store: store.queues.ack(QUEUE, "leased"),
    "set unack timeout": lambda store: store.queues.set_unack_timeout(QUEUE, "leased", 5),
    "remove": lambda store: store.queues.remove(QUEUE, "m1"),
    "remove older": lambda store: store.queue_table.remove_older(QUEUE, "m1", 2**62),
    "flush": lambda store: store.queues.flush(QUEUE),
    "reset offset": lambda store: store.queues.reset_offset_time(QUEUE, "delayed"),
}


async def fill(store: RedisParts) -> None:
    """The messages that the calls are about: one that is leased, one that is ready, one that is delayed."""
    await push(store, "leased")
    await store.queues.pop(QUEUE, count=1)
    await push(store, "m1")
    await push(store, "delayed", offset_ms=AN_HOUR_MS)
