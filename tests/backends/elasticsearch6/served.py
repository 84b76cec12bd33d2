"""A server's facade with executions in SQLite and the index on an Elasticsearch, its drainers running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from podium_backends.elasticsearch6.cluster import Cluster as Connected
from podium_backends.elasticsearch6.index_table import ElasticsearchIndexTable
from podium_core.backend import DataType
from podium_core.clock import Clock, system_clock_ms
from podium_core.index.marks import INDEX_KINDS
from podium_core.outbox import BUCKETS, OutboxFailure
from podium_core.ports import Outbox
from podium_core.reconcile import IndexDifference
from podium_server.app import FacadeHandle, open_facade
from podium_server.config.config import Config
from tests.backends.elasticsearch6.clusters import Cluster
from tests.contract.eventually import eventually
from tests.contract.ways import WITH_ELASTICSEARCH


class Served:
    """The facade, and what a test looks at beside it.

    Attributes:
        cluster: Requests to the Elasticsearch, for the index names of this server.
    """

    def __init__(self, handle: FacadeHandle, config: Config, cluster: Cluster) -> None:
        """On an open facade."""
        assert handle.facade.index is not None
        self.executions = handle.facade.executions
        self.index = handle.facade.index
        self.cluster = cluster
        self._handle = handle
        store = handle.stores[config.routing[DataType.EXECUTIONS]]
        assert store.outbox is not None
        self.outbox: Outbox = store.outbox
        reads = handle.stores[config.routing[DataType.INDEX]].index
        assert reads is not None
        assert isinstance(reads.table, ElasticsearchIndexTable)
        self.table = reads.table

    async def at_rest(self) -> None:
        """Wait until no mark waits, and searches find what was written; what was set aside stays."""
        await eventually(self.drained)
        await self.table.refresh()

    async def drained(self) -> bool:
        """Whether no mark waits, for now or for later."""
        return await self.outbox.due_in_ms(range(BUCKETS), INDEX_KINDS) is None

    async def failures(self) -> Sequence[OutboxFailure]:
        """What was set aside."""
        return await self.outbox.failures(100)

    async def differences(self) -> list[IndexDifference]:
        """What ``podium index verify`` finds."""
        check = self._handle.facade.reconciliation.index
        assert check is not None
        return [found async for report in check.verify() for found in report.differences]

    async def repair(self) -> int:
        """As ``podium index repair``, to the end; how many entries it has indexed again."""
        check = self._handle.facade.reconciliation.index
        assert check is not None
        marked = 0
        async for report in check.repair():
            marked = report.marked
        await self.at_rest()
        return marked


@asynccontextmanager
async def serving(config: Config, clock: Clock = system_clock_ms) -> AsyncIterator[Served]:
    """The facade of a configuration whose store ``search`` is an Elasticsearch."""
    settings: Any = config.stores["search"].settings
    connected = Connected(settings, "test")
    handle = await open_facade(config, clock=clock)
    try:
        yield Served(handle, config, Cluster(connected, settings.index_prefix))
    finally:
        await handle.close()
        await connected.close()


@asynccontextmanager
async def served(url: str, folder: Path, clock: Clock = system_clock_ms) -> AsyncIterator[Served]:
    """One with executions in a folder, and indices that are gone afterwards."""
    way = WITH_ELASTICSEARCH.at(url)
    config = way.config(folder)
    async with serving(config, clock) as opened:
        yield opened
    way.end(config)
