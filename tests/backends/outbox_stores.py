"""The stores of all kinds that have an outbox, for tests that each of them has to pass; and entries for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from podium_backends.cassandra import store as cassandra_store
from podium_backends.redis import store as redis_store
from podium_backends.sqlite import store as sqlite_store
from podium_backends.sqlite.settings import SqliteSettings
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.clock import Clock
from podium_core.index.changes import EntryKind
from podium_core.index.marks import outbox_kind
from podium_core.models import Guarantee
from podium_core.outbox import KIND_PUSH, DueEntries, NewEntry, OutboxEntry
from podium_core.ports import Outbox
from podium_core.write_set import builders
from tests.backends.cassandra.keyspaces import leave_empty, settings_of
from tests.backends.redis.stores import end_keys, new_prefix, settings_at
from tests.contract.records import make_task, make_workflow

KINDS = ("sqlite", "redis", "cassandra")
KIND = KIND_PUSH
TASK_MARK = outbox_kind(EntryKind.TASK)
HOUR_MS = 3_600_000
HOW_MARKED = pytest.mark.parametrize("how", ["put", "with its document"])


@asynccontextmanager
async def opened(
    kind: str, request: pytest.FixtureRequest, folder: Path, clock: Clock
) -> AsyncIterator[ConnectedStore]:
    """A store without entries, on a clock."""
    context = StoreContext(
        name="main",
        serves=frozenset(DataType) - {DataType.INDEX},
        commit_guarantee=Guarantee.ORDERED if kind == "cassandra" else Guarantee.ATOMIC,
        clock=clock,
    )
    if kind == "sqlite":
        store = await sqlite_store.open_store(context, SqliteSettings(path=folder / "podium.db"))
        yield store
        await store.close()
    elif kind == "cassandra":
        settings = settings_of(request.getfixturevalue("cassandra_keyspace"))
        store = await cassandra_store.open_store(context, settings)
        yield store
        await store.close()
        leave_empty(settings)
    else:
        url, prefix = request.getfixturevalue("redis_url"), new_prefix()
        store = await redis_store.open_store(context, settings_at(url, prefix))
        yield store
        await store.close()
        end_keys(url, prefix)


async def put(outbox: Outbox, id_: str = "e", **fields: object) -> OutboxEntry:
    """Write an entry."""
    entry = replace(NewEntry(kind=KIND, id=id_, owner="w1"), **fields)
    (written,) = await outbox.put([entry])
    return written


async def put_mark(how: str, store: ConnectedStore, outbox: Outbox) -> OutboxEntry:
    """The mark of a task: put by a repair, or written with the document."""
    if how == "put":
        return await put(outbox, "t1", kind=TASK_MARK)
    assert store.executions is not None
    await store.executions.create_workflow(make_workflow())
    tasks = builders.create_tasks([make_task()], now_ms=1)
    await store.executions.apply(replace(tasks, mark_index=True))
    (mark,) = (await due(outbox, TASK_MARK)).entries
    return mark


async def due(outbox: Outbox, *kinds: str) -> DueEntries:
    """The first entries that are due, of these kinds."""
    return await outbox.due_entries(await outbox.lease_buckets("test"), kinds or [KIND], 10)


async def due_in_ms(outbox: Outbox, *kinds: str) -> int | None:
    """How long until the next one is due."""
    return await outbox.due_in_ms(await outbox.lease_buckets("test"), kinds or [KIND])
