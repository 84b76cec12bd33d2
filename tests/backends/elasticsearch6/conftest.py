"""A cluster for each test, with index names of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.backends.elasticsearch6.clusters import Cluster, opened_cluster


@pytest.fixture
async def cluster(elasticsearch_url: str) -> AsyncIterator[Cluster]:
    async with opened_cluster(elasticsearch_url) as opened:
        yield opened
