"""The keyspace that a session shares, left empty by each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.settings import CassandraSettings
from tests.backends.cassandra.keyspaces import leave_empty, session_in, settings_of


@pytest.fixture
def settings(cassandra_keyspace: str) -> Iterator[CassandraSettings]:
    chosen = settings_of(cassandra_keyspace)
    yield chosen
    leave_empty(chosen)


@pytest.fixture
async def session(settings: CassandraSettings) -> AsyncIterator[Session]:
    async with session_in(settings, settings.keyspace) as opened:
        yield opened
