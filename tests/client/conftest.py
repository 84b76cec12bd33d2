"""A server and a client for each test, and the check that a client leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_client import PodiumClient, RetryPolicy
from tests.client.podium_server import PodiumServer
from tests.patience import PATIENCE_SECONDS

QUICK = RetryPolicy(initial_backoff_seconds=0.01, max_backoff_seconds=0.05, connect_seconds=2)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PodiumServer]:
    """Podium's own server, running."""
    running = PodiumServer(tmp_path)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def podium(server: PodiumServer) -> AsyncIterator[PodiumClient]:
    """A client of it."""
    async with PodiumClient(
        server.address, retry=QUICK, timeout_seconds=PATIENCE_SECONDS
    ) as client:
        yield client


async def tasks_left(before: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """The tasks that weren't there before, once those that are ending have ended."""
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    return asyncio.all_tasks() - before
