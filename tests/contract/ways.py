"""The ways to reach stores that the contract suite runs on. One more backend is a few more entries in ``WAYS``.

The only module of the suite that knows a kind of backend.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from podium_core.backend import Capability, DataType
from podium_core.clock import Clock
from podium_core.models import Guarantee
from podium_server.config.config import Config
from podium_server.config.load import load_config
from tests.backends.cassandra.keyspaces import damage, damage_task, leave_empty
from tests.backends.elasticsearch6.prefixes import remove_indices
from tests.backends.redis.stores import damage_field, damage_text, end_keys
from tests.contract.daos import Adapters, Daos, opened_adapters, opened_in_process, opened_over_grpc
from tests.services.redis_sentinel import SERVICE

Settings = Mapping[str, str]
"""A server's settings, as variables of its environment."""

OF_THE_INDEX = frozenset({Capability.LUCENE_QUERY})
OF_QUEUES = frozenset({Capability.PRIORITY_ORDER, Capability.LEASE_COUNTS})


class Transport(StrEnum):
    """How the DAOs are reached."""

    IN_PROCESS = "in process"
    GRPC = "grpc"


class Record(StrEnum):
    """What ``Way.corrupt`` can damage."""

    WORKFLOW = "workflow"
    TASK = "task"
    TASK_DEF = "task definition"
    WORKFLOW_DEF = "workflow definition"
    EVENT_HANDLER = "event handler"


