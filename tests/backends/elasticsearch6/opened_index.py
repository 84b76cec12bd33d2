"""An index on the session's Elasticsearch, as a server opens it, under names of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from podium_backends.elasticsearch6.cluster import Cluster as Connected
from podium_backends.elasticsearch6.index_table import ElasticsearchIndexTable
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_core.clock import Clock, system_clock_ms
from podium_core.readiness import Readiness
from podium_core.searching import IndexReads
from tests.backends.elasticsearch6.clusters import Cluster, opened_cluster

_SEARCH_SECONDS = 30


@dataclass(frozen=True)
class OpenedIndex:
    """An index in use.

    Attributes:
        cluster: Requests of a test's own.
        table: Where the indexer sends to.
        reads: What IndexService asks.
    """

    cluster: Cluster
    table: ElasticsearchIndexTable
    reads: IndexReads


@asynccontextmanager
async def opened_index(url: str, clock: Clock = system_clock_ms) -> AsyncIterator[OpenedIndex]:
    """Open an index whose indices are made when something is first asked of it; they are gone afterwards."""
    async with opened_cluster(url) as cluster:
        connected = Connected(ElasticsearchSettings(urls=[url]), "test")

        async def set_up() -> None:
            await cluster.set_up()

        table = ElasticsearchIndexTable(
            connected, cluster.names, Readiness("search", set_up), _SEARCH_SECONDS
        )
        try:
            yield OpenedIndex(cluster, table, IndexReads(table, clock=clock))
        finally:
            await connected.close()
