"""A server on a Cassandra that a test may kill and stop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from podium_client import PodiumClient
from tests.backends.cassandra.keyspaces import new_keyspace, settings_at
from tests.faults.cassandra_store import CassandraStore
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.own_redis import AWAY, DEFECTS
from tests.patience import PATIENCE_SECONDS
from tests.services.cassandra_server import DURABLE, CassandraServer


@dataclass(frozen=True)
class OnOwnCassandra:
    """A server, its Cassandra, and what it keeps there."""

    server: Disturbed
    cassandra: CassandraServer
    store: CassandraStore

    def client(self) -> PodiumClient:
        """A client that never repeats a call by itself."""
        return self.server.client()

    def kill(self) -> None:
        """``kill -9``."""
        self.cassandra.kill()

    async def start(self) -> None:
        """Start it again; returns once the server writes to it."""
        # On this thread: Cassandra ends with the thread that started it.
        self.cassandra.start()
        await self.resumed()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and what was sent is carried out later."""
        self.cassandra.process.pause()

    async def resume(self) -> None:
        """SIGCONT; returns once the server writes to it."""
        self.cassandra.process.resume()
        await self.resumed()

    async def resumed(self) -> None:
        """Return once calls go through it again, the test's own too."""
        async with self.client() as podium, asyncio.timeout(PATIENCE_SECONDS):
            while not await self._answers(podium):
                await asyncio.sleep(0.05)

    async def _answers(self, podium: PodiumClient) -> bool:
        try:
            await podium.executions.remove_task("nobody's")
            await asyncio.to_thread(self.store.last_token)
        except AWAY:
            return False
        return True


@contextmanager
def own_cassandra() -> Iterator[CassandraServer]:
    """One that runs; killed in the end, whether it is still there or not."""
    with TemporaryDirectory(prefix="podium-cassandra-", ignore_cleanup_errors=True) as folder:
        server = CassandraServer(Path(folder), commitlog_sync=DURABLE)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def on_cassandra(
    folder: Path, cassandra: CassandraServer, settings: str = ""
) -> Iterator[OnOwnCassandra]:
    """A server on it, in a new keyspace. In the end the server has met no defect.

    Args:
        folder: For the server's data.
        cassandra: It runs.
        settings: Further lines of the store's table.
    """
    chosen = settings_at(cassandra.contact_point, new_keyspace())
    # The server creates the keyspace.
    with disturbed(
        folder, "podium", "--writer-first-ms", "300", store=CassandraStore(chosen, settings)
    ) as server:
        store = server.process.store
        assert isinstance(store, CassandraStore)
        yield OnOwnCassandra(server, cassandra, store)
        assert not [word for word in DEFECTS if word in server.process.log], server.process.log
        store.close()
