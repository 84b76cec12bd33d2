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
        self._idle: list[sqlite3.Connection] = []

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on one state of the file. A cancelled call interrupts its statement."""
        async with self._free:
            connection = self._idle.pop() if self._idle else self._open()
            running = asyncio.get_running_loop().run_in_executor(
                self._threads, on_one_state, connection, query
            )
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await interrupt(connection, running)
                raise
            except sqlite3.Error as error:
                raise translate(error, self._name) from error
            finally:
                self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        try:
            return open_connection(self._path, read_only=True)
        except sqlite3.Error as error:
            raise translate(error, self._name) from error

    def close(self) -> None:
        """Close the connections; nothing is under way any more."""
        self._threads.shutdown(wait=True)
        for connection in self._idle:
            connection.close()
