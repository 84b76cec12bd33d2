"""A server on a Redis behind Sentinel, whose primary dies: its replica, with another clock, takes its place.

Redis answers before it replicates, so a fail-over loses what was acknowledged last. Either the primary dies once its replica
has everything, or a test asks what had been replicated.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from podium_core.models import PushMessage
from tests.backends.redis.stores import end_keys, new_prefix
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.own_redis import AWAY, DEFECTS
from tests.faults.stores import CLOCK_KEY, RedisStore
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS
from tests.services.redis_sentinel import SERVICE, WatchedRedis


@dataclass(frozen=True)
class BehindSentinel:
    """A server, its two Redis servers, and what it keeps there."""

    server: Disturbed
    watched: WatchedRedis
    store: RedisStore

    def kill_primary(self) -> float:
        """``kill -9``; returns a moment: what was answered before it is on the other one."""
        replicated = self._replicated()
        self._forget_primary()
        return replicated

    def kill_primary_once_replicated(self) -> None:
        """The same once nothing of it would be lost: writes wait until then, and die with it."""
        self.store.client.client_pause(PATIENCE_MS, all=False)
        self._replicated()
        self._forget_primary()

    def _replicated(self) -> float:
        moment = time.monotonic()
        offset = _replication(self.store.client)["master_repl_offset"]
        with redis.Redis.from_url(self.watched.servers[1].url) as replica:
            while _replication(replica)["slave_repl_offset"] < offset:
                time.sleep(0.001)
        return moment

    def _forget_primary(self) -> None:
        first, second = self.watched.servers
        self.store.client.close()
        first.kill()
        self.store.client = redis.Redis.from_url(second.url)

    async def resumed(self) -> None:
        """Return once the server writes to the new primary."""
        async with self.server.client() as podium, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    await podium.queues.push("probe", PushMessage(id="m"))
                except AWAY:
                    await asyncio.sleep(0.05)
                else:
                    break
        assert self.watched.primary_port() == self.watched.servers[1].port


def _replication(client: redis.Redis) -> Any:
    return client.info("replication")


@contextmanager
def behind_sentinel(folder: Path, offset_seconds: float) -> Iterator[BehindSentinel]:
    """All of them running; the clock of the replica is off by as much. In the end the server has met no defect."""
    (folder / "redis").mkdir()
    watched = WatchedRedis(folder / "redis")
    watched.start()
    settings = (
        f'topology = "sentinel"\nsentinels = ["{watched.sentinel}"]\nsentinel_service = "{SERVICE}"'
    )
    store = RedisStore(watched.url, new_prefix(), settings)
    store.client.hset(CLOCK_KEY, str(watched.servers[1].port), int(offset_seconds * 1000))
    try:
        with disturbed(folder, store=store) as server:
            yield BehindSentinel(server, watched, store)
            assert not [word for word in DEFECTS if word in server.process.log], server.process.log
        end_keys(watched.servers[1].url, store.prefix)
    finally:
        store.client.close()
        watched.stop()
