"""Tables and statements of the Cassandra spike: three of Conductor's tables, three of ours.

They stay as a test until the real adapter replaces them.

Conductor's tables never see a lightweight transaction, and every write to them says its timestamp. ``podium_guards``
sees lightweight transactions only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import acsylla

BUCKETS = 4

_TABLES = (
    "workflows (workflow_id uuid, shard_id int, entity text, task_id text, total_tasks int static,"
    " total_partitions int static, payload text, PRIMARY KEY ((workflow_id, shard_id), entity, task_id))",
    "task_lookup (task_id uuid PRIMARY KEY, workflow_id uuid)",
    "task_def_limit (task_def_name text, task_id uuid, workflow_id uuid, PRIMARY KEY (task_def_name, task_id))",
    # Ours. Slots and remembered requests are rows beside the guard, so that it doesn't grow with its workflow.
    "podium_guards (workflow_id uuid, kind text, name text, seq bigint static, stamp bigint static, row_id uuid static,"
    " value blob, PRIMARY KEY (workflow_id, kind, name))",
    "podium_write_sets (bucket int, row_id uuid, workflow_id uuid, body blob, PRIMARY KEY (bucket, row_id))",
    "podium_outbox (bucket int, kind text, id text, body blob, PRIMARY KEY (bucket, kind, id))",
)

_STATEMENTS = {
    "put_workflow": "UPDATE {ks}.workflows USING TIMESTAMP ? SET payload = ?"
    " WHERE workflow_id = ? AND shard_id = 1 AND entity = 'workflow' AND task_id = ''",
    "create_workflow": "INSERT INTO {ks}.workflows (workflow_id, shard_id, entity, task_id, payload, total_tasks,"
    " total_partitions) VALUES (?, 1, 'workflow', '', ?, 0, 1) USING TIMESTAMP ?",
    "put_task": "INSERT INTO {ks}.workflows (workflow_id, shard_id, entity, task_id, payload)"
    " VALUES (?, 1, 'task', ?, ?) USING TIMESTAMP ?",
    "remove_task": "DELETE FROM {ks}.workflows USING TIMESTAMP ?"
    " WHERE workflow_id = ? AND shard_id = 1 AND entity = 'task' AND task_id = ?",
    "put_lookup": "UPDATE {ks}.task_lookup USING TIMESTAMP ? SET workflow_id = ? WHERE task_id = ?",
    "remove_lookup": "DELETE FROM {ks}.task_lookup USING TIMESTAMP ? WHERE task_id = ?",
    "put_limit": "UPDATE {ks}.task_def_limit USING TIMESTAMP ? SET workflow_id = ? WHERE task_def_name = ? AND task_id = ?",
    "remove_limit": "DELETE FROM {ks}.task_def_limit USING TIMESTAMP ? WHERE task_def_name = ? AND task_id = ?",
    "put_entry": "INSERT INTO {ks}.podium_outbox (bucket, kind, id, body) VALUES (?, ?, ?, ?) USING TIMESTAMP ?",
    "remove_entry": "DELETE FROM {ks}.podium_outbox USING TIMESTAMP ? WHERE bucket = ? AND kind = ? AND id = ?",
    "entries": "SELECT kind, id, body, WRITETIME(body) AS written FROM {ks}.podium_outbox WHERE bucket = ?",
    "workflow": "SELECT task_id, payload, WRITETIME(payload) AS written FROM {ks}.workflows"
    " WHERE workflow_id = ? AND shard_id = 1 AND entity = 'workflow'",
    "tasks": "SELECT task_id, payload, WRITETIME(payload) AS written FROM {ks}.workflows"
    " WHERE workflow_id = ? AND shard_id = 1 AND entity = 'task' AND task_id IN ?",
    "all_tasks": "SELECT task_id, payload, WRITETIME(payload) AS written FROM {ks}.workflows"
    " WHERE workflow_id = ? AND shard_id = 1 AND entity = 'task'",
    "running": "SELECT workflow_id FROM {ks}.task_def_limit WHERE task_def_name = ? AND task_id = ?",
    "lookup": "SELECT workflow_id FROM {ks}.task_lookup WHERE task_id = ?",
    "guard": "SELECT DISTINCT workflow_id, seq, stamp, row_id FROM {ks}.podium_guards WHERE workflow_id = ?",
    "guard_rows": "SELECT name, value FROM {ks}.podium_guards WHERE workflow_id = ? AND kind = ? AND name IN ?",
    # The guard step: one batch on one partition, conditional on seq.
    "step_guard": "UPDATE {ks}.podium_guards SET seq = ?, stamp = ?, row_id = ? WHERE workflow_id = ? IF seq = ?",
    "raise_seq": "UPDATE {ks}.podium_guards SET seq = ? WHERE workflow_id = ? IF seq = ?",
    "put_guard_row": "INSERT INTO {ks}.podium_guards (workflow_id, kind, name, value) VALUES (?, ?, ?, ?) USING TTL ?",
    "remove_guard_row": "DELETE FROM {ks}.podium_guards WHERE workflow_id = ? AND kind = ? AND name = ?",
    "put_row": "INSERT INTO {ks}.podium_write_sets (bucket, row_id, workflow_id, body) VALUES (?, ?, ?, ?)"
    " USING TIMESTAMP ?",
    "remove_row": "DELETE FROM {ks}.podium_write_sets USING TIMESTAMP ? WHERE bucket = ? AND row_id = ?",
    "row": "SELECT body FROM {ks}.podium_write_sets WHERE bucket = ? AND row_id = ?",
    "rows": "SELECT row_id, workflow_id, body FROM {ks}.podium_write_sets WHERE bucket = ?",
}

Row = SimpleNamespace


class Tables:
    """A keyspace with its prepared statements."""

    def __init__(self, session: Any, prepared: dict[str, Any]) -> None:
        self.session, self.prepared = session, prepared

    @classmethod
    async def create(cls, session: Any, keyspace: str) -> Tables:
        """Create a keyspace on one node, its tables, and prepare everything."""
        replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
        await _execute(session, f"CREATE KEYSPACE {keyspace} WITH REPLICATION = {replication}")
        for table in _TABLES:
            await _execute(session, f"CREATE TABLE {keyspace}.{table}")
        made = [session.create_prepared(text.format(ks=keyspace)) for text in _STATEMENTS.values()]
        return cls(session, dict(zip(_STATEMENTS, await asyncio.gather(*made), strict=True)))

    def bound(self, name: str, *values: Any) -> Any:
        """A statement with its values, at the level that every read and write has."""
        statement = self.prepared[name].bind()
        statement.bind_list(list(values))
        statement.set_consistency(acsylla.Consistency.LOCAL_QUORUM)
        return statement

    async def run(self, statement: Any) -> list[Row]:
        """Execute a bound statement; all its rows."""
        # A row of the driver shows whatever its iterator stands on, so each is copied at once.
        return [SimpleNamespace(**row.as_dict()) for row in await self.session.execute(statement)]

    async def rows(self, name: str, *values: Any) -> list[Row]:
        """Bind and execute; all its rows."""
        return await self.run(self.bound(name, *values))

    async def run_logged(self, statements: Sequence[Any]) -> None:
        """One logged batch: all of it some time, not at once."""
        batch = acsylla.create_batch_logged()
        batch.set_consistency(acsylla.Consistency.LOCAL_QUORUM)
        for statement in statements:
            batch.add_statement(statement)
        await self.session.execute_batch(batch)

    async def applied(self, statements: Sequence[Any]) -> bool:
        """One lightweight transaction on one partition; whether its condition held."""
        batch = acsylla.create_batch_unlogged()
        batch.set_consistency(acsylla.Consistency.LOCAL_QUORUM)
        batch.set_serial_consistency(acsylla.Consistency.LOCAL_SERIAL)
        batch.set_retry_policy("fallthrough")
        for statement in statements:
            batch.add_statement(statement)
        result = await self.session.execute_batch(batch)
        return bool(result.first().column_value("[applied]"))


async def _execute(session: Any, text: str) -> None:
    await session.execute(acsylla.create_statement(text))
