"""The queue tables of all kinds, for tests that each of them has to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest

from podium_core.clock import Clock
from podium_core.ports import QueueTable, QueueTarget
from tests.backends.redis.stores import Layout, end_keys, new_prefix, redis_parts
from tests.backends.sqlite.stores import sqlite_parts

KINDS = ("sqlite", "redis-podium", "redis-conductor")


class Table(QueueTable, QueueTarget, Protocol):
    """The messages of a store, and what executions elsewhere need of them."""


Opened = Callable[[Clock], AbstractAsyncContextManager[Table]]


def opener(kind: str, request: pytest.FixtureRequest, folder: Path) -> Opened:
    """What opens a table without messages, on a clock."""
    if kind == "sqlite":
        return lambda clock: _sqlite(folder, clock)
    url: str = request.getfixturevalue("redis_url")
    return lambda clock: _redis(url, clock, "conductor" if "conductor" in kind else "podium")


@asynccontextmanager
async def _sqlite(folder: Path, clock: Clock) -> AsyncIterator[Table]:
    async with sqlite_parts(folder / "podium.db", clock) as parts:
        yield parts.queue_table


@asynccontextmanager
async def _redis(url: str, clock: Clock, layout: Layout) -> AsyncIterator[Table]:
    prefix = new_prefix()
    async with redis_parts(url, clock, prefix=prefix, layout=layout) as parts:
        yield parts.queue_table
    end_keys(url, prefix)
