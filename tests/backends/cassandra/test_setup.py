"""The keyspace: created by several servers at once, completed, and compared with our format."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import NAMESPACE_DNS, uuid5

import pytest

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.format import StoredFormat, stored_format, tables_of
from podium_backends.cassandra.schema import create_keyspace, create_table, tables, whole_schema
from podium_backends.cassandra.settings import CassandraSettings
from podium_backends.cassandra.setup import LEASE_SECONDS, Setup
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError
from tests.backends.cassandra.keyspaces import (
    drop,
    new_keyspace,
    run_apart,
    session_in,
    settings_at,
)
from tests.services.cassandra_server import ContactPoint

JAVA_TASK_DEFS = (
    "CREATE TABLE IF NOT EXISTS {}.task_definitions( task_defs text,task_def_name text,"
    "task_definition text,PRIMARY KEY((task_defs), task_def_name))"
)


@pytest.fixture
def fresh(cassandra_contact_point: ContactPoint) -> Iterator[CassandraSettings]:
    """A keyspace that isn't there yet."""
    settings = settings_at(cassandra_contact_point, new_keyspace())
    yield settings
    run_apart(lambda: drop(settings))


async def run(settings: CassandraSettings) -> None:
    async with session_in(settings) as session:
        await Setup(session, settings).run()


