"""A server whose index is on an Elasticsearch that a test may kill, stop and slow down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.backends.elasticsearch6.clusters import new_prefix
from tests.faults.server import KillableServer
from tests.faults.stores import EmbeddedStore
from tests.services.elasticsearch_server import ElasticsearchServer, elasticsearch_folder
from tests.services.ports import LOOPBACK

SEARCH_STORE = "store/search"
INDEX_SERVICE = "podium.v1.IndexService"
# An entry of the drainer that broke off, a stack trace: nothing that Elasticsearch does is a defect of the server.
DEFECTS = ("defect", "Traceback")
REQUEST_SECONDS = 2


class IndexElsewhere(EmbeddedStore):
    """The embedded store, but for the index: that is below an index prefix of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        """Take the folder of the server's data, and the Elasticsearch."""
        super().__init__(folder)
        self._table = (
            f'urls = ["{url}"]\nindex_prefix = "{new_prefix()}"\nshards = 1\nreplicas = 0\n'
            f"request_timeout_ms = {REQUEST_SECONDS * 1_000}\n"
        )

    def arguments(self, folder: Path) -> Sequence[str]:
        """As ``Store``."""
        file = folder / "elasticsearch.toml"
        file.write_text(
            f'[stores.search]\nkind = "elasticsearch6"\n{self._table}'
            '[stores.main]\nkind = "sqlite"\n[stores.files]\nkind = "local_files"\n'
            '[routing]\ndefault = "main"\nindex = "search"\npayloads = "files"\n'
            # What is a moment old counts too.
            "[repair]\nmin_age_seconds = 0\nsecond_look_seconds = 0.2\n",
            "utf-8",
        )
        return ("--config", str(file))


@contextmanager
def own_elasticsearch() -> Iterator[ElasticsearchServer]:
    """A node that isn't started yet."""
    with elasticsearch_folder() as folder:
        node = ElasticsearchServer(folder)
        try:
            yield node
        finally:
            node.kill()


@contextmanager
def indexed_elsewhere(folder: Path, url: str) -> Iterator[KillableServer]:
    """A server that runs. In the end it has met no defect."""
    server = KillableServer(folder, store=IndexElsewhere(folder, url))
    server.start()
    try:
        yield server
        assert not [line for line in server.log.splitlines() if any(map(line.count, DEFECTS))]
    finally:
        server.kill()


class SlowProxy:
    """Passes bytes on, late.

    Attributes:
        url: Where to connect.
        delay_seconds: So late, both ways.
    """

    def __init__(self, url: str) -> None:
        """Take the server that it stands before."""
        address = urlsplit(url)
        self._server = (address.hostname, address.port)
        self.url = ""
        self.delay_seconds = 0.0

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        answers, server = await asyncio.open_connection(*self._server)
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._pass(client, server))
                directions.create_task(self._pass(answers, back))
        except* OSError:
            pass  # one of them has gone
        finally:
            server.close()
            back.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 20):
            await asyncio.sleep(self.delay_seconds)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


@asynccontextmanager
async def slow_proxy(url: str) -> AsyncIterator[SlowProxy]:
    """Such a proxy, listening."""
    proxy = SlowProxy(url)
    listener = await asyncio.start_server(proxy.serve, LOOPBACK, 0)
    proxy.url = f"http://{LOOPBACK}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
