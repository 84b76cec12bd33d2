"""The index in Elasticsearch: written in bulks, read by id in its newest state, searched as of its last refresh."""

from __future__ import annotations

from collections.abc import Sequence

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.bulk import BulkWriter
from podium_backends.elasticsearch6.cluster import ANY, Cluster
from podium_backends.elasticsearch6.entry_reads import EntryReads
from podium_backends.elasticsearch6.names import IndexNames
from podium_backends.elasticsearch6.places import Places
from podium_backends.elasticsearch6.searches import Searches
from podium_backends.elasticsearch6.setup import GC_DELETES_MS
from podium_core.index.changes import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)
from podium_core.index.search import Hits, Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import IndexTable
from podium_core.readiness import Readiness


class ElasticsearchIndexTable:
    """Implements ``IndexTable``. Nothing is sent before the indices are prepared."""

    def __init__(
        self, cluster: Cluster, names: IndexNames, readiness: Readiness, search_seconds: float
    ) -> None:
        self._cluster = cluster
        self._names = names
        self._readiness = readiness
        self._places = Places(cluster, names)
        self._bulk = BulkWriter(cluster)
        self._reads = EntryReads(cluster, names)
        self._searches = Searches(cluster, names, search_seconds)

    async def setup(self) -> None:
        await self._readiness.run()

    # what is sent

    @property
    def tombstone_ms(self) -> int:
        return GC_DELETES_MS

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        if not writes:
            return []
        await self._readiness.wait()
        return await self._bulk.send(writes, await self._places.of(writes))

    async def refresh(self) -> None:
        await self._readiness.wait()
        await self._cluster.read(dialect.refresh(self._names.all_indices), ANY)

    # entries

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int = ENTRIES_SIZE
    ) -> list[IndexEntry | None]:
        await self._readiness.wait()
        return await self._reads.entries(kind, ids, max_size=max_size)

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        await self._readiness.wait()
        return await self._reads.heads(kind, ids)

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        if not after:
            await self.refresh()
        return await self._searches.task_ids(workflow_id, after, limit)

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        if not cursor:
            await self.refresh()
        return await self._searches.scan(kind, cursor, limit)

    # searches and look-ups

    async def search(self, search: Search, budget: ReadBudget) -> Hits:
        await self._readiness.wait()
        return await self._searches.search(search, budget)

    async def records(
        self, kind: EntryKind, owner: str, count: int, budget: ReadBudget
    ) -> list[tuple[str, bytes]]:
        await self._readiness.wait()
        return await self._searches.records(kind, owner, count, budget)


_: type[IndexTable] = ElasticsearchIndexTable
