"""Which server one gets: the address in the environment, else a container, else one of our own."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from tests.services.cassandra_server import ContactPoint, native_cassandra
from tests.services.containers import (
    cassandra_container,
    docker_answers,
    elasticsearch_container,
    redis_container,
)
from tests.services.elasticsearch_server import native_elasticsearch
from tests.services.redis_sentinel import native_redis_with_sentinel
from tests.services.redis_server import native_redis

T = TypeVar("T")

DEFAULT_CQL_PORT = 9042


def redis() -> AbstractContextManager[str]:
    """Give the URL of a Redis for the time of the context."""
    if address := os.environ.get("TEST_REDIS_URL"):
        return given(address)
    return redis_container() if docker_answers() else native_redis()


def redis_with_sentinel() -> AbstractContextManager[str]:
    """Give a primary's URL and its Sentinel's address, for the time of the context. Always one of our own."""
    return native_redis_with_sentinel()


def cassandra() -> AbstractContextManager[ContactPoint]:
    """Give the address of a Cassandra for the time of the context."""
    if address := os.environ.get("TEST_CASSANDRA"):
        return given(contact_point(address))
    return cassandra_container() if docker_answers() else native_cassandra()


def elasticsearch() -> AbstractContextManager[str]:
    """Give the URL of an Elasticsearch 6.8 for the time of the context."""
    if address := os.environ.get("TEST_ELASTICSEARCH_URL"):
        return given(address)
    return elasticsearch_container() if docker_answers() else native_elasticsearch()


@contextmanager
def given(address: T) -> Iterator[T]:
    yield address


def contact_point(address: str) -> ContactPoint:
    """Read ``host`` or ``host:port``."""
    host, _, port = address.partition(":")
    return ContactPoint(host, int(port or DEFAULT_CQL_PORT))
