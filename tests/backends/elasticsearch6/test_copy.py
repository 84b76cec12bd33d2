"""``podium index copy`` from SQLite to Elasticsearch and back: every kind is equal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.store import open_store
from podium_core.backend import DataType, StoreContext
from podium_core.index import EntryKind
from podium_core.models import Guarantee
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import IndexTable
from podium_server.cli.run import run
from tests.backends.elasticsearch6.clusters import Cluster
from tests.server.copied_index import COUNT, MANY, all_of, fill, table_in, write

CONFIG = """
[stores.main]
kind = "sqlite"
path = "main.db"
[stores.search]
kind = "elasticsearch6"
urls = ["{url}"]
index_prefix = "{prefix}"
shards = 2
replicas = 0
[stores.back]
kind = "sqlite"
path = "back/back.db"
[routing]
default = "main"
payloads = "none"
"""


@asynccontextmanager
async def table_on(url: str, prefix: str) -> AsyncIterator[IndexTable]:
    context = StoreContext(
        name="search", serves=frozenset({DataType.INDEX}), commit_guarantee=Guarantee.ATOMIC
    )
    store = await open_store(context, ElasticsearchSettings(urls=[url], index_prefix=prefix))
    assert store.index is not None
    try:
        yield store.index.table
    finally:
        await store.close()


async def test_there_and_back(
    cluster: Cluster,
    elasticsearch_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prefix = cluster.names.prefix
    monkeypatch.chdir(tmp_path)
    (tmp_path / "podium.toml").write_text(CONFIG.format(url=elasticsearch_url, prefix=prefix))
    (tmp_path / "back").mkdir()
    async with table_in(tmp_path / "main.db") as table:
        await fill(table)
        wanted = await all_of(table)
    said = f"{COUNT:,} entries read: {COUNT:,} copied, 0 newer there, 0 refused ("
    assert await asyncio.to_thread(run, ["index", "copy", "main", "search"]) == 0
    assert capsys.readouterr().out.startswith(said)
    async with table_on(elasticsearch_url, prefix) as table:
        assert await all_of(table) == wanted
        lines = await table.records(EntryKind.TASK_LOG, "t", 10_000, ReadBudget(1_000_000))
        ids = [write(EntryKind.TASK_LOG, number).id for number in range(MANY)]
        assert [id_ for id_, _ in lines] == ids
    assert await asyncio.to_thread(run, ["index", "copy", "search", "back"]) == 0
    assert capsys.readouterr().out.startswith(said)
    async with table_in(tmp_path / "back" / "back.db") as table:
        assert await all_of(table) == wanted
