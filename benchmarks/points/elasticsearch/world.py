"""An Elasticsearch for the points, what a server is told to keep its index there, and an index in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.bench import IN_FLIGHT
from benchmarks.processes import Server
from podium_backends.elasticsearch6.cluster import Cluster
from podium_backends.elasticsearch6.index_table import ElasticsearchIndexTable
from podium_backends.elasticsearch6.names import IndexNames
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.setup import IndexSetup
from podium_core.readiness import Readiness
from tests.services.elasticsearch_server import ElasticsearchServer, elasticsearch_folder

_SEARCH_SECONDS = 30


@dataclass(frozen=True)
class ElasticsearchWorld:
    """A running Elasticsearch.

    Attributes:
        url: Where it listens.
        port: Its port.
        server: Its process.
    """

    url: str
    port: int
    server: Server


@contextmanager
def elasticsearch_world() -> Iterator[ElasticsearchWorld]:
    """One node with 512 MB of heap, for the time of the context."""
    with elasticsearch_folder() as folder:
        node = ElasticsearchServer(folder)
        began = time.monotonic()
        node.start()
        try:
            address = f"127.0.0.1:{node.port}"
            server = Server(node.process.pid, address, began)
            yield ElasticsearchWorld(node.url, node.port, server)
        finally:
            node.kill()


def on_elasticsearch(url: str, prefix: str) -> dict[str, str]:
    """A server's settings: the index on Elasticsearch, everything else embedded."""
    return {
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__PAYLOADS__KIND": "local_files",
        "PODIUM_STORES__SEARCH__KIND": "elasticsearch6",
        "PODIUM_STORES__SEARCH__URLS": url,
        "PODIUM_STORES__SEARCH__INDEX_PREFIX": prefix,
        "PODIUM_STORES__SEARCH__REPLICAS": "0",
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "payloads",
        "PODIUM_ROUTING__INDEX": "search",
    }


class Index:
    """An index as the adapter has it.

    Attributes:
        cluster: For requests straight to Elasticsearch.
        names: Of its indices.
        table: What the indexer sends to.
    """

    def __init__(self, url: str, prefix: str) -> None:
        settings = ElasticsearchSettings(
            urls=[url], index_prefix=prefix, replicas=0, connections=IN_FLIGHT
        )
        self.cluster = Cluster(settings, "search")
        self.names: IndexNames = settings.names
        setup = IndexSetup(self.cluster.perform, settings.names, settings.new_indices)

        async def set_up() -> None:
            await setup.run()

        self.table = ElasticsearchIndexTable(
            self.cluster, settings.names, Readiness("search", set_up), _SEARCH_SECONDS
        )
