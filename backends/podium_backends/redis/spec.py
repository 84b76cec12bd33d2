"""What kind ``redis`` serves and promises, and how a store of it is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from podium_backends.redis.settings import RedisSettings
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
        DataType.QUEUES,
        DataType.EVENT_HANDLERS,
        DataType.POLL_DATA,
        DataType.CONCURRENCY_LIMITS,
        DataType.RATE_LIMITS,
    }
)
# Java's queues have no order of priorities, and tell nobody whether a message is held or delayed.
_NOT_OF_JAVA_QUEUES = frozenset({Capability.PRIORITY_ORDER, Capability.LEASE_COUNTS})
# DISTINCT_SLOTS isn't: Java's names of slots run together.
_CAPABILITIES = frozenset(
    {
        Capability.ATOMIC_WRITE_SET,
        Capability.ATOMIC_WITH_QUEUES,
        Capability.EXPIRY,
        Capability.SEARCH_ACROSS_WORKFLOWS,
        Capability.ORDERED_PENDING_TASKS,
        Capability.EXACT_STREAMS,
        Capability.PRIORITY_ORDER,
        Capability.LEASE_COUNTS,
    }
)


def _capabilities(settings: RedisSettings) -> frozenset[Capability]:
    return _CAPABILITIES - _NOT_OF_JAVA_QUEUES if settings.layout == "conductor" else _CAPABILITIES


def _durability(settings: RedisSettings) -> tuple[Durability, str]:
    del settings
    return Durability.STORE_CONFIGURED, "as Redis's appendfsync and replicas say"


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    # The configuration asks for the spec without connecting: the adapters are imported here.
    from podium_backends.redis.store import open_store

    return await open_store(context, settings)


async def _diagnose(store: str, settings: Any) -> AsyncIterator[Finding]:
    from podium_backends.redis.doctor import diagnose

    async for finding in diagnose(store, settings):
        yield finding


SPEC = BackendSpec(
    kind="redis",
    settings_type=RedisSettings,
    serves=_SERVES,
    capabilities=_capabilities,
    connect=_connect,
    durability=_durability,
    diagnose=_diagnose,
)
