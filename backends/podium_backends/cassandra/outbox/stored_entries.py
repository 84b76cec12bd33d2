"""Reads the entries of a partition, and what they go by."""

from __future__ import annotations

from podium_backends.cassandra.connection import Session
from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.rows import StoredEntry

_ENTRIES = "SELECT id, value FROM executions WHERE workflow_id = ? AND kind = 3"
_REMOVAL = "SELECT DISTINCT workflow_id, removal FROM executions WHERE workflow_id = ?"


async def entries_of(session: Session, owner: str) -> list[tuple[str, StoredEntry]]:
    """The entries in a partition, each with the id of its row. Raises as ``Session.rows``."""
    found = await session.rows(_ENTRIES, owner)
    return [(id_, rows.decode_entry(value)) for id_, value in found if value is not None]


async def planned_ms(session: Session, workflow_id: str) -> int | None:
    """When a workflow is to go; None where that isn't known. Raises as ``Session.rows``."""
    for _, record in await session.rows(_REMOVAL, workflow_id):
        if record is not None:
            return rows.decode_removal(record).due_ms
    return None
