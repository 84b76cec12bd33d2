"""The threads in which files are worked on, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from podium_core.errors import BackendUnavailableError

P = ParamSpec("P")
T = TypeVar("T")

# An fsync blocks its thread: a few at a time keep a disk busy.
MOST_THREADS = 8


class Threads:
    """A pool of one store."""

    def __init__(self, store: str) -> None:
        """Takes the store's configured name."""
        self._store = store
        self._pool = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix=f"files-{store}")
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something in a thread. A caller that is cancelled doesn't stop it.

        Raises:
            BackendUnavailableError: The store closes.
        """
        if self._closed:
            raise BackendUnavailableError(self._store, f"store '{self._store}' is closing")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(work, *args, **kwargs))

    async def tidy(self, work: Callable[[], None]) -> None:
        """Do what has to be done even for a caller that is cancelled meanwhile, and while the store closes."""
        pool = None if self._closed else self._pool
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, work))

    async def close(self) -> None:
        """Wait for what is under way; nothing begins any more."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)
