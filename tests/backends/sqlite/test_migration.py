"""A file of an earlier format is brought to this one when it is opened, with everything that is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest

from podium_backends.sqlite.connection import APPLICATION_ID, FORMAT_VERSION
from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.store import open_store
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.index.changes import EntryKind
from podium_core.outbox import KIND_REMOVAL
from podium_core.write_set import RemovalStage, builders
from tests.contract.records import make_task, make_workflow


def write_format_1(path: Path) -> None:
    """A file as the first version left it: a workflow that runs, with a task, and one that is due for removal."""
    conn = sqlite3.connect(path)
    folder = resources.files("podium_backends.sqlite") / "schema"
    for script in sorted(folder.iterdir(), key=lambda file: file.name):
        if script.name.endswith(".sql"):
            conn.executescript(script.read_text())
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute("PRAGMA user_version = 1")
    workflow = builders.create_workflow(make_workflow("w1"), now_ms=5).workflow_puts[0]
    document = workflow.document.stamped(5).decode()
    for id_, due_ms in (("w1", None), ("w2", 0)):
        conn.execute(
            "INSERT INTO workflows (id, name, version, status, create_time, stamp, pending, listed, removal_due_ms,"
            " document) VALUES (?, 'order', 1, 'RUNNING', 5, 5, 1, 1, ?, ?)",
            (id_, due_ms, document),
        )
    task = builders.create_tasks([make_task("t1")], now_ms=5).task_puts[0]
    conn.execute(
        "INSERT INTO tasks (id, workflow_id, definition_name, status, stamp, pending, limited, queue_name, document)"
        " VALUES ('t1', 'w1', 'd', 'SCHEDULED', 5, 1, 0, 'q', ?)",
        (task.document.stamped(5).decode(),),
    )
    conn.execute(
        "INSERT INTO outbox (kind, id, token, bucket, due_ms, since_ms, body) VALUES ('removal', 'w2', 7, 3, 0, 5, x'')"
    )
    conn.commit()
    conn.close()


@pytest.fixture
async def migrated(tmp_path: Path) -> AsyncIterator[ConnectedStore]:
    path = tmp_path / "podium.db"
    write_format_1(path)
    context = StoreContext(name="main", serves=frozenset(DataType) - {DataType.INDEX})
    store = await open_store(context, SqliteSettings(path=path))
    yield store
    await store.close()


async def test_the_file_has_the_new_format(migrated: ConnectedStore, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "podium.db") as conn:
        assert conn.execute("PRAGMA user_version").fetchone()[0] == FORMAT_VERSION
    conn.close()


async def test_what_was_stored_is_read_and_written(migrated: ConnectedStore) -> None:
    executions, source = migrated.executions, migrated.index_source
    assert executions is not None
    assert source is not None
    assert await executions.get_workflow("w1") is not None
    assert await executions.update_task(make_task("t1")) > 5
    (document,) = await source.documents(EntryKind.TASK, ["t1"], max_size=1)
    assert document.record is not None
    assert not document.removing


async def test_a_removal_that_had_begun_is_still_due(migrated: ConnectedStore) -> None:
    executions, outbox = migrated.executions, migrated.outbox
    assert executions is not None
    assert outbox is not None
    (entry,) = await outbox.due(range(16), [KIND_REMOVAL], 10)
    assert entry.id == "w2"
    removal = await executions.removal("w2")
    assert removal is not None
    assert removal.stage is RemovalStage.DELETE
    assert await executions.carry_out_removal("w2")
    assert await outbox.due(range(16), [KIND_REMOVAL], 10) == []
