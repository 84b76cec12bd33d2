"""A decided WriteSet as Cassandra statements, each repeatable; part of the Cassandra spike.

Stays as a test until the real adapter replaces it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from podium_core.outbox import KIND_PUSH, message_key
from podium_core.write_set import PutMode, TaskPut, WorkflowPut
from tests.spikes.cassandra_decide import Redo
from tests.spikes.cassandra_tables import BUCKETS, Tables

Statement = Any
UPSERTED, REMOVED = b"upsert", b"remove"

_encode = msgspec.msgpack.encode


def bucket_of(text: str) -> int:
    """The bucket of a row or an entry."""
    return zlib.crc32(text.encode()) % BUCKETS


def redo_statements(tables: Tables, redo: Redo) -> Iterator[tuple[str, Statement]]:
    """Tasks first, the workflow after them, so that a half-made one isn't there yet; what wakes others last."""
    timestamp = redo.timestamp
    for task in redo.removed:
        yield "lookup gone", tables.bound("remove_lookup", timestamp, task.task_id)
        yield (
            "limit gone",
            tables.bound("remove_limit", timestamp, task.definition_name, task.task_id),
        )
        yield "task gone", tables.bound("remove_task", timestamp, redo.workflow_id, task.task_id)
    puts: list[TaskPut | WorkflowPut] = [*redo.task_puts, *redo.workflow_puts]
    for put in puts:
        yield from put_statements(tables, put, redo.stamp, timestamp)
    if redo.mark_index:
        yield from _marks(tables, redo, puts)
    for key in redo.dropped_messages:
        # Below its own pushes: a Commit may remove a message and push it anew.
        yield (
            "intent dropped",
            tables.bound("remove_entry", timestamp - 1, bucket_of(key), KIND_PUSH, key),
        )
    for at, intent in enumerate(redo.pushes):
        key = message_key(intent.push.queue_name, intent.push.message_id)
        yield (
            f"intent {at}",
            tables.bound("put_entry", bucket_of(key), KIND_PUSH, key, _encode(intent), timestamp),
        )


def put_statements(
    tables: Tables, put: TaskPut | WorkflowPut, stamp: int, timestamp: int
) -> Iterator[tuple[str, Statement]]:
    """A document, and what is kept beside it in Conductor's tables."""
    document = put.document.with_stamp(stamp).decode()
    if isinstance(put, WorkflowPut):
        if put.mode is PutMode.UPDATE:
            yield "workflow", tables.bound("put_workflow", timestamp, document, put.workflow_id)
        else:
            yield "workflow", tables.bound("create_workflow", put.workflow_id, document, timestamp)
        return
    if put.mode is not PutMode.UPDATE:
        yield (
            f"lookup {put.definition_name}",
            tables.bound("put_lookup", timestamp, put.workflow_id, put.task_id),
        )
    yield (
        f"task {put.definition_name}",
        tables.bound("put_task", put.workflow_id, put.task_id, document, timestamp),
    )
    if put.limited and put.in_progress:
        limit = (timestamp, put.workflow_id, put.definition_name, put.task_id)
        yield f"limit {put.definition_name}", tables.bound("put_limit", *limit)
    elif put.limited:
        yield (
            f"limit {put.definition_name}",
            tables.bound("remove_limit", timestamp, put.definition_name, put.task_id),
        )


def identity(put: TaskPut | WorkflowPut) -> tuple[str, str]:
    """Kind and id of what is put."""
    return ("task", put.task_id) if isinstance(put, TaskPut) else ("workflow", put.workflow_id)


def _marks(
    tables: Tables, redo: Redo, puts: list[TaskPut | WorkflowPut]
) -> Iterator[tuple[str, Statement]]:
    for task in redo.removed:
        yield "mark gone", mark(tables, "task", task.task_id, REMOVED, redo.timestamp)
    for put in puts:
        kind, id_ = identity(put)
        yield f"mark {kind}", mark(tables, kind, id_, UPSERTED, redo.timestamp)


def mark(tables: Tables, kind: str, id_: str, action: bytes, timestamp: int) -> Statement:
    """An outbox mark for the index, with its write's timestamp, which is its token."""
    return tables.bound("put_entry", bucket_of(id_), kind, id_, action, timestamp)
