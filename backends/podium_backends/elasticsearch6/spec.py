"""What kind ``elasticsearch6`` serves and promises, and how a store of it is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from podium_backends.elasticsearch6.settings import ElasticsearchSettings
from podium_core.backend import (
    BackendSpec,
    Capability,
    ConnectedStore,
    DataType,
    Durability,
    Finding,
    StoreContext,
)


def _capabilities(settings: ElasticsearchSettings) -> frozenset[Capability]:
    del settings
    return frozenset({Capability.LUCENE_QUERY})


def _durability(settings: ElasticsearchSettings) -> tuple[Durability, str]:
    del settings
    return Durability.STORE_CONFIGURED, "as index.translog.durability and the replicas say"


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    # The configuration asks for the spec without connecting: the adapter is imported here.
    from podium_backends.elasticsearch6.store import open_store

    return await open_store(context, settings)


async def _diagnose(store: str, settings: Any) -> AsyncIterator[Finding]:
    from podium_backends.elasticsearch6.doctor import diagnose

    async for finding in diagnose(store, settings):
        yield finding


SPEC = BackendSpec(
    kind="elasticsearch6",
    settings_type=ElasticsearchSettings,
    serves=frozenset({DataType.INDEX}),
    capabilities=_capabilities,
    connect=_connect,
    durability=_durability,
    diagnose=_diagnose,
)
