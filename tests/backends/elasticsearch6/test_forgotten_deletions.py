"""A node that restarts forgets the tokens of deleted entries: what is sent late may come back, and an archive never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from podium_core.index import EntryKind
from podium_core.models import WorkflowStatus
from podium_core.reconcile import IndexDifference, IndexProblem
from podium_core.removal import StoredRemoval
from podium_server.facade.archive_removal import ArchiveRemoval
from podium_server.facade.index_marks import IndexMarkWrites
from podium_server.outbox.archive import Archive
from podium_server.outbox.indexer import Indexer
from podium_server.outbox.removals import Removals
from podium_server.reconcile.index_check import IndexCheck
from tests.backends.elasticsearch6.clusters import opened_cluster
from tests.contract.archive_world import ArchiveWorld, archive_world
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import WITH_ELASTICSEARCH
from tests.services.elasticsearch_server import ElasticsearchServer, elasticsearch_folder
from tests.services.fixtures import provided

IDS = ((EntryKind.WORKFLOW, "w1"), (EntryKind.TASK, "t1"))


@pytest.fixture
def node(pytestconfig: pytest.Config) -> Iterator[ElasticsearchServer]:
    with elasticsearch_folder() as folder:
        yield from provided(pytestconfig, "Elasticsearch", running(folder))


@contextmanager
def running(folder: Path) -> Iterator[ElasticsearchServer]:
    server = ElasticsearchServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
async def world(node: ElasticsearchServer, tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    """A completed workflow of one task. The send of its first entry arrives when a test says so."""
    async with archive_world(WITH_ELASTICSEARCH.at(node.url), tmp_path) as opened:
        status = WorkflowStatus.COMPLETED
        await opened.executions.create_workflow(make_workflow(status=status))
        await opened.executions.create_tasks([make_task("t1")])
        opened.index.holds = True
        await opened.carry_out(await opened.due())
        await opened.settle()
        yield opened


async def restart(node: ElasticsearchServer) -> None:
    """With nothing of the deletions left."""
    async with opened_cluster(node.url) as cluster:
        await cluster.ask("POST", "/_flush?force=true")
    await asyncio.to_thread(node.stop)
    await asyncio.to_thread(node.start)


async def entries(world: ArchiveWorld) -> list[bool | None]:
    """Of the workflow and its task: whether the entry is archived; None: there is none."""
    found = [head for kind, id_ in IDS for head in await world.index.heads(kind, [id_])]
    return [None if head is None else head.archived for head in found]


def check_of(world: ArchiveWorld) -> IndexCheck:
    return IndexCheck(world.source, world.index, world.outbox, lambda: None, pause_seconds=0)


async def differences(world: ArchiveWorld) -> list[IndexDifference]:
    return [found async for report in check_of(world).verify() for found in report.differences]


async def mended(world: ArchiveWorld) -> None:
    """Verify says what came back, and repair deletes it."""
    surplus = IndexDifference(EntryKind.WORKFLOW, "w1", IndexProblem.SURPLUS)
    assert await differences(world) == [surplus]
    async for _ in check_of(world).repair():
        pass
    await world.settle()
    assert await entries(world) == [None, None]
    assert await differences(world) == []


async def test_an_older_send_after_a_removal(
    world: ArchiveWorld, node: ElasticsearchServer
) -> None:
    assert await world.executions.remove_workflow("w1", archive=False)
    await world.settle()
    assert await entries(world) == [None, None]
    await restart(node)
    await world.index.deliver()
    assert await entries(world) == [False, None]
    await mended(world)


class _Stalled:
    """A store of which one archive reads the removal record late."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.asked, self.goes_on = asyncio.Event(), asyncio.Event()

    async def removal(self, workflow_id: str) -> StoredRemoval | None:
        self.asked.set()
        await self.goes_on.wait()
        found: StoredRemoval | None = await self._store.removal(workflow_id)
        return found


async def test_an_archive_that_was_removed(world: ArchiveWorld, node: ElasticsearchServer) -> None:
    """Two servers archive an execution. One stands still before its send, until all is over."""
    await world.remove_and_die("w1", stages=0)
    removal = await world.store.removal("w1")
    assert removal is not None
    stalled: Any = _Stalled(world.store)
    archive = Archive(world.source, world.index, world.outbox)
    late = asyncio.create_task(archive.store(stalled, removal))
    await stalled.asked.wait()
    assert await Removals(world.store, world.archive).carry_out("w1")
    await world.settle()
    assert await entries(world) == [True, True]
    assert await archive_removal(world).remove("w1", delete_payloads=False)
    await world.settle()
    assert await entries(world) == [None, None]
    await restart(node)
    stalled.goes_on.set()
    assert not await late
    assert await entries(world) == [None, None]
    # What was sent before the archive is no archive.
    await world.index.deliver()
    assert await entries(world) == [False, None]
    await mended(world)


def archive_removal(world: ArchiveWorld) -> ArchiveRemoval:
    indexer = Indexer(world.source, world.index, world.outbox)
    marks = IndexMarkWrites(world.outbox, indexer, world.index, lambda: None)
    return ArchiveRemoval(world.index, marks)
