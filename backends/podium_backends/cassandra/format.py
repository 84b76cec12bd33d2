"""What a keyspace holds: its tables, and the row that says which format they have."""

from __future__ import annotations

from typing import NamedTuple

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.schema import FORMAT, FORMAT_ROW
from podium_backends.cassandra.settings import CassandraSettings


class StoredFormat(NamedTuple):
    """What a keyspace says of itself."""

    version: int
    serial_consistency: str


async def tables_of(session: Session, keyspace: str) -> set[str]:
    """The tables that are there; none where the keyspace lacks. Raises BackendUnavailableError."""
    cql = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?"
    return {name for (name,) in await session.rows(cql, keyspace)}


async def stored_format(session: Session, keyspace: str) -> StoredFormat | None:
    """What the keyspace, which has our tables, says of itself; None: nothing yet. Raises BackendUnavailableError."""
    cql = f"SELECT version, serial_consistency FROM {keyspace}.podium_format WHERE name = ?"
    for version, serial_consistency in await session.rows(cql, FORMAT_ROW):
        return StoredFormat(version, serial_consistency)
    return None


async def format_fault(session: Session, settings: CassandraSettings) -> str:
    """Why these settings don't go with a keyspace that has our tables, in one line; empty: they do.

    Raises:
        BackendUnavailableError: It can't be read.
    """
    stored = await stored_format(session, settings.keyspace)
    if stored is None:
        return f"keyspace {settings.keyspace} has our tables, and podium_format has no row"
    if stored.version != FORMAT:
        return (
            f"keyspace {settings.keyspace} has format {stored.version}, and this version uses {FORMAT}:"
            " start a version of Podium that knows it"
        )
    if stored.serial_consistency != settings.serial_consistency:
        return (
            f"keyspace {settings.keyspace} was made for serial_consistency {stored.serial_consistency},"
            f" not {settings.serial_consistency}: writes at two levels would not see each other"
        )
    return ""
