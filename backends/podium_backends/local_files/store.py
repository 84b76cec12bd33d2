"""Opens a folder as a store."""

from __future__ import annotations

import asyncio
import secrets
import time
from functools import partial

from podium_backends.local_files.leftovers import remove_leftovers
from podium_backends.local_files.payload_storage import LocalPayloadStorage
from podium_backends.local_files.settings import LocalFilesSettings
from podium_backends.local_files.space import Space
from podium_backends.local_files.threads import Threads
from podium_backends.local_files.translation import translated
from podium_backends.local_files.tree import Tree
from podium_core.backend import ConnectedStore, StoreContext
from podium_core.disk_watch import DiskWatch
from podium_core.errors import BackendUnavailableError


async def open_store(context: StoreContext, settings: LocalFilesSettings) -> ConnectedStore:
    """Open the folder and put the adapter on it.

    Raises:
        BackendUnavailableError: The folder can't be made or written.
    """
    tree, space = await asyncio.to_thread(_open, context.name, settings)
    threads = Threads(context.name)
    disk = DiskWatch(context.name)
    payloads = LocalPayloadStorage(
        tree, threads, space, disk, context.name, settings.max_payload_bytes
    )
    return ConnectedStore(
        context=context,
        kind="local_files",
        ping=partial(threads.run, _require_writable, tree, disk, context.name),
        close=partial(_close, tree, payloads),
        maintain=partial(threads.run, _maintain, tree, space, context.name),
        payloads=payloads,
    )


def _open(store: str, settings: LocalFilesSettings) -> tuple[Tree, Space]:
    with translated(store):
        try:
            tree = Tree(settings.path)
        except (NotADirectoryError, FileExistsError) as error:
            fault = f"store '{store}': {error.filename or settings.path}: {error.strerror}"
            raise BackendUnavailableError(store, fault) from error
    space = Space(
        tree,
        store,
        max_total_bytes=settings.max_total_bytes,
        min_free_bytes=settings.min_free_bytes,
    )
    try:
        _require_writable(tree, DiskWatch(store), store)
        with translated(store):
            space.count()
    except BaseException:
        tree.close()
        raise
    return tree, space


def _require_writable(tree: Tree, disk: DiskWatch, store: str) -> None:
    with translated(store):
        # Always with a file: the folder may have been removed, or its permissions taken away.
        disk.require_writable(tree.uploading, f"probe-{secrets.token_hex(8)}", always=True)


def _maintain(tree: Tree, space: Space, store: str) -> None:
    with translated(store):
        remove_leftovers(tree, time.time())
        space.count()


async def _close(tree: Tree, payloads: LocalPayloadStorage) -> None:
    await payloads.close()
    tree.close()
