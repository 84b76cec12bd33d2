"""A client of the session's Elasticsearch, and index names of a test's own."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from podium_backends.elasticsearch6 import dialect
from podium_backends.elasticsearch6.cluster import Cluster as Connected
from podium_backends.elasticsearch6.names import IndexNames
from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_backends.elasticsearch6.setup import IndexSetup, MappingConflict, Shards

_NUMBERS = itertools.count()


def new_prefix() -> str:
    """A prefix of index names that nobody has."""
    return f"test{os.getpid()}x{next(_NUMBERS)}"


class Cluster:
    """Requests to one Elasticsearch, for one prefix of index names.

    Attributes:
        names: The names of this prefix.
        perform: Sends a request.
    """

    def __init__(self, connected: Connected, prefix: str) -> None:
        self.names = IndexNames(prefix)
        self.perform = connected.perform

    async def set_up(self, shards: Shards = Shards(2, 0)) -> list[MappingConflict]:  # noqa: B008 - is immutable
        """Prepare the indices, small ones."""
        return await IndexSetup(self.perform, self.names, shards).run()

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send any request and give the answer."""
        return await self.perform(dialect.Request(method, path, body=body, **options))

    async def bulk(self, lines: list[bytes]) -> list[dict[str, Any]]:
        """Send lines of a bulk, make them searchable, and give what became of each item."""
        request = dialect.bulk(b"".join(lines))._replace(params={"refresh": "true"})
        answer = await self.perform(request)
        return [result for item in answer["items"] for result in item.values()]

    async def remove(self) -> None:
        """Delete the prefix's indices, and all templates that name it: Java's catch the indices of other tests too."""
        await self.ask("DELETE", f"/{self.names.prefix}_*")
        await self.ask("DELETE", f"/_template/*{self.names.prefix}*", absent=True)


@asynccontextmanager
async def opened_cluster(url: str, prefix: str = "") -> AsyncIterator[Cluster]:
    """Give a cluster and index names that are gone afterwards."""
    connected = Connected(ElasticsearchSettings(urls=[url]), "test")
    cluster = Cluster(connected, prefix or new_prefix())
    try:
        yield cluster
    finally:
        await cluster.remove()
        await connected.close()
