"""Documents of a SQLite file as the indexer and the checks read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.index.changes import EntryKind
from podium_core.models import Guarantee
from podium_core.ports import StoredDocuments
from tests.contract.records import make_task, make_workflow

WORKFLOW, TASK = EntryKind.WORKFLOW, EntryKind.TASK


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ConnectedStore]:
    context = StoreContext(
        name="main",
        serves=frozenset(DataType) - {DataType.INDEX},
        commit_guarantee=Guarantee.ATOMIC,
    )
    opened = await open_store(context, SqliteSettings(path=tmp_path / "podium.db"))
    assert opened.executions is not None
    for id_ in ("w1", "w2"):
        await opened.executions.create_workflow(make_workflow(id_))
        tasks = [make_task(f"{id_}-t{at}", workflow_id=id_) for at in range(5)]
        await opened.executions.create_tasks(tasks)
    yield opened
    await opened.close()


@pytest.fixture
def source(store: ConnectedStore) -> StoredDocuments:
    assert store.stored_documents is not None
    return store.stored_documents


async def scanned(source: StoredDocuments, kind: EntryKind) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cursor: str | None = ""
    while cursor is not None:
        page, cursor = await source.scan_documents(kind, cursor=cursor, limit=3)
        found += [(document.id, document.owner) for document in page]
    return found


async def test_a_scan_goes_over_every_document_and_names_its_workflow(
    source: StoredDocuments,
) -> None:
    tasks = [(f"{id_}-t{at}", id_) for id_ in ("w1", "w2") for at in range(5)]
    assert sorted(await scanned(source, TASK)) == tasks
    assert sorted(await scanned(source, WORKFLOW)) == [("w1", "w1"), ("w2", "w2")]


async def test_documents_come_in_the_order_of_their_ids(source: StoredDocuments) -> None:
    ids = [("w2-t1", "w2"), ("none", "w9"), ("w1-t0", ""), ("w2-t1", "w2")]
    found = await source.documents(TASK, ids, max_size=1_000_000)
    assert [document.id for document in found] == [id_ for id_, _ in ids]
    assert [document.gone for document in found] == [False, True, False, False]
    assert [document.owner for document in found] == ["w2", "w9", "w1", "w2"]


async def test_which_ids_have_a_document(source: StoredDocuments) -> None:
    ids = [("w2-t1", "w2"), ("none", "w9"), ("w1-t0", "")]
    assert await source.stored_ids(TASK, ids) == {"w2-t1", "w1-t0"}
    assert await source.stored_ids(WORKFLOW, [("w1", "w1"), ("w9", "w9")]) == {"w1"}
