"""An index in a SQLite file with entries of every kind, and all that an index holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import DataType, StoreContext
from podium_core.index import EntryKind
from podium_core.index.entries import IndexAnswer, IndexEntry, IndexWrite
from podium_core.models import Guarantee
from podium_core.ports import IndexTable
from podium_server.reconcile.index_copy import PAGE

# Three pages, of one kind that is searched and of one that is looked up; two entries of each other kind.
MANY = 2 * PAGE + 1
COUNT = 2 * MANY + 2 * 3
FIRST_TOKEN = 1_700_000_000_000_000


async def fill(table: IndexTable) -> None:
    """Write entries of every kind."""
    answers: list[IndexAnswer] = []
    for kind in EntryKind:
        count = MANY if kind in {EntryKind.WORKFLOW, EntryKind.TASK_LOG} else 2
        answers += await table.send([write(kind, number) for number in range(count)])
    assert set(answers) == {IndexAnswer()}


def write(kind: EntryKind, number: int) -> IndexWrite:
    # In another order than the writes.
    id_ = f"{-number % 7}-{number}"
    members = {
        EntryKind.WORKFLOW: b'"workflowId":"%b"',
        EntryKind.TASK: b'"workflowId":"w","taskId":"%b","archived":true',
        EntryKind.TASK_LOG: b'"taskId":"t","createdTime":1,"log":"%b"',
        EntryKind.EVENT: b'"event":"e","created":1,"id":"%b"',
        EntryKind.MESSAGE: b'"queue":"q","created":1,"payload":"%b"',
    }
    return IndexWrite(
        kind=kind,
        id=id_,
        token=FIRST_TOKEN + number,
        document=b"{%b}" % (members[kind] % id_.encode()),
        external=number % 2 == 0,
    )


@asynccontextmanager
async def table_in(path: Path) -> AsyncIterator[IndexTable]:
    context = StoreContext(
        name="main", serves=frozenset({DataType.INDEX}), commit_guarantee=Guarantee.ATOMIC
    )
    store = await open_store(context, SqliteSettings(path=path))
    assert store.index is not None
    try:
        yield store.index.table
    finally:
        await store.close()


async def all_of(table: IndexTable) -> dict[EntryKind, list[IndexEntry]]:
    """The entries of each kind, in the index's own order."""
    found: dict[EntryKind, list[IndexEntry]] = {}
    for kind in EntryKind:
        heads = (await table.scan(kind, limit=2 * MANY)).heads
        found[kind] = []
        while len(found[kind]) < len(heads):
            left = [head.id for head in heads[len(found[kind]) :]]
            found[kind] += [entry for entry in await table.entries(kind, left) if entry is not None]
    return found
