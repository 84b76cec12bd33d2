"""The keyspace that a session shares, left empty by each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.settings import CassandraSettings
from tests.backends.cassandra.keyspaces import leave_empty, session_in, settings_of
from tests.backends.cassandra.open_stores import Process, process_on
from tests.clock import FakeClock


@pytest.fixture
def settings(cassandra_keyspace: str) -> Iterator[CassandraSettings]:
    chosen = settings_of(cassandra_keyspace)
    yield chosen
    leave_empty(chosen)


@pytest.fixture
async def session(settings: CassandraSettings) -> AsyncIterator[Session]:
    async with session_in(settings, settings.keyspace) as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def first(
    settings: CassandraSettings, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> AsyncIterator[Process]:
    async with process_on(settings, monkeypatch, clock) as process:
        yield process


@pytest.fixture
async def second(
    settings: CassandraSettings, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> AsyncIterator[Process]:
    """Another one, on the same keyspace."""
    async with process_on(settings, monkeypatch, clock) as process:
        yield process
