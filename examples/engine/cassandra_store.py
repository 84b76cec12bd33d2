"""``--cassandra``: executions and definitions on a Cassandra that is there, in a keyspace of the demo's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import acsylla

_STORE = """\
[stores.cassandra]
kind = "cassandra"
contact_points = ["{address}"]
keyspace = "{keyspace}"
replication = 1
"""
_ROUTING = """\
[routing]
executions = "cassandra"
metadata = "cassandra"
event_handlers = "cassandra"
poll_data = "cassandra"
concurrency_limits = "cassandra"
"""


class CassandraUnavailableError(Exception):
    """There is no Cassandra for the demo; the message says what to do."""


@contextmanager
def executions_on_cassandra(address: str, configuration: str) -> Iterator[str]:
    """A configuration with all that a Cassandra can serve on this one; the keyspace is dropped in the end.

    Args:
        address: ``HOST:PORT`` of one that is there.
        configuration: Of the other stores, as ``podium.toml`` says them.
    Raises:
        CassandraUnavailableError: None answers at the address.
    """
    keyspace = f"podium_demo_{uuid4().hex[:8]}"
    try:
        asyncio.run(_run(address, "SELECT release_version FROM system.local"))
    except (acsylla.errors.CassException, ValueError) as error:
        raise CassandraUnavailableError(f"--cassandra {address}: {error}") from error
    routed = configuration.replace("[routing]\n", _ROUTING)
    try:
        yield _STORE.format(address=address, keyspace=keyspace) + routed
    finally:
        # One that is gone by now keeps them in a keyspace that nobody uses.
        with contextlib.suppress(acsylla.errors.CassException):
            asyncio.run(_run(address, f"DROP KEYSPACE IF EXISTS {keyspace}"))


async def _run(address: str, cql: str) -> None:
    host, _, port = address.rpartition(":")
    cluster = acsylla.create_cluster([host], port=int(port), log_level="critical")
    session = await cluster.create_session()
    try:
        await session.execute(acsylla.create_statement(cql, timeout=60.0))
    finally:
        await session.close()
