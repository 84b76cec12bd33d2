"""Keyspaces for tests. One takes seconds to create, so that a session has one for all tests, which each leaves empty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.schema import tables
from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.setup import Setup
from tests.services.cassandra_server import ContactPoint

# Says what a keyspace is, and stays.
_KEPT = {"podium_format"}


@pytest.fixture(scope="session")
def cassandra_keyspace(cassandra_contact_point: ContactPoint) -> Iterator[str]:
    """``host:port/keyspace`` of a keyspace with all tables: ``leave_empty`` at the end of a test."""
    settings = settings_at(cassandra_contact_point, new_keyspace())
    run_apart(lambda: create(settings))
    yield f"{settings.contact_points[0]}/{settings.keyspace}"
    run_apart(lambda: drop(settings))


@pytest.fixture(scope="session")
def cassandra_and_redis(cassandra_keyspace: str, redis_url: str) -> str:
    """The same, and after a space the URL of a Redis."""
    return f"{cassandra_keyspace} {redis_url}"


def new_keyspace() -> str:
    """A name that no other test has."""
    return f"test_{uuid4().hex[:20]}"


def settings_at(point: ContactPoint, keyspace: str, **others: Any) -> CassandraSettings:
    """The settings of a store in a keyspace of a Cassandra of one node."""
    address = f"{point.host}:{point.port}"
    return CassandraSettings(
        contact_points=[address], keyspace=keyspace, replication=1, request_timeout_ms=60_000
    ).model_copy(update=others)


def settings_of(address: str) -> CassandraSettings:
    """The same, from what the fixture gives."""
    point, _, keyspace = address.partition("/")
    host, _, port = point.rpartition(":")
    return settings_at(ContactPoint(host, int(port)), keyspace)


@asynccontextmanager
async def session_in(
    settings: CassandraSettings, keyspace: str | None = None
) -> AsyncIterator[Session]:
    """A session of our own; where no keyspace is named, in none."""
    session = Session(settings.target("test"), _nothing, keyspace)
    try:
        yield session
    finally:
        await session.close()


async def _nothing() -> None:
    """The keyspace is there."""


async def create(settings: CassandraSettings) -> None:
    """Create a keyspace with all tables."""
    async with session_in(settings) as session:
        await Setup(session, settings).run()


async def drop(settings: CassandraSettings) -> None:
    """Drop a keyspace, if it is there."""
    async with session_in(settings) as session:
        await session.execute(f"DROP KEYSPACE IF EXISTS {settings.keyspace}")


async def empty(settings: CassandraSettings) -> None:
    """Delete every row; faster than TRUNCATE, as long as no row is of a time to come."""
    async with session_in(settings, settings.keyspace) as session:
        keys = await _partition_keys(session, settings.keyspace)
        await asyncio.gather(
            *(_empty_table(session, table, keys[table]) for table in tables() if table not in _KEPT)
        )


async def _partition_keys(session: Session, keyspace: str) -> dict[str, list[str]]:
    cql = "SELECT table_name, column_name, kind FROM system_schema.columns WHERE keyspace_name = ?"
    keys: dict[str, list[str]] = {}
    for table, column, kind in await session.rows(cql, keyspace):
        if kind == "partition_key":
            keys.setdefault(table, []).append(column)
    return keys


async def _empty_table(session: Session, table: str, keys: Sequence[str]) -> None:
    which = " AND ".join(f"{key} = ?" for key in keys)
    there = f"SELECT DISTINCT {', '.join(keys)} FROM {table}"  # noqa: S608
    delete = f"DELETE FROM {table} WHERE {which}"  # noqa: S608
    found = await session.rows(there)
    await asyncio.gather(*(session.write(delete, *row) for row in found))
    if found and await session.rows(there):
        await session.execute(f"TRUNCATE {table}")


def leave_empty(settings: CassandraSettings) -> None:
    """``empty`` at the end of a test."""
    run_apart(lambda: empty(settings))


def damage(settings: CassandraSettings, cql: str, *values: Any) -> None:
    """Write past the adapters."""

    async def write() -> None:
        async with session_in(settings, settings.keyspace) as session:
            await session.write(cql, *values)

    run_apart(write)


def damage_task(settings: CassandraSettings, task_id: str) -> None:
    """Make the document of a task one that nobody can read."""

    async def write() -> None:
        async with session_in(settings, settings.keyspace) as session:
            cql = "SELECT workflow_id FROM workflow_of_task WHERE task_id = ?"
            ((workflow_id,),) = await session.rows(cql, task_id)
            cql = "UPDATE executions SET document = 0xFF WHERE workflow_id = ? AND kind = 1 AND id = ?"
            await session.write(cql, workflow_id, task_id)

    run_apart(write)


def run_apart(job: Callable[[], Awaitable[None]]) -> None:
    """Run a job to its end on a loop of its own, whether one runs here or not."""
    failed: list[BaseException] = []

    async def run() -> None:
        await job()

    def target() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=target)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
