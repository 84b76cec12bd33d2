"""A Redis for the points, and what a server is told to keep its data there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Server
from tests.services.redis_server import RedisServer

PREFIX = "bench"


@dataclass(frozen=True)
class RedisWorld:
    """A running Redis.

    Attributes:
        host: Where it listens.
        port: Its port.
        server: Its process.
    """

    host: str
    port: int
    server: Server

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://{self.host}:{self.port}/0"


@contextmanager
def redis_world(folder: Path) -> Iterator[RedisWorld]:
    """A Redis without persistence, for the time of the context."""
    redis = RedisServer(folder)
    began = time.monotonic()
    redis.start()
    try:
        address = f"127.0.0.1:{redis.port}"
        yield RedisWorld("127.0.0.1", redis.port, Server(redis.process.pid, address, began))
    finally:
        redis.stop()


def on_redis(url: str, prefix: str = PREFIX) -> dict[str, str]:
    """A server's settings: everything on Redis but the index and payloads."""
    served = (
        "executions",
        "metadata",
        "event_handlers",
        "poll_data",
        "queues",
        "concurrency_limits",
        "rate_limits",
    )
    return {
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__PAYLOADS__KIND": "local_files",
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__REDIS__URL": url,
        "PODIUM_STORES__REDIS__LAYOUT": "podium",
        "PODIUM_STORES__REDIS__WORKFLOW_PREFIX": prefix,
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "payloads",
        **{f"PODIUM_ROUTING__{data_type.upper()}": "redis" for data_type in served},
    }
