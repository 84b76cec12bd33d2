"""A server on a Redis that a test may kill, stop and fill up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium_client import PodiumClient
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from tests.backends.redis.stores import end_keys, new_prefix
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.stores import RedisStore
from tests.services.redis_server import RedisServer

# Each acknowledged write is on the disk.
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
# All that a client may be told while Redis is away: nothing was written, or nobody knows.
AWAY = (BackendUnavailableError, OutcomeUnknownError)
# An entry of the drainer that broke off, a stack trace: nothing that Redis does is a defect of the server.
DEFECTS = ("defect", "Traceback")


@dataclass(frozen=True)
class OnOwnRedis:
    """A server, its Redis, and what it keeps there."""

    server: Disturbed
    redis: RedisServer
    store: RedisStore

    def client(self) -> PodiumClient:
        """A client that never repeats a call by itself."""
        return self.server.client()

    def keyspace(self) -> dict[str, Any]:
        """All keys and their values, but for the leases of the drainers, which come and go."""
        client, keys = self.store.client, self.store.keys
        passing = {keys.outbox_leases, keys.outbox_owners}
        names = {key.decode() for key in client.scan_iter(f"{self.store.prefix}.*", count=1_000)}
        return {name: client.dump(name) for name in sorted(names - passing)}


@contextmanager
def on_own_redis(
    folder: Path, options: Sequence[str] = (), settings: str = ""
) -> Iterator[OnOwnRedis]:
    """Both running. In the end the queues' keys fit together, and the server has met no defect.

    Args:
        folder: For the data of both.
        options: Of redis-server.
        settings: Further lines of the store's table.
    """
    (folder / "redis").mkdir()
    redis = RedisServer(folder / "redis", options=options)
    redis.start()
    store = RedisStore(redis.url, new_prefix(), settings)
    try:
        with disturbed(folder, "podium", "--writer-first-ms", "300", store=store) as server:
            yield OnOwnRedis(server, redis, store)
            assert not [word for word in DEFECTS if word in server.process.log], server.process.log
        end_keys(redis.url, store.prefix)
    finally:
        store.client.close()
        redis.stop()
