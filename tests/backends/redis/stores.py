"""Redis stores for tests, each below a key prefix of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import redis

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import Keys
from podium_backends.redis.queue_keys import ConductorQueueKeys
from podium_backends.redis.queues.changes import LOOK_SECONDS, QueueChanges
from podium_backends.redis.queues.conductor_layout import ConductorQueueTable
from podium_backends.redis.queues.open_table import open_queue_table
from podium_backends.redis.queues.podium_layout import PodiumQueueTable
from podium_backends.redis.settings import RedisSettings
from podium_core.backend import DataType, StoreContext
from podium_core.clock import Clock, system_clock_ms
from podium_core.models import Guarantee
from podium_core.queues import TableQueueDAO
from tests.backends.redis.queue_keys import require_sound_queues


@dataclass(frozen=True)
class RedisParts:
    """A connection, and what stands on it."""

    link: Link
    keys: Keys | ConductorQueueKeys
    changes: QueueChanges
    queue_table: PodiumQueueTable | ConductorQueueTable
    queues: TableQueueDAO


Layout = Literal["podium", "conductor"]


def settings_at(url: str, prefix: str, layout: Layout = "podium") -> RedisSettings:
    """The settings of a store below a prefix."""
    return RedisSettings(url=url, workflow_prefix=prefix, queue_prefix=prefix, layout=layout)


def new_prefix() -> str:
    """A key prefix that no other test has."""
    return f"test-{uuid4().hex}"


@asynccontextmanager
async def redis_parts(
    url: str,
    clock: Clock = system_clock_ms,
    *,
    prefix: str,
    layout: Layout = "podium",
    look_seconds: float = LOOK_SECONDS,
) -> AsyncIterator[RedisParts]:
    """Connect; a second time for a second server on the same keys."""
    settings = settings_at(url, prefix, layout)
    target = settings.target("queues")
    link = Link(target)
    changes = QueueChanges(target, settings.queue_keys, look_seconds=look_seconds)
    table = open_queue_table(ClockedScripts(link, clock), settings.queue_keys, changes, link)
    context = StoreContext(
        name="queues", serves=frozenset({DataType.QUEUES}), commit_guarantee=Guarantee.ORDERED
    )
    queues = TableQueueDAO(table, context)
    try:
        yield RedisParts(
            link=link, keys=settings.queue_keys, changes=changes, queue_table=table, queues=queues
        )
    finally:
        await queues.close()
        await changes.close()
        await link.close()


def end_keys(url: str, prefix: str) -> None:
    """Check what a test has left of its queues, and delete all below its prefix."""
    with closing(redis.Redis.from_url(url)) as client:
        try:
            require_sound_queues(client, f"{prefix}.test.")
        finally:
            for key in client.scan_iter(f"{prefix}.*", count=1_000):
                client.delete(key)


def damage_field(url: str, key: str, field: str) -> None:
    """Overwrite what a field of a hash holds, so that nobody can read it."""
    with closing(redis.Redis.from_url(url)) as client:
        assert client.hset(key, field, b"\xff") == 0


def damage_text(url: str, key: str) -> None:
    """Overwrite what a key holds, so that nobody can read it."""
    with closing(redis.Redis.from_url(url)) as client:
        assert client.set(key, b"\xff", xx=True)
