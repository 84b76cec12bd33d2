"""Folders as stores, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from podium_backends.local_files.settings import LocalFilesSettings
from podium_backends.local_files.spec import SPEC
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.models import Guarantee
from podium_core.ports import ExternalPayloadStorage

NAME = "blobs"
PATH = "task/output/a.json"


@asynccontextmanager
async def local_files(folder: Path, **settings_: int) -> AsyncIterator[ConnectedStore]:
    """Open a folder, with these settings."""
    settings = LocalFilesSettings.model_validate({"path": folder, **settings_})
    context = StoreContext(
        name=NAME, serves=frozenset({DataType.PAYLOADS}), commit_guarantee=Guarantee.ORDERED
    )
    store = await SPEC.connect(context, settings)
    try:
        yield store
    finally:
        await store.close()


def payloads_of(store: ConnectedStore) -> ExternalPayloadStorage:
    """Its adapter."""
    assert store.payloads is not None
    return store.payloads


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    """Chunks as an upload takes them."""
    for chunk in chunks:
        yield chunk


async def read(store: ConnectedStore, path: str = PATH) -> bytes:
    """A whole payload."""
    return b"".join([chunk async for chunk in payloads_of(store).download(path)])


async def write(store: ConnectedStore, data: bytes, path: str = PATH) -> None:
    """Upload a payload."""
    await payloads_of(store).upload(chunked(data), path=path)


def files_in(folder: Path) -> list[str]:
    """Every file below a folder, by its relative path."""
    return sorted(
        found.relative_to(folder).as_posix() for found in folder.rglob("*") if not found.is_dir()
    )
