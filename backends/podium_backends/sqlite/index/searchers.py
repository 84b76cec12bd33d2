"""Threads that search, each on a connection of its own: a scan of many entries doesn't hold up the event loop.

A search that nobody waits for any more, or that is above the time limit, is interrupted.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from podium_backends.sqlite.file.connection import open_connection
from podium_backends.sqlite.file.reader_thread import interrupt, on_one_state
from podium_backends.sqlite.file.translation import translate, translated
from podium_core.errors import BackendUnavailableError, DeadlineExceededError, OverloadedError

T = TypeVar("T")

SEARCHERS = 2
_AGAIN_SECONDS = 0.005


class Searchers:
    """A few readers of one file; a call waits while all are busy."""

    def __init__(
        self, path: Path, name: str, count: int = SEARCHERS, *, timeout_ms: int | None = None
    ) -> None:
        self._path = path
        self._name = name
        self._count = count
        self._timeout_ms = timeout_ms
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=f"search-{name}")
        self._connections: list[sqlite3.Connection] = []
        self._idle: asyncio.LifoQueue[sqlite3.Connection] = asyncio.LifoQueue()
        self._stopping: set[asyncio.Task[None]] = set()
        self._closing = False

    def open(self) -> None:
        """Open the connections; the file is there."""
        with translated(self._name):
            for _ in range(self._count):
                connection = open_connection(self._path, read_only=True)
                self._connections.append(connection)
                self._idle.put_nowait(connection)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on one state of the file; what was acknowledged before is seen.

        Cancelling the call, or the end of the time limit, interrupts the statement that is running.

        Raises:
            BackendUnavailableError: The store is shutting down.
            DeadlineExceededError: It ran until the time limit.
            OverloadedError: It waited for others until the time limit.
        """
        deadline = None
        if self._timeout_ms is not None:
            deadline = asyncio.get_running_loop().time() + self._timeout_ms / 1000
        try:
            async with asyncio.timeout_at(deadline):
                connection = await self._idle.get()
        except TimeoutError as error:
            raise self._overload_error() from error
        try:
            async with asyncio.timeout_at(deadline):
                return await self._run(connection, work)
        except TimeoutError as error:
            raise self._too_slow() from error

    async def _run(
        self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        if self._closing:
            self._idle.put_nowait(connection)
            raise self._closed_error()
        running = asyncio.get_running_loop().run_in_executor(
            self._threads, on_one_state, connection, work
        )
        try:
            result = await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stop_later(connection, running)
            raise
        except sqlite3.Error as error:
            self._idle.put_nowait(connection)
            if self._closing and error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise self._closed_error() from error
            raise translate(error, self._name) from error
        except BaseException:
            self._idle.put_nowait(connection)
            raise
        self._idle.put_nowait(connection)
        return result

    def _stop_later(self, connection: sqlite3.Connection, running: asyncio.Future[T]) -> None:
        stopping = asyncio.get_running_loop().create_task(self._stop(connection, running))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)

    async def _stop(self, connection: sqlite3.Connection, running: asyncio.Future[T]) -> None:
        await interrupt(connection, running)
        self._idle.put_nowait(connection)

    async def close(self) -> None:
        """Interrupt what is running, and close."""
        self._closing = True
        taken: list[sqlite3.Connection] = []
        while len(taken) < len(self._connections):
            for connection in self._connections:
                if connection not in taken:
                    connection.interrupt()
            try:
                taken.append(await asyncio.wait_for(self._idle.get(), _AGAIN_SECONDS))
            except TimeoutError:
                continue
        self._threads.shutdown(wait=True)
        for connection in taken:
            connection.close()
        # The calls that still wait find out, one after the other.
        self._idle.put_nowait(taken[0])

    def _too_slow(self) -> DeadlineExceededError:
        return DeadlineExceededError(
            f"the search was ended after {self._timeout_ms} ms, the server's own limit (search_timeout_ms of store"
            f" '{self._name}'); narrow it: fewer or longer prefixes, a field, a stretch of startTime"
        )

    def _overload_error(self) -> OverloadedError:
        return OverloadedError(
            f"the search waited {self._timeout_ms} ms (search_timeout_ms of store '{self._name}') for others to end",
            retry_after_ms=1_000,
        )

    def _closed_error(self) -> BackendUnavailableError:
        return BackendUnavailableError(self._name, f"store '{self._name}' is shutting down")
