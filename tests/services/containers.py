"""The same servers as containers, where a Docker engine answers."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.services.cassandra_server import READY as CASSANDRA_READY, ContactPoint
from tests.services.elasticsearch_home import VERSION as ELASTICSEARCH_VERSION
from tests.services.process import START_SECONDS

REDIS_PORT = 6379
REDIS_IMAGE = "redis:7.4"
REDIS_READY = "Ready to accept connections"
CASSANDRA_PORT = 9042
CASSANDRA_IMAGE = "cassandra:5.0"
CASSANDRA_HEAP = {"MAX_HEAP_SIZE": "512m", "HEAP_NEWSIZE": "128m"}
ELASTICSEARCH_PORT = 9200
ELASTICSEARCH_IMAGE = f"docker.elastic.co/elasticsearch/elasticsearch-oss:{ELASTICSEARCH_VERSION}"
ELASTICSEARCH_READY = "started"
ELASTICSEARCH_SETTINGS = {
    "discovery.type": "single-node",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
}


@cache
def docker_answers() -> bool:
    """Tell whether a Docker engine answers within a few seconds; asked once."""
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            timeout=30,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


@contextmanager
def redis_container() -> Iterator[str]:
    """Run a Redis container and give its URL."""
    ready = LogMessageWaitStrategy(REDIS_READY).with_startup_timeout(START_SECONDS)
    container = DockerContainer(REDIS_IMAGE).with_exposed_ports(REDIS_PORT).waiting_for(ready)
    with container:
        host, port = container.get_container_host_ip(), container.get_exposed_port(REDIS_PORT)
        yield f"redis://{host}:{port}/0"


@contextmanager
def cassandra_container() -> Iterator[ContactPoint]:
    """Run a Cassandra container and give its address."""
    ready = LogMessageWaitStrategy(CASSANDRA_READY).with_startup_timeout(START_SECONDS)
    container = DockerContainer(CASSANDRA_IMAGE).with_exposed_ports(CASSANDRA_PORT)
    with container.with_envs(**CASSANDRA_HEAP).waiting_for(ready):
        port = container.get_exposed_port(CASSANDRA_PORT)
        yield ContactPoint(container.get_container_host_ip(), port)


@contextmanager
def elasticsearch_container() -> Iterator[str]:
    """Run an Elasticsearch container and give its URL."""
    ready = LogMessageWaitStrategy(ELASTICSEARCH_READY).with_startup_timeout(START_SECONDS)
    container = DockerContainer(ELASTICSEARCH_IMAGE).with_exposed_ports(ELASTICSEARCH_PORT)
    with container.with_envs(**ELASTICSEARCH_SETTINGS).waiting_for(ready):
        port = container.get_exposed_port(ELASTICSEARCH_PORT)
        yield f"http://{container.get_container_host_ip()}:{port}"
