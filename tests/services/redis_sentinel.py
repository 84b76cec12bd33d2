"""A primary, its replica and a Sentinel that watches over them: real servers, for fail-overs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services.ports import LOOPBACK, free_ports
from tests.services.process import ServerProcess
from tests.services.redis_server import RedisServer, redis_binary, said

SERVICE = "podium-primary"
# After so long without an answer the Sentinel takes a primary for dead.
DOWN_MS = 500


class WatchedRedis:
    """Two Redis servers, of which Sentinel calls one the primary.

    Attributes:
        servers: The first one is the primary at the beginning.
        sentinel: The Sentinel's address, as the setting ``sentinels`` takes it.
    """

    def __init__(self, folder: Path) -> None:
        primary, replica = folder / "primary", folder / "replica"
        for each in (primary, replica):
            each.mkdir()
        first = RedisServer(primary)
        second = RedisServer(replica, options=["--replicaof", LOOPBACK, str(first.port)])
        self.servers = (first, second)
        port = free_ports(1)[0]
        self.sentinel = f"{LOOPBACK}:{port}"
        self._port = port
        self._folder = folder
        self._process: ServerProcess | None = None

    def start(self) -> None:
        """Return once the Sentinel knows both servers, and the replica follows its primary."""
        for server in self.servers:
            server.start()
        config = self._folder / "sentinel.conf"
        config.write_text(
            f"port {self._port}\nbind {LOOPBACK}\ndir {self._folder}\n"
            f"sentinel monitor {SERVICE} {LOOPBACK} {self.servers[0].port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} {DOWN_MS}\n"
            f"sentinel failover-timeout {SERVICE} 2000\n"
        )
        command = [str(redis_binary()), str(config), "--sentinel"]
        self._process = ServerProcess("Sentinel", command, self._folder / "sentinel.log")
        self._process.start(self._watches)

    def stop(self) -> None:
        for process in (self._process, *(server.process for server in self.servers)):
            if process is not None:
                process.stop()

    @property
    def url(self) -> str:
        """The URL of the first primary."""
        return self.servers[0].url

    def primary_port(self) -> int:
        """The port of whom the Sentinel calls the primary."""
        answer = said(self._port, f"SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}")
        return int(answer.split("\r\n")[4])

    def _watches(self) -> bool:
        known = said(self._port, f"SENTINEL REPLICAS {SERVICE}")
        replica = str(self.servers[1].port)
        follows = "master_link_status:up" in said(self.servers[1].port, "INFO replication")
        return follows and replica in known and "s_down" not in known


@contextmanager
def native_redis_with_sentinel() -> Iterator[str]:
    """Run all three in a folder of their own; give the primary's URL and, after a space, the Sentinel's address."""
    with TemporaryDirectory(prefix="podium-sentinel-") as folder:
        watched = WatchedRedis(Path(folder))
        watched.start()
        try:
            yield f"{watched.url} {watched.sentinel}"
        finally:
            watched.stop()
