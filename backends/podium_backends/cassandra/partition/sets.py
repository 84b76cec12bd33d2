"""Sets of records: which a record is in, and the statements that put it there and take it out.

All members are candidates: whoever reads a set checks each against its document.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from podium_backends.cassandra.connection import Write
from podium_core.decide import TaskFacts, WorkflowFacts

SHARDS = 16
HOUR_MS = 3_600_000


class Member(NamedTuple):
    """A record in a set: the table, and the values of its key."""

    table: str
    key: tuple[str | int, ...]


_KEYS = {
    "pending": ("name", "shard", "id", "workflow_id"),
    "by_time": ("name", "hour", "create_time", "workflow_id"),
    "by_correlation": ("correlation_id", "name", "workflow_id"),
    "workflow_of_task": ("task_id", "workflow_id"),
}
_ADD = {
    table: f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) USING TIMESTAMP ?"
    for table, names in _KEYS.items()
}
_REMOVE = {
    table: f"DELETE FROM {table} USING TIMESTAMP ? WHERE {' AND '.join(f'{name} = ?' for name in names)}"
    for table, names in _KEYS.items()
}
# Hours stay: one that is empty costs its readers a look.
_ADD_HOUR = "INSERT INTO by_time_hours (name, hour) VALUES (?, ?)"


def shard_of(id_: str) -> int:
    """The same in every process."""
    return zlib.crc32(id_.encode("utf-8", "surrogatepass")) % SHARDS


def pending_workflows(name: str) -> str:
    """The name of a set of pending workflows."""
    return f"w{name}"


def pending_tasks(definition_name: str) -> str:
    """The name of a set of pending tasks."""
    return f"t{definition_name}"


def members_of_workflow(workflow_id: str, facts: WorkflowFacts | None) -> frozenset[Member]:
    """The sets that a workflow is in."""
    if facts is None:
        return frozenset()
    found = set()
    if facts.pending:
        key = (pending_workflows(facts.name), shard_of(workflow_id), workflow_id, workflow_id)
        found.add(Member("pending", key))
    if facts.listed:
        hour = facts.create_time // HOUR_MS
        found.add(Member("by_time", (f"w{facts.name}", hour, facts.create_time, workflow_id)))
        if facts.correlation_id is not None:
            found.add(Member("by_correlation", (facts.correlation_id, facts.name, workflow_id)))
    return frozenset(found)


def members_of_task(task_id: str, facts: TaskFacts | None) -> frozenset[Member]:
    """The sets that a task is in."""
    if facts is None:
        return frozenset()
    found = {Member("workflow_of_task", (task_id, facts.workflow_id))}
    if facts.pending:
        key = (pending_tasks(facts.definition_name), shard_of(task_id), task_id, facts.workflow_id)
        found.add(Member("pending", key))
    return frozenset(found)


def add(member: Member, timestamp: int) -> list[Write]:
    """Put a record into a set."""
    writes = [Write(_ADD[member.table], (*member.key, timestamp))]
    if member.table == "by_time":
        writes.append(Write(_ADD_HOUR, member.key[:2]))
    return writes


def remove(member: Member, timestamp: int) -> Write:
    """Take out of a set what was put there up to this time."""
    return Write(_REMOVE[member.table], (timestamp, *member.key))
