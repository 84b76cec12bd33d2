"""A Cassandra for the points, what a server is told to keep its data there, and how many requests it got."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generator import Connections
from benchmarks.processes import Server
from tests.services.cassandra_server import CassandraServer

_CLIENTS = "SELECT driver_name, keyspace_name, request_count FROM system_views.clients"


@dataclass(frozen=True)
class CassandraWorld:
    """A running Cassandra.

    Attributes:
        host: Where it listens.
        port: Its port.
        server: Its process.
    """

    host: str
    port: int
    server: Server


@contextmanager
def cassandra_world() -> Iterator[CassandraWorld]:
    """One node with 512 MB of heap, for the time of the context."""
    with TemporaryDirectory(prefix="bench-cassandra-", ignore_cleanup_errors=True) as folder:
        node = CassandraServer(Path(folder))
        began = time.monotonic()
        node.start()
        try:
            host, port = node.contact_point
            server = Server(node.process.pid, f"{host}:{port}", began)
            yield CassandraWorld(host, port, server)
        finally:
            # Its data is thrown away, so there is nothing to wait for.
            node.kill()


def on_cassandra(world: CassandraWorld, keyspace: str, *, index: bool = True) -> dict[str, str]:
    """A server's settings: all that a Cassandra serves is there, the rest embedded."""
    served = ("executions", "metadata", "event_handlers", "poll_data", "concurrency_limits")
    return {
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__PAYLOADS__KIND": "local_files",
        "PODIUM_STORES__WIDE__KIND": "cassandra",
        "PODIUM_STORES__WIDE__CONTACT_POINTS": f"{world.host}:{world.port}",
        "PODIUM_STORES__WIDE__KEYSPACE": keyspace,
        "PODIUM_STORES__WIDE__REPLICATION": "1",
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "payloads",
        "PODIUM_ROUTING__INDEX": "main" if index else "none",
        **{f"PODIUM_ROUTING__{data_type.upper()}": "wide" for data_type in served},
    }


async def requests_in(connections: Connections, host: str, port: int, keyspace: str) -> int:
    """How many requests Cassandra got over the connections that use a keyspace."""
    clients = await _clients(connections, host, port)
    return sum(count for _, used, count in clients if used == keyspace)


async def requests_by_java(connections: Connections, host: str, port: int) -> int:
    """How many requests Cassandra got from Java's driver."""
    clients = await _clients(connections, host, port)
    return sum(count for driver, _, count in clients if "Java" in driver)


async def _clients(
    connections: Connections, host: str, port: int
) -> list[tuple[str, str | None, int]]:
    import acsylla

    del connections
    session = await acsylla.create_cluster([host], port=port, log_level="critical").create_session()
    try:
        found = await session.execute(acsylla.create_statement(_CLIENTS))
        return [row.as_tuple() for row in found]
    finally:
        await session.close()
