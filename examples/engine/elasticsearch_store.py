"""``--elasticsearch``: the index on an Elasticsearch 6.8 that is there, in indices of the demo's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from elasticsearch import AsyncElasticsearch, ElasticsearchException

# The demo's stores where nothing else is asked for.
EMBEDDED = """\
[stores.local]
kind = "sqlite"
[stores.files]
kind = "local_files"
[routing]
default = "local"
index = "local"
payloads = "files"
"""
_STORE = """\
[stores.search]
kind = "elasticsearch6"
urls = ["{url}"]
index_prefix = "{prefix}"
shards = 1
replicas = 0
"""


class ElasticsearchUnavailableError(Exception):
    """There is no Elasticsearch for the demo; the message says what to do."""


@contextmanager
def index_on_elasticsearch(url: str, configuration: str) -> Iterator[str]:
    """A configuration with its index on this Elasticsearch; the demo's indices are deleted in the end.

    Args:
        url: Of one that is there.
        configuration: Of the other stores, as ``podium.toml`` says them.
    Raises:
        ElasticsearchUnavailableError: None answers at the URL.
    """
    prefix = f"podium-demo-{uuid4().hex[:8]}"
    try:
        asyncio.run(_require_answer(url))
    except (ElasticsearchException, ValueError) as error:
        raise ElasticsearchUnavailableError(f"--elasticsearch {url}: {error}") from error
    routed = configuration.replace('index = "local"', 'index = "search"')
    try:
        yield _STORE.format(url=url, prefix=prefix) + routed
    finally:
        # One that is gone by now keeps them under a prefix that nobody uses.
        with contextlib.suppress(ElasticsearchException):
            asyncio.run(_delete_indices(url, prefix))


async def _require_answer(url: str) -> None:
    async with AsyncElasticsearch([url], max_retries=0) as client:
        await client.info()


async def _delete_indices(url: str, prefix: str) -> None:
    async with AsyncElasticsearch([url]) as client:
        await client.indices.delete(index=f"{prefix}_*")
        await client.indices.delete_template(name=f"podium_{prefix}_*", ignore=404)