@dataclass(frozen=True, kw_only=True)
class Way:
    """Stores of some kinds, reached in one way.

    Attributes:
        kind: The kind of backend that the way is for.
        variant: What sets its configuration apart from others of the kind.
        transport: How it is reached.
        settings: Stores and routing, as variables of the environment.
        service: The fixture that gives the address of a server that the way needs; empty: it needs none.
        damage: Overwrites the stored document of a record with this name or id, so that nobody can read it.
        list_payloads: The keys of all payloads that are stored.
        sweeps_executions: Housekeeping takes expired records of executions away; otherwise they expire by themselves.
    """

    kind: str
    variant: str = ""
    transport: Transport = Transport.IN_PROCESS
    settings: Settings
    service: str = ""
    damage: Callable[[Config, Record, str], None]
    list_payloads: Callable[[Config], set[str]]
    sweeps_executions: bool = True

    def __str__(self) -> str:
        """As the ids of tests show it."""
        grpc = "grpc" if self.transport is Transport.GRPC else ""
        return "-".join(part for part in (self.kind, self.variant, grpc) if part)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What its backends declare, as far as it holds for these stores together."""
        config = self.config(Path("unused"))
        queues = _declared(config, DataType.QUEUES) & OF_QUEUES
        able = queues | (_declared(config, DataType.EXECUTIONS) - OF_QUEUES - OF_THE_INDEX)
        able |= _declared(config, DataType.INDEX) & OF_THE_INDEX
        if config.commit_guarantee is Guarantee.ATOMIC:
            return able
        return able - {Capability.ATOMIC_WITH_QUEUES}

    def config(self, folder: Path, settings: Settings | None = None) -> Config:
        """The configuration of a server with data of its own; ``settings`` come on top."""
        environment = {"PODIUM_DATA_DIR": str(folder), **self.settings, **(settings or {})}
        return load_config(environment=environment)

    def at(self, address: str) -> Way:
        """The way with its server at this address."""
        raise NotImplementedError(f"{self} needs no server, and {address} is one")

    def end(self, config: Config) -> None:
        """A test on this configuration is over: a server that others use keeps nothing of it."""

    def end_all(self) -> None:
        """The same of all configurations."""

    def open(self, config: Config, clock: Clock) -> AbstractAsyncContextManager[Daos]:
        """The DAOs of a server on stores that go by ``clock``."""
        if self.transport is Transport.GRPC:
            return opened_over_grpc(config, clock)
        return opened_in_process(config, clock)

    def open_adapters(self, config: Config, clock: Clock) -> AbstractAsyncContextManager[Adapters]:
        """The adapters of stores that go by ``clock``, without a server."""
        return opened_adapters(config, clock)


def _declared(config: Config, data_type: DataType) -> frozenset[Capability]:
    store = config.store_of(data_type)
    return store.spec.capabilities(store.settings) if store else frozenset()


# SQLite, with payloads in a folder

_TABLES = {
    Record.WORKFLOW: ("workflows", "id"),
    Record.TASK: ("tasks", "id"),
    Record.TASK_DEF: ("task_defs", "name"),
    Record.WORKFLOW_DEF: ("workflow_defs", "name"),
    Record.EVENT_HANDLER: ("event_handlers", "name"),
}


def _damage_row(config: Config, record: Record, id_: str) -> None:
    table, key = _TABLES[record]
    with closing(sqlite3.connect(_path_in(config, "main"))) as conn, conn:
        sql = f"UPDATE {table} SET document = CAST(x'FF' AS TEXT) WHERE {key} = ?"  # noqa: S608
        assert conn.execute(sql, (id_,)).rowcount == 1


def _payload_files(config: Config) -> set[str]:
    root = _path_in(config, "payloads")
    return {str(path.relative_to(root)) for path in root.rglob("*.json")}


def _path_in(config: Config, store: str) -> Path:
    settings: Any = config.stores[store].settings
    path: Path = settings.path
    return path


SQLITE = Way(
    kind="sqlite",
    settings={
        "PODIUM_STORES__MAIN__KIND": "sqlite",
        "PODIUM_STORES__PAYLOADS__KIND": "local_files",
        "PODIUM_ROUTING__DEFAULT": "main",
        "PODIUM_ROUTING__PAYLOADS": "payloads",
    },
    damage=_damage_row,
    list_payloads=_payload_files,
)
SQLITE_OVER_GRPC = replace(SQLITE, transport=Transport.GRPC)
SQLITE_TWO_STORES = replace(
    SQLITE,
    variant="two-stores",
    settings={
        **SQLITE.settings,
        "PODIUM_STORES__QUEUES__KIND": "sqlite",
        "PODIUM_ROUTING__QUEUES": "queues",
    },
)


# SQLite, with everything but executions, index and payloads on a Redis that all tests share

_RUN = f"test-{uuid4().hex[:12]}"


def _prefix_for(folder: Path) -> str:
    """A prefix on a shared server that belongs to the folder of the other data."""
    return f"{_RUN}-{sha256(str(folder).encode()).hexdigest()[:16]}"


def _below(prefix: str) -> Settings:
    """The settings of a Redis that keep a test's keys below a prefix."""
    return {
        "PODIUM_STORES__REDIS__WORKFLOW_PREFIX": prefix,
        "PODIUM_STORES__REDIS__QUEUE_PREFIX": prefix,
    }


@dataclass(frozen=True, kw_only=True)
class BesideRedis(Way):
    """Some data on Redis, below a key prefix that belongs to the folder of the other data."""

    service: str = "redis_url"
    prefixes: set[str] = field(default_factory=set, compare=False)

    def config(self, folder: Path, settings: Settings | None = None) -> Config:
        """As ``Way.config``."""
        prefix = _prefix_for(folder)
        self.prefixes.add(prefix)
        return super().config(folder, {**_below(prefix), **(settings or {})})

    def at(self, address: str) -> Way:
        """As ``Way.at``."""
        settings = {**self.settings, "PODIUM_STORES__REDIS__URL": address}
        return replace(self, settings=settings, prefixes=set())

    def end(self, config: Config) -> None:
        """As ``Way.end``: what is left of queues has to be sound."""
        settings: Any = config.stores["redis"].settings
        end_keys(settings.url, settings.workflow_prefix)
        self.prefixes.discard(settings.workflow_prefix)

    def end_all(self) -> None:
        """As ``Way.end_all``."""
        for prefix in list(self.prefixes):
            end_keys(self.settings["PODIUM_STORES__REDIS__URL"], prefix)
        self.prefixes.clear()


