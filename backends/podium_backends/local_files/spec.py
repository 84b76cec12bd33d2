"""What kind ``local_files`` serves and promises, and how a store of it is opened."""

from __future__ import annotations

from typing import Any

from podium_backends.local_files.settings import LocalFilesSettings
from podium_core.backend import (
    BackendSpec,
    Capability,
    ConnectedStore,
    DataType,
    Durability,
    StoreContext,
)


def _capabilities(settings: LocalFilesSettings) -> frozenset[Capability]:
    del settings  # what the contract asks of payloads, every folder can
    return frozenset()


def _durability(settings: LocalFilesSettings) -> tuple[Durability, str]:
    del settings
    return Durability.SYNCED, "durable: fsync of file and folder on every acknowledged upload"


async def _connect(context: StoreContext, settings: Any) -> ConnectedStore:
    # The configuration asks for the spec without opening anything: the adapter is imported here.
    from podium_backends.local_files.store import open_store

    return await open_store(context, settings)


SPEC = BackendSpec(
    kind="local_files",
    settings_type=LocalFilesSettings,
    serves=frozenset({DataType.PAYLOADS}),
    capabilities=_capabilities,
    connect=_connect,
    durability=_durability,
)
