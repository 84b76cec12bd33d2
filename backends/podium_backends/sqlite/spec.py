"""What kind ``sqlite`` serves and promises, and how a store of it is opened."""

from __future__ import annotations

from typing import Any

from podium_backends.sqlite.settings import SqliteSettings
from podium_core.backend import (
    BackendSpec,
    Capability,
    ConnectedStore,
    DataType,
    Durability,
    StoreContext,
)

_SERVES = frozenset(DataType) - {DataType.PAYLOADS}


def _capabilities(settings: SqliteSettings) -> frozenset[Capability]:
    del settings  # all that it can do, every file can
    return frozenset(Capability) - {Capability.LUCENE_QUERY}


def _durability(settings: SqliteSettings) -> tuple[Durability, str]:
    del settings
    return Durability.SYNCED, "durable: fsync on every acknowledged write"


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    # The configuration asks for the spec without opening anything: the adapters are imported here.
    from podium_backends.sqlite.store import open_store

    return await open_store(context, settings)


SPEC = BackendSpec(
    kind="sqlite",
    settings_type=SqliteSettings,
    serves=_SERVES,
    capabilities=_capabilities,
    connect=_connect,
    durability=_durability,
)
