"""The keyspace and its tables: created where they lack, by several servers at once, and compared with our format."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import NAMESPACE_DNS, uuid4, uuid5

import structlog

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.format import format_fault, stored_format, tables_of
from podium_backends.cassandra.schema import (
    create_format_row,
    create_keyspace,
    create_table,
    tables,
)
from podium_backends.cassandra.settings import CassandraSettings
from podium_core.errors import BackendUnavailableError, IncompatibleStoreError

_log = structlog.get_logger("podium.cassandra")

LEASE_SECONDS = 60
_LOOK_SECONDS = 0.2
# A node that is down has an old schema for as long.
_AGREEMENT_SECONDS = 10.0


class Setup:
    """Prepares one keyspace, over a session that is in none."""

    def __init__(self, session: Session, settings: CassandraSettings) -> None:
        self._session = session
        self._settings = settings
        self._keyspace = settings.keyspace
        self._server = uuid4().hex

    async def run(self) -> None:
        """Create what lacks, then compare the format.

        Raises:
            IncompatibleStoreError: The format is another one, or something lacks and may not be created.
            BackendUnavailableError: The Cassandra can't be reached.
            OutcomeUnknownError: A request timed out.
        """
        if not await self._is_complete():
            if not self._settings.create_schema:
                raise IncompatibleStoreError(
                    f"keyspace {self._keyspace} lacks tables, and create_schema is off:"
                    " run what 'podium cassandra schema' prints"
                )
            await self._create()
        if fault := await format_fault(self._session, self._settings):
            raise IncompatibleStoreError(fault)

    async def _is_complete(self) -> bool:
        there = await tables_of(self._session, self._keyspace)
        if not tables().keys() <= there:
            return False
        return await stored_format(self._session, self._keyspace) is not None

    async def _create(self) -> None:
        await self._create_lock_table()
        async with self._lease() as still_held:
            there = await tables_of(self._session, self._keyspace)
            for name in tables():
                if name not in there:
                    await still_held()
                    await self._session.execute(create_table(self._keyspace, name))
            await self._await_agreement()
            row = create_format_row(self._keyspace, self._settings.serial_consistency)
            await self._session.apply([Write(row, ())])

    async def _create_lock_table(self) -> None:
        """Several servers may create it at once: its id is the same for all, so that no node has another table."""
        id_ = uuid5(NAMESPACE_DNS, f"podium_lock.{self._keyspace}")
        await self._session.execute(create_keyspace(self._keyspace, self._settings.replication))
        await self._await_agreement()
        await self._session.execute(
            f"CREATE TABLE IF NOT EXISTS {self._lock} (name text PRIMARY KEY, server text) WITH id = {id_}"
        )
        await self._await_agreement()

    @property
    def _lock(self) -> str:
        return f"{self._keyspace}.podium_lock"

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Hold the lock; it lapses by itself if we die."""
        take = Write(
            f"INSERT INTO {self._lock} (name, server) VALUES ('schema', ?) IF NOT EXISTS"
            f" USING TTL {LEASE_SECONDS}",
            (self._server,),
        )
        while True:
            if await self._session.apply([take]):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        try:
            yield self._still_held
        finally:
            give_back = f"DELETE FROM {self._lock} WHERE name = 'schema' IF server = ?"
            await self._session.apply([Write(give_back, (self._server,))])

    async def _still_held(self) -> None:
        extend = Write(
            f"UPDATE {self._lock} USING TTL {LEASE_SECONDS} SET server = ?"
            " WHERE name = 'schema' IF server = ?",
            (self._server, self._server),
        )
        if not await self._session.apply([extend]):
            raise BackendUnavailableError(
                self._session.store, "another server creates the schema; this one waits for it"
            )

    async def _await_agreement(self) -> None:
        """Return once all nodes have the same schema, or after a while: one that is down never will."""
        end = time.monotonic() + _AGREEMENT_SECONDS
        while len(versions := await self._schema_versions()) > 1:
            if time.monotonic() > end:
                _log.warning("nodes have different schemas", versions=sorted(versions))
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _schema_versions(self) -> set[str]:
        own = await self._session.rows("SELECT schema_version FROM system.local")
        peers = await self._session.rows("SELECT schema_version FROM system.peers")
        return {str(version) for (version,) in [*own, *peers] if version is not None}
