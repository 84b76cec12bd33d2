"""The stores of all kinds that have an outbox, for tests that each of them has to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from podium_backends.redis import store as redis_store
from podium_backends.sqlite import store as sqlite_store
from podium_backends.sqlite.settings import SqliteSettings
from podium_core.backend import ConnectedStore, DataType, StoreContext
from podium_core.clock import Clock
from podium_core.models import Guarantee
from tests.backends.redis.stores import end_keys, new_prefix, settings_at

KINDS = ("sqlite", "redis")


@asynccontextmanager
async def opened(
    kind: str, request: pytest.FixtureRequest, folder: Path, clock: Clock
) -> AsyncIterator[ConnectedStore]:
    """A store without entries, on a clock."""
    context = StoreContext(
        name="main",
        serves=frozenset(DataType) - {DataType.INDEX},
        commit_guarantee=Guarantee.ATOMIC,
        clock=clock,
    )
    if kind == "sqlite":
        store = await sqlite_store.open_store(context, SqliteSettings(path=folder / "podium.db"))
        yield store
        await store.close()
    else:
        url, prefix = request.getfixturevalue("redis_url"), new_prefix()
        store = await redis_store.open_store(context, settings_at(url, prefix))
        yield store
        await store.close()
        end_keys(url, prefix)
