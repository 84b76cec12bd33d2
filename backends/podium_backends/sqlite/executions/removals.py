"""The primitives of removals: a record read, with the next tasks, and a step carried out if the record is unchanged."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from podium_backends.sqlite.executions.effects import EffectRunner
from podium_backends.sqlite.executions.facts import task_facts, workflow_facts
from podium_core.decide import TaskFacts
from podium_core.decide.effects import Effect, SetRemoval
from podium_core.decide.removal_record import RemovalRecord
from podium_core.outbox import KIND_REMOVAL
from podium_core.removal import StoredRemoval, stage_of

_FIND = "SELECT token FROM outbox WHERE kind = ? AND id = ?"
_NEXT = "SELECT id FROM tasks WHERE workflow_id = ? AND id > ? ORDER BY id LIMIT ?"


def stored_removal(
    conn: sqlite3.Connection, workflow_id: str, *, tasks: int, now_ms: int
) -> StoredRemoval | None:
    """The record of a workflow, with its token and as many tasks."""
    facts = workflow_facts(conn, workflow_id)
    if facts is None or facts.removal is None:
        return None
    record = facts.removal
    stage = stage_of(record, now_ms)
    return StoredRemoval(
        workflow_id=workflow_id,
        token=_token(conn, workflow_id),
        stage=stage,
        facts=facts,
        record=record,
        tasks=_next_tasks(conn, workflow_id, record.after, tasks if stage.is_about_tasks else 0),
    )


def _next_tasks(
    conn: sqlite3.Connection, workflow_id: str, after: str, limit: int
) -> list[tuple[str, TaskFacts]]:
    ids = [row[0] for row in conn.execute(_NEXT, (workflow_id, after, limit))]
    found = ((id_, task_facts(conn, id_)) for id_ in ids)
    return [(id_, facts) for id_, facts in found if facts is not None]


def advance(
    conn: sqlite3.Connection,
    runner: EffectRunner,
    removal: StoredRemoval,
    record: RemovalRecord | None,
    effects: Sequence[Effect],
) -> bool:
    """Carry a step out and write the next record, if the one that was read still stands."""
    if _token(conn, removal.workflow_id) != removal.token:
        return False
    runner.run(effects)
    if record is None:
        runner.clear_removal(removal.workflow_id)
    else:
        runner.run([SetRemoval(removal.workflow_id, record)])
    return True


def _token(conn: sqlite3.Connection, workflow_id: str) -> int:
    row = conn.execute(_FIND, (KIND_REMOVAL, workflow_id)).fetchone()
    return int(row[0]) if row else 0
