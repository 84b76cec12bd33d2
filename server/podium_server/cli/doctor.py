"""``podium doctor``: looks at each store that is configured, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from podium_core.backend import Finding, Severity, StoreContext
from podium_core.errors import StorageError
from podium_server.cli.banner import store_place
from podium_server.cli.lines import print_line
from podium_server.config.config import Config, StoreConfig

_WIDTH = max(len(severity) for severity in Severity)


def run_doctor(config: Config) -> bool:
    """Print what was found; whether nothing of it is a fault."""
    return asyncio.run(_examine(config))


async def _examine(config: Config) -> bool:
    well = True
    for store in config.stores_in_use:
        print_line(f"{store.name} · {store_place(store)}")
        async for finding in _findings(config, store):
            well = well and finding.severity is not Severity.FAULT
            print_line(f"  {finding.severity:{_WIDTH}}  {finding.text}")
    return well


async def _findings(config: Config, store: StoreConfig) -> AsyncIterator[Finding]:
    if store.spec.diagnose is not None:
        async for finding in store.spec.diagnose(store.name, store.settings):
            yield finding
    else:
        yield await _try_to_open(config, store)


async def _try_to_open(config: Config, store: StoreConfig) -> Finding:
    if (finding := _to_be_made(getattr(store.settings, "path", None))) is not None:
        return finding
    context = StoreContext(
        name=store.name,
        serves=frozenset(config.data_types_of(store.name)),
        commit_guarantee=config.commit_guarantee,
    )
    try:
        connected = await store.spec.connect(context, store.settings)
        await connected.close()
    except StorageError as error:
        return Finding(Severity.FAULT, error.message)
    return Finding(Severity.OK, "it opens")


def _to_be_made(path: Path | None) -> Finding | None:
    """What a first start will find, where there is nothing yet; the doctor makes nothing."""
    if path is None or path.exists():
        return None
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        return Finding(Severity.OK, "it isn't there yet: the first start makes it")
    return Finding(
        Severity.FAULT, f"it isn't there, and {folder} can't be written: choose another path"
    )
