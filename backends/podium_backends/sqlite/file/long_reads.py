"""Reads of more than a few hundred kilobytes: in threads, each on a connection and one state of the file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from podium_backends.sqlite.file.connection import open_connection
from podium_backends.sqlite.file.reader_thread import interrupt, on_one_state
from podium_backends.sqlite.file.translation import translate

T = TypeVar("T")

READERS = 2


class LongReads:
    """A few readers of one file, opened when they are first needed; a call waits while all are busy."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix=f"sqlite-read-{name}")
        self._free = asyncio.Semaphore(READERS)
        self._connections: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._stopping: set[asyncio.Task[None]] = set()

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on one state of the file. A cancelled call interrupts its statement."""
        await self._free.acquire()
        try:
            connection = self._idle.pop() if self._idle else self._open()
        except BaseException:
            self._free.release()
            raise
        running = asyncio.get_running_loop().run_in_executor(
            self._threads, on_one_state, connection, query
        )
        # Not when this call ends: cancelled twice, by its deadline and its client, it ends before the thread has stopped.
        running.add_done_callback(lambda _: self._give_back(connection))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await self._stop(connection, running)
            raise
        except sqlite3.Error as error:
            raise translate(error, self._name) from error

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        self._free.release()

    async def _stop(self, connection: sqlite3.Connection, running: asyncio.Future[T]) -> None:
        stopping = asyncio.create_task(interrupt(connection, running))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)
        await asyncio.shield(stopping)

    def _open(self) -> sqlite3.Connection:
        try:
            connection = open_connection(self._path, read_only=True)
        except sqlite3.Error as error:
            raise translate(error, self._name) from error
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close the connections; nothing is under way any more."""
        self._threads.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