async def columns(session: Session, keyspace: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    cql = "SELECT table_name, column_name FROM system_schema.columns WHERE keyspace_name = ?"
    for table, column in await session.rows(cql, keyspace):
        found.setdefault(table, set()).add(column)
    return found


class TestCreation:
    async def test_by_four_servers_at_once(self, fresh: CassandraSettings) -> None:
        """Each returns when all tables are there."""

        async def start() -> set[str]:
            async with session_in(fresh) as session:
                await Setup(session, fresh).run()
                return await tables_of(session, fresh.keyspace)

        seen = await asyncio.gather(*(start() for _ in range(4)))
        assert all(one == {*tables(), "podium_lock"} for one in seen)
        async with session_in(fresh, fresh.keyspace) as session:
            assert await stored_format(session, fresh.keyspace) == StoredFormat(1, "LOCAL_SERIAL")
            assert await session.rows("SELECT name FROM podium_lock") == []
            cql = "SELECT id FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
            # Not a random one: two nodes that create it at once must not have two tables of that name.
            ((id_,),) = await session.rows(cql, fresh.keyspace, "podium_lock")
            assert str(id_) == str(uuid5(NAMESPACE_DNS, f"podium_lock.{fresh.keyspace}"))

    async def test_beside_tables_of_java_and_after_one_that_broke_off(
        self, fresh: CassandraSettings
    ) -> None:
        async with session_in(fresh) as session:
            await session.execute(create_keyspace(fresh.keyspace, 1))
            await session.execute(JAVA_TASK_DEFS.format(fresh.keyspace))
            await session.execute(create_table(fresh.keyspace, "podium_format"))
            await run(fresh)
            assert await tables_of(session, fresh.keyspace) == {*tables(), "podium_lock"}
            assert await stored_format(session, fresh.keyspace) is not None

    async def test_what_is_printed_makes_the_same(self, fresh: CassandraSettings) -> None:
        """So that somebody else may create it, and the server starts without the right to."""
        printed = whole_schema(fresh.keyspace, 1, "LOCAL_SERIAL")
        async with session_in(fresh) as session:
            for statement in printed.split(";"):
                if statement.strip():
                    await session.execute(statement)
            await run(fresh.model_copy(update={"create_schema": False}))
            assert await tables_of(session, fresh.keyspace) == set(tables())


class TestWithoutTheRightToCreate:
    async def test_says_what_to_run(self, cassandra_contact_point: ContactPoint) -> None:
        settings = settings_at(cassandra_contact_point, new_keyspace(), create_schema=False)
        with pytest.raises(IncompatibleStoreError, match="podium cassandra schema"):
            await run(settings)
        async with session_in(settings) as session:
            assert await tables_of(session, settings.keyspace) == set()

    async def test_needs_the_row_of_the_format(
        self, settings: CassandraSettings, session: Session
    ) -> None:
        async with without_format(session):
            with pytest.raises(IncompatibleStoreError, match="podium cassandra schema"):
                await run(settings.model_copy(update={"create_schema": False}))


@asynccontextmanager
async def without_format(session: Session) -> AsyncIterator[None]:
    """Nobody has said of the keyspace what it is."""
    await session.write("TRUNCATE podium_format")
    try:
        yield
    finally:
        await session.write("TRUNCATE podium_format")
        insert = "INSERT INTO podium_format (name, version, serial_consistency) VALUES (?, ?, ?)"
        await session.write(insert, "podium", 1, "LOCAL_SERIAL")


class TestFormat:
    async def test_another_serial_level_is_refused(self, settings: CassandraSettings) -> None:
        with pytest.raises(IncompatibleStoreError, match="serial_consistency LOCAL_SERIAL, not"):
            await run(settings.model_copy(update={"serial_consistency": "SERIAL"}))

    @pytest.mark.parametrize("version", [0, 2])
    async def test_another_version_is_refused(
        self, settings: CassandraSettings, session: Session, version: int
    ) -> None:
        async with without_format(session):
            insert = (
                "INSERT INTO podium_format (name, version, serial_consistency) VALUES (?, ?, ?)"
            )
            await session.write(insert, "podium", version, "LOCAL_SERIAL")
            with pytest.raises(IncompatibleStoreError, match=f"has format {version}"):
                await run(settings)

    async def test_the_first_server_says_the_serial_level(
        self, settings: CassandraSettings, session: Session
    ) -> None:
        async with without_format(session):
            await run(settings.model_copy(update={"serial_consistency": "SERIAL"}))
            assert await stored_format(session, settings.keyspace) == StoredFormat(1, "SERIAL")


class TestLease:
    """Only its holder creates tables."""

    async def test_waits_for_another_server_and_for_one_that_died(
        self, settings: CassandraSettings, session: Session
    ) -> None:
        async with without_format(session):
            take = "INSERT INTO podium_lock (name, server) VALUES ('schema', 'dead') USING TTL 2"
            await session.write(take)
            begun = time.monotonic()
            await run(settings)
            assert time.monotonic() - begun > 1
            assert await stored_format(session, settings.keyspace) is not None

    async def test_one_that_lost_it_stops(
        self, settings: CassandraSettings, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its process may have been stopped for a minute."""

        async def lose_it(self: Setup) -> None:
            await session.apply(
                [Write("DELETE FROM podium_lock WHERE name = 'schema' IF EXISTS", ())]
            )
            await still_held(self)

        still_held = Setup._still_held
        monkeypatch.setattr(Setup, "_still_held", lose_it)
        await session.execute("DROP TABLE poll_data")
        try:
            with pytest.raises(BackendUnavailableError, match="another server"):
                await run(settings)
            assert "poll_data" not in await tables_of(session, settings.keyspace)
        finally:
            await session.execute(create_table(settings.keyspace, "poll_data"))

    async def test_lapses_if_its_holder_dies(
        self, settings: CassandraSettings, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left: list[int] = []

        async def look(self: Setup) -> None:
            left.extend(await ttl())
            await still_held(self)
            left.extend(await ttl())

        async def ttl() -> list[int]:
            rows = await session.rows("SELECT TTL(server) FROM podium_lock WHERE name = 'schema'")
            return [seconds or 0 for (seconds,) in rows]

        still_held = Setup._still_held
        monkeypatch.setattr(Setup, "_still_held", look)
        await session.execute("DROP TABLE poll_data")
        await run(settings)
        assert len(left) == 2
        assert all(LEASE_SECONDS - 10 < seconds <= LEASE_SECONDS for seconds in left)


def test_every_table_has_a_statement() -> None:
    assert all(
        cql.startswith(f"CREATE TABLE IF NOT EXISTS {name} ") for name, cql in tables().items()
    )
    assert not any("--" in cql for cql in tables().values())