def _damage_shared(config: Config, record: Record, id_: str) -> None:
    """Definitions and handlers are on Redis, executions aren't."""
    settings: Any = config.stores["redis"].settings
    keys = settings.keys
    hashes = {
        Record.TASK_DEF: keys.task_defs,
        Record.WORKFLOW_DEF: keys.workflow_def(id_),
        Record.EVENT_HANDLER: keys.event_handlers,
    }
    if record in hashes:
        damage_field(settings.url, hashes[record], "2" if record is Record.WORKFLOW_DEF else id_)
    else:
        _damage_row(config, record, id_)


WITH_REDIS = BesideRedis(
    kind="sqlite",
    variant="redis",
    settings={
        **SQLITE.settings,
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__REDIS__LAYOUT": "podium",
        "PODIUM_ROUTING__QUEUES": "redis",
        "PODIUM_ROUTING__METADATA": "redis",
        "PODIUM_ROUTING__EVENT_HANDLERS": "redis",
        "PODIUM_ROUTING__POLL_DATA": "redis",
        "PODIUM_ROUTING__RATE_LIMITS": "redis",
    },
    damage=_damage_shared,
    list_payloads=_payload_files,
)
WITH_REDIS_OVER_GRPC = replace(WITH_REDIS, transport=Transport.GRPC)
# Queues alone, in the keys of a Java Conductor.
WITH_JAVA_QUEUES = replace(
    WITH_REDIS,
    variant="redis-conductor",
    settings={
        **SQLITE.settings,
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__REDIS__LAYOUT": "conductor",
        "PODIUM_ROUTING__QUEUES": "redis",
    },
    damage=_damage_row,
    prefixes=set(),
)
WITH_JAVA_QUEUES_OVER_GRPC = replace(WITH_JAVA_QUEUES, transport=Transport.GRPC, prefixes=set())


# Redis, but for the index and payloads


def _damage_text(config: Config, record: Record, id_: str) -> None:
    """Executions are documents under keys of their own."""
    settings: Any = config.stores["redis"].settings
    keys = settings.keys
    if record is Record.WORKFLOW:
        damage_text(settings.url, keys.workflow(id_))
    elif record is Record.TASK:
        damage_text(settings.url, keys.task(id_))
    else:
        _damage_shared(config, record, id_)


REDIS = BesideRedis(
    kind="redis",
    settings={
        **WITH_REDIS.settings,
        "PODIUM_ROUTING__EXECUTIONS": "redis",
        "PODIUM_ROUTING__CONCURRENCY_LIMITS": "redis",
    },
    damage=_damage_text,
    list_payloads=_payload_files,
    sweeps_executions=False,
)
REDIS_OVER_GRPC = replace(REDIS, transport=Transport.GRPC)
REDIS_TWO_STORES = replace(
    REDIS, variant="two-stores", settings={**REDIS.settings, "PODIUM_ROUTING__QUEUES": "main"}
)
REDIS_JAVA_QUEUES = replace(
    REDIS,
    variant="conductor",
    settings={**REDIS.settings, "PODIUM_STORES__REDIS__LAYOUT": "conductor"},
    prefixes=set(),
)


@dataclass(frozen=True, kw_only=True)
class BehindSentinel(BesideRedis):
    """The same, where Sentinel says who the primary is."""

    service: str = "sentinel_redis"

    def at(self, address: str) -> Way:
        """As ``Way.at``; the address is the primary's URL and, after a space, the Sentinel's."""
        url, _, sentinel = address.partition(" ")
        settings = {**self.settings, "PODIUM_STORES__REDIS__SENTINELS": sentinel}
        return super(BehindSentinel, replace(self, settings=settings)).at(url)


SENTINEL_OVER_GRPC = BehindSentinel(
    kind="redis",
    variant="sentinel",
    transport=Transport.GRPC,
    settings={
        **REDIS.settings,
        "PODIUM_STORES__REDIS__TOPOLOGY": "sentinel",
        "PODIUM_STORES__REDIS__SENTINELS": "unknown",
        "PODIUM_STORES__REDIS__SENTINEL_SERVICE": SERVICE,
    },
    damage=_damage_text,
    list_payloads=_payload_files,
    sweeps_executions=False,
)

