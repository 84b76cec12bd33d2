"""The Cassandra spike's keyspace and store; the Redis spike has a store of its own beside its tests.

Stays with them until the real adapters replace them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import acsylla
import pytest_asyncio

from tests.services.cassandra_server import ContactPoint
from tests.spikes.cassandra_store import Store
from tests.spikes.cassandra_tables import Tables


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tables(cassandra_contact_point: ContactPoint) -> AsyncIterator[Tables]:
    cluster = acsylla.create_cluster(
        [cassandra_contact_point.host],
        port=cassandra_contact_point.port,
        log_level="disabled",
        consistency=acsylla.Consistency.LOCAL_QUORUM,
        serial_consistency=acsylla.Consistency.LOCAL_SERIAL,
    )
    session: Any = await cluster.create_session()
    yield await Tables.create(session, f"spike_{uuid4().hex}")
    await session.close()


@pytest_asyncio.fixture(loop_scope="module")
async def store(tables: Tables) -> AsyncIterator[Store]:
    made = Store(tables)
    yield made
    await made.drainer.drain()
    assert await made.rows_left() == 0
