"""The stores that faults are tested on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.backends.cassandra.keyspaces import leave_empty, settings_of
from tests.backends.redis.stores import end_keys, new_prefix
from tests.faults.cassandra_store import CassandraStore
from tests.faults.stores import CLOCK_KEY, EmbeddedStore, NewStore, RedisStore, Store


@pytest.fixture(params=["sqlite", "redis", "cassandra"])
def new_store(request: pytest.FixtureRequest) -> Iterator[NewStore]:
    """Makes a store for a folder; what it left on a shared server is deleted in the end."""
    if request.param == "sqlite":
        yield EmbeddedStore
    elif request.param == "cassandra":
        address: str = request.getfixturevalue("cassandra_keyspace")
        with _cassandra_stores(address) as new:
            yield new
    else:
        url: str = request.getfixturevalue("redis_url")
        with _redis_stores(url) as new:
            yield new


@contextmanager
def _redis_stores(url: str) -> Iterator[NewStore]:
    made: list[RedisStore] = []

    def new(folder: Path) -> Store:
        del folder
        made.append(RedisStore(url, new_prefix()))
        return made[-1]

    yield new
    for store in made:
        end_keys(url, store.prefix)
        store.client.delete(CLOCK_KEY)
        store.client.close()


@contextmanager
def _cassandra_stores(address: str) -> Iterator[NewStore]:
    """All of a test in one keyspace, one after the other."""
    settings = settings_of(address)
    made: list[CassandraStore] = []

    def new(folder: Path) -> Store:
        del folder
        if made:
            made.pop().close()
            leave_empty(settings)
        made.append(CassandraStore(settings))
        return made[-1]

    yield new
    for store in made:
        store.close()
    leave_empty(settings)