# The index on an Elasticsearch that all tests share, under a prefix that belongs to the folder of the other data


@dataclass(frozen=True, kw_only=True)
class IndexOnElasticsearch(Way):
    """Everything on SQLite but the index."""

    service: str = "elasticsearch_url"
    index_prefixes: set[str] = field(default_factory=set, compare=False)

    def config(self, folder: Path, settings: Settings | None = None) -> Config:
        """As ``Way.config``."""
        prefix = _prefix_for(folder)
        self.index_prefixes.add(prefix)
        own = {"PODIUM_STORES__SEARCH__INDEX_PREFIX": prefix}
        return super().config(folder, {**own, **(settings or {})})

    def at(self, address: str) -> Way:
        """As ``Way.at``."""
        settings = {**self.settings, "PODIUM_STORES__SEARCH__URLS": address}
        return replace(self, settings=settings, index_prefixes=set())

    def end(self, config: Config) -> None:
        """As ``Way.end``."""
        settings: Any = config.stores["search"].settings
        remove_indices(settings.urls[0], settings.index_prefix)
        self.index_prefixes.discard(settings.index_prefix)

    def end_all(self) -> None:
        """As ``Way.end_all``."""
        for prefix in list(self.index_prefixes):
            remove_indices(self.settings["PODIUM_STORES__SEARCH__URLS"], prefix)
        self.index_prefixes.clear()


WITH_ELASTICSEARCH = IndexOnElasticsearch(
    kind="sqlite",
    variant="elasticsearch6",
    settings={
        **SQLITE.settings,
        "PODIUM_STORES__SEARCH__KIND": "elasticsearch6",
        "PODIUM_STORES__SEARCH__SHARDS": "1",
        "PODIUM_STORES__SEARCH__REPLICAS": "0",
        "PODIUM_ROUTING__INDEX": "search",
    },
    damage=_damage_row,
    list_payloads=_payload_files,
)
WITH_ELASTICSEARCH_OVER_GRPC = replace(
    WITH_ELASTICSEARCH, transport=Transport.GRPC, index_prefixes=set()
)


# Cassandra, but for queues, rate limits, the index and payloads, which are on SQLite


@dataclass(frozen=True, kw_only=True)
class OnCassandra(Way):
    """Executions and definitions in a keyspace that all tests share, one after the other."""

    service: str = "cassandra_keyspace"

    def at(self, address: str) -> Way:
        """As ``Way.at``; the address is ``host:port/keyspace``."""
        contact_point, _, keyspace = address.partition("/")
        own = {
            "PODIUM_STORES__CASSANDRA__CONTACT_POINTS": contact_point,
            "PODIUM_STORES__CASSANDRA__KEYSPACE": keyspace,
        }
        return replace(self, settings={**self.settings, **own})

    def end(self, config: Config) -> None:
        """As ``Way.end``."""
        settings: Any = config.stores["cassandra"].settings
        leave_empty(settings)


_DAMAGED = {
    Record.WORKFLOW: "UPDATE executions SET document = 0xFF WHERE workflow_id = ? AND kind = 0 AND id = ''",
    Record.TASK_DEF: "UPDATE task_definitions SET task_definition = '{'"
    " WHERE task_defs = 'task_defs' AND task_def_name = ?",
    Record.WORKFLOW_DEF: "UPDATE workflow_definitions SET workflow_definition = '{'"
    " WHERE workflow_def_name = ? AND version = 2",
    Record.EVENT_HANDLER: "UPDATE event_handlers SET event_handler = '{'"
    " WHERE handlers = 'handlers' AND event_handler_name = ?",
}


def _damage_cassandra(config: Config, record: Record, id_: str) -> None:
    settings: Any = config.stores["cassandra"].settings
    if record is Record.TASK:
        damage_task(settings, id_)
    else:
        damage(settings, _DAMAGED[record], id_)


