"""A Redis that Podium and Java share, Java's DAOs on it, and Podium's as a server has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from podium_backends.redis.spec import SPEC
from podium_core.clock import system_clock_ms
from podium_server.config.config import Config
from podium_server.config.load import load_config
from tests.backends.redis.stores import new_prefix
from tests.contract.daos import Daos, opened_in_process
from tests.interop.java import JavaDaos, JavaProcess
from tests.services import providers
from tests.services.conductor_server import ConductorServer
from tests.services.fixtures import provided


@pytest.fixture(scope="session")
def shared_redis(pytestconfig: pytest.Config) -> Iterator[tuple[str, int]]:
    """Host and port of a Redis that no other tests disturb."""
    for url in provided(pytestconfig, "Redis", providers.redis()):
        address = urlsplit(url)
        yield address.hostname or "127.0.0.1", address.port or 6379


@pytest.fixture(scope="session")
def java_process(
    pytestconfig: pytest.Config,
    shared_redis: tuple[str, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[JavaProcess]:
    """The program, for all tests: take DAOs below prefixes of your own."""
    log = tmp_path_factory.mktemp("java") / "java.log"
    yield from provided(pytestconfig, "Conductor's DAOs", running_java(shared_redis, log))


@contextmanager
def running_java(
    address: tuple[str, int], log: Path, *, time_zone: str = "UTC"
) -> Iterator[JavaProcess]:
    """The program, ended with the context."""
    process = JavaProcess(*address, log, time_zone=time_zone)
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
def prefix(shared_redis: tuple[str, int]) -> Iterator[str]:
    """A key prefix; nothing stays below it."""
    name = new_prefix()
    yield name
    remove_keys(shared_redis, name)


def remove_keys(address: tuple[str, int], prefix: str) -> None:
    """Remove all keys that begin with the prefix."""
    host, port = address
    with closing(redis.Redis(host=host, port=port)) as client:
        for key in client.scan_iter(f"{prefix}*", count=1_000):
            client.delete(key)


@pytest.fixture
def java(java_process: JavaProcess, prefix: str) -> JavaDaos:
    """Java's DAOs."""
    return java_process.below(prefix)


@pytest.fixture
async def podium(shared_redis: tuple[str, int], prefix: str, tmp_path: Path) -> AsyncIterator[Daos]:
    """Podium's DAOs on the same keys."""
    async with podium_on(shared_redis, prefix, tmp_path) as daos:
        yield daos


@pytest.fixture
async def beside(shared_redis: tuple[str, int], prefix: str, tmp_path: Path) -> AsyncIterator[Daos]:
    """The same, with the queues of the Java Conductor."""
    async with podium_on(shared_redis, prefix, tmp_path, **java_queues(prefix)) as daos:
        yield daos


def java_queues(prefix: str) -> dict[str, str]:
    """The settings of a store on the queues of the Java Conductor with this prefix."""
    return {"layout": "conductor", "queue_prefix": f"{prefix}_queues"}


def podium_on(
    address: tuple[str, int], prefix: str, folder: Path, **settings: str
) -> AbstractAsyncContextManager[Daos]:
    """What a server with such a configuration has; ``settings`` are further ones of the store on Redis."""
    return opened_in_process(config_on(address, prefix, folder, settings), system_clock_ms)


def config_on(
    address: tuple[str, int],
    prefix: str,
    folder: Path,
    settings: Mapping[str, str],
    others: Mapping[str, str] | None = None,
) -> Config:
    """A configuration whose data are on Redis as far as Redis serves them, and the others in a folder.

    Args:
        address: Host and port of the Redis.
        prefix: Of Conductor's keys.
        folder: For the others.
        settings: Further ones of the store on Redis.
        others: Further variables of the environment.
    """
    host, port = address
    environment = {
        "PODIUM_DATA_DIR": str(folder),
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__PAYLOADS__KIND": "local_files",
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__REDIS__URL": f"redis://{host}:{port}/0",
        "PODIUM_STORES__REDIS__WORKFLOW_PREFIX": prefix,
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "payloads",
    }
    settings = {"layout": "podium", **settings}
    environment |= {
        f"PODIUM_STORES__REDIS__{name.upper()}": text for name, text in settings.items()
    }
    environment |= {f"PODIUM_ROUTING__{kind.value.upper()}": "redis" for kind in SPEC.serves}
    return load_config(environment={**environment, **(others or {})})


@pytest.fixture(scope="session")
def conductor(
    pytestconfig: pytest.Config,
    shared_redis: tuple[str, int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ConductorServer]:
    """A stock server on the shared Redis, for all tests: use names of your own."""
    folder = tmp_path_factory.mktemp("conductor")
    yield from provided(pytestconfig, "Conductor", running_conductor(shared_redis, folder))


@pytest.fixture
async def beside_conductor(
    shared_redis: tuple[str, int], conductor: ConductorServer, tmp_path: Path
) -> AsyncIterator[Daos]:
    """Podium's DAOs on the server's keys, queues too."""
    settings = java_queues(conductor.prefix)
    async with podium_on(shared_redis, conductor.prefix, tmp_path, **settings) as daos:
        yield daos


@contextmanager
def running_conductor(
    address: tuple[str, int], folder: Path, elasticsearch: str = ""
) -> Iterator[ConductorServer]:
    """A stock server below a prefix of its own, killed with the context."""
    server = ConductorServer(folder, address, new_prefix(), elasticsearch)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        remove_keys(address, server.prefix)
