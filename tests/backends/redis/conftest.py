"""What tests of Redis share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.redis_server import RedisServer


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that no other module uses: tests may empty it."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()