CASSANDRA = OnCassandra(
    kind="cassandra",
    settings={
        **SQLITE.settings,
        "PODIUM_STORES__CASSANDRA__KIND": "cassandra",
        "PODIUM_STORES__CASSANDRA__REPLICATION": "1",
        "PODIUM_ROUTING__EXECUTIONS": "cassandra",
        "PODIUM_ROUTING__METADATA": "cassandra",
        "PODIUM_ROUTING__EVENT_HANDLERS": "cassandra",
        "PODIUM_ROUTING__POLL_DATA": "cassandra",
        "PODIUM_ROUTING__CONCURRENCY_LIMITS": "cassandra",
    },
    damage=_damage_cassandra,
    list_payloads=_payload_files,
    sweeps_executions=False,
)
CASSANDRA_OVER_GRPC = replace(CASSANDRA, transport=Transport.GRPC)


@dataclass(frozen=True, kw_only=True)
class WithRedisQueues(OnCassandra):
    """The same, with queues and rate limits on a Redis."""

    service: str = "cassandra_and_redis"

    def config(self, folder: Path, settings: Settings | None = None) -> Config:
        """As ``Way.config``."""
        return super().config(folder, {**_below(_prefix_for(folder)), **(settings or {})})

    def at(self, address: str) -> Way:
        """As ``Way.at``; the address of the Cassandra, and after a space the Redis's URL."""
        cassandra, _, url = address.partition(" ")
        settings = {**self.settings, "PODIUM_STORES__REDIS__URL": url}
        return super(WithRedisQueues, replace(self, settings=settings)).at(cassandra)

    def end(self, config: Config) -> None:
        """As ``Way.end``: what is left of queues has to be sound."""
        super().end(config)
        settings: Any = config.stores["redis"].settings
        end_keys(settings.url, settings.workflow_prefix)


CASSANDRA_REDIS_QUEUES = WithRedisQueues(
    kind="cassandra",
    variant="redis",
    settings={
        **CASSANDRA.settings,
        "PODIUM_STORES__REDIS__KIND": "redis",
        "PODIUM_STORES__REDIS__LAYOUT": "podium",
        "PODIUM_ROUTING__QUEUES": "redis",
        "PODIUM_ROUTING__RATE_LIMITS": "redis",
    },
    damage=_damage_cassandra,
    list_payloads=_payload_files,
    sweeps_executions=False,
)

# On each of these every test runs every time.
EVERY_TIME: tuple[Way, ...] = (SQLITE, SQLITE_OVER_GRPC, REDIS, REDIS_OVER_GRPC, CASSANDRA)
# On the others those that are about what sets them apart, and at night all.
WAYS: tuple[Way, ...] = (
    *EVERY_TIME,
    SQLITE_TWO_STORES,
    WITH_REDIS,
    WITH_JAVA_QUEUES,
    REDIS_JAVA_QUEUES,
    REDIS_TWO_STORES,
    SENTINEL_OVER_GRPC,
    WITH_ELASTICSEARCH,
    CASSANDRA_OVER_GRPC,
    CASSANDRA_REDIS_QUEUES,
)
# For tests of definitions, event handlers and poll data.
DEFINITION_WAYS: tuple[Way, ...] = (*EVERY_TIME, CASSANDRA_OVER_GRPC)
# For tests of searches, which don't depend on where executions are; and of what the index holds of executions.
SEARCH_WAYS: tuple[Way, ...] = (SQLITE, SQLITE_OVER_GRPC, WITH_ELASTICSEARCH)
INDEX_WAYS: tuple[Way, ...] = (*EVERY_TIME, WITH_ELASTICSEARCH)
INDEX_WAYS_AT_NIGHT = (WITH_ELASTICSEARCH_OVER_GRPC,)
# For tests of queues, which are never on Cassandra: those over gRPC too.
QUEUE_WAYS = (
    *(way for way in WAYS if way.kind != "cassandra"),
    WITH_REDIS_OVER_GRPC,
    WITH_JAVA_QUEUES_OVER_GRPC,
)
# Those whose queues take no part in the step of a WriteSet.
APART = tuple(way for way in WAYS if Capability.ATOMIC_WITH_QUEUES not in way.capabilities)
# For tests that take too long to run on every variant of a kind.
FIRST_OF_EACH_KIND = tuple(way for way in WAYS if not way.variant)
