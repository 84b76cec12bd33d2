"""What kind ``cassandra`` serves and promises, and how a store of it is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from podium_backends.cassandra.settings import CassandraSettings
from podium_core.backend import (
    BackendSpec,
    Capability,
    ConnectedStore,
    DataType,
    Durability,
    Finding,
    StoreContext,
)

_SERVES = frozenset(
    {
        DataType.EXECUTIONS,
        DataType.METADATA,
        DataType.EVENT_HANDLERS,
        DataType.POLL_DATA,
        DataType.CONCURRENCY_LIMITS,
    }
)
# ATOMIC_WRITE_SET isn't: a conditional batch is of one workflow.
_CAPABILITIES = frozenset(
    {
        Capability.EXPIRY,
        Capability.SEARCH_ACROSS_WORKFLOWS,
        Capability.ORDERED_PENDING_TASKS,
        Capability.EXACT_STREAMS,
        Capability.DISTINCT_SLOTS,
    }
)


def _capabilities(settings: CassandraSettings) -> frozenset[Capability]:
    del settings
    return _CAPABILITIES


def _durability(settings: CassandraSettings) -> tuple[Durability, str]:
    del settings
    return Durability.STORE_CONFIGURED, "as the consistency and Cassandra's commitlog_sync say"


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    # The configuration asks for the spec without connecting: the adapters are imported here.
    from podium_backends.cassandra.store import open_store

    return await open_store(context, settings)


async def _diagnose(store: str, settings: Any) -> AsyncIterator[Finding]:
    from podium_backends.cassandra.doctor import diagnose

    async for finding in diagnose(store, settings):
        yield finding


def _schema(settings: CassandraSettings) -> str:
    return settings.schema_cql


SPEC = BackendSpec(
    kind="cassandra",
    settings_type=CassandraSettings,
    serves=_SERVES,
    capabilities=_capabilities,
    connect=_connect,
    durability=_durability,
    diagnose=_diagnose,
    schema=_schema,
)
