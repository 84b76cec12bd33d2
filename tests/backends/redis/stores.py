"""Redis stores for tests, each below a key prefix of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from uuid import uuid4

import redis

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.keys import OWN, Keys
from podium_backends.redis.queues.changes import LOOK_SECONDS, QueueChanges
from podium_backends.redis.queues.queue_table import RedisQueueTable
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
    keys: Keys
    changes: QueueChanges
    queue_table: RedisQueueTable
    queues: TableQueueDAO


def settings_at(url: str, prefix: str) -> RedisSettings:
    """The settings of a store below a prefix."""
    return RedisSettings(url=url, workflow_prefix=prefix, layout="podium")


def new_prefix() -> str:
    """A key prefix that no other test has."""
    return f"test-{uuid4().hex}"


@asynccontextmanager
async def redis_parts(
    url: str,
    clock: Clock = system_clock_ms,
    *,
    prefix: str,
    look_seconds: float = LOOK_SECONDS,
) -> AsyncIterator[RedisParts]:
    """Connect; a second time for a second server on the same keys."""
    settings = settings_at(url, prefix)
    target, keys = settings.target("queues"), settings.keys
    link = Link(target)
    changes = QueueChanges(target, keys, look_seconds=look_seconds)
    table = RedisQueueTable(ClockedScripts(link, clock), keys, changes)
    context = StoreContext(
        name="queues", serves=frozenset({DataType.QUEUES}), commit_guarantee=Guarantee.ORDERED
    )
    queues = TableQueueDAO(table, context)
    try:
        yield RedisParts(link=link, keys=keys, changes=changes, queue_table=table, queues=queues)
    finally:
        await queues.close()
        await changes.close()
        await link.close()


def end_keys(url: str, prefix: str) -> None:
    """Check what a test has left of its queues, and delete all below its prefix."""
    with closing(redis.Redis.from_url(url)) as client:
        try:
            require_sound_queues(client, f"{prefix}.test.{OWN}.")
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
