"""Reads rows of a workflow's partition: all as of one version."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence

from podium_backends.cassandra.connection import Row, Session
from podium_backends.cassandra.partition.partition import Found, Partition
from podium_backends.cassandra.partition.rows import RowKey
from podium_core.errors import OverloadedError

# A statement is prepared for each of these counts; the last key fills the rest.
_COUNTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 200)
_TRIES = 20
_RETRY_AFTER_MS = 50

_ROWS = "SELECT version, removal, kind, id, facts, value FROM executions WHERE workflow_id = ?"
_KEYED = {n: f"{_ROWS} AND (kind, id) IN ({', '.join(['(?, ?)'] * n)})" for n in _COUNTS}
_ALL_FACTS = f"{_ROWS} AND kind >= 0 AND kind <= 1"
_STATIC = "SELECT DISTINCT version, removal, workflow_id FROM executions WHERE workflow_id = ?"


async def read_partition(
    session: Session,
    workflow_id: str,
    wanted: frozenset[RowKey],
    *,
    all_facts: bool = False,
    version_first: bool = False,
) -> Partition:
    """The rows that are wanted, on one state.

    Args:
        session: Where to ask.
        workflow_id: The partition.
        wanted: Rows, there or not.
        all_facts: The workflow's and every task's, too.
        version_first: Look for the version of a partition that has none of the rows. (Without it such a one looks as if
            it weren't there, which its next conditional batch finds out.)
    """
    in_parts = all_facts or len(wanted) > _COUNTS[-1]
    for _ in range(_TRIES):
        statics = await _statics(session, workflow_id) if version_first or in_parts else ()
        found = await _read(session, workflow_id, wanted, all_facts=all_facts)
        # A part without rows has no version: only where that is the same before and after all parts are one state.
        if in_parts and await _statics(session, workflow_id) != statics:
            continue
        version, removal = found[0][:2] if found else statics or (None, None)
        parts = {(kind, id_): Found(facts, value) for _, _, kind, id_, facts, value in found}
        asked = wanted | frozenset(parts) if all_facts else wanted
        return Partition(workflow_id, asked, version, removal, parts)
    raise OverloadedError(
        f"workflow '{workflow_id}' was written again and again while it was read",
        retry_after_ms=_RETRY_AFTER_MS,
    )


async def _statics(session: Session, workflow_id: str) -> Row:
    """Version and removal; empty: there is no such partition."""
    found = await session.rows(_STATIC, workflow_id)
    return found[0][:2] if found else ()


async def _read(
    session: Session, workflow_id: str, wanted: frozenset[RowKey], *, all_facts: bool
) -> list[Row]:
    keys = list(wanted)
    most = _COUNTS[-1]
    reads = [_keyed(session, workflow_id, keys[at : at + most]) for at in range(0, len(keys), most)]
    if all_facts:
        reads.append(session.rows(_ALL_FACTS, workflow_id))
    if len(reads) == 1:
        return await reads[0]
    return [row for part in await asyncio.gather(*reads) for row in part]


async def _keyed(session: Session, workflow_id: str, keys: Sequence[RowKey]) -> list[Row]:
    count = _COUNTS[bisect_left(_COUNTS, len(keys))]
    filled = [*keys, *[keys[-1]] * (count - len(keys))]
    values = [value for key in filled for value in key]
    return await session.rows(_KEYED[count], workflow_id, *values)
