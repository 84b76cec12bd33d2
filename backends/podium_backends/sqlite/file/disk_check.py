"""Asks the disk under a database file whether it takes writes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from podium_backends.sqlite.file.translation import primary_code, translated
from podium_core.disk_watch import DiskWatch
from podium_core.errors import StorageError

_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR}


class DiskCheck:
    """Of one database file; in a thread of its own, since a disk that is broken may hang."""

    def __init__(self, database: Path, store: str) -> None:
        self._folder = database.parent
        self._probe = f"{database.name}-probe"
        self._store = store
        self._watch = DiskWatch(store)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"disk-{store}")

    def note(self, error: BaseException) -> None:
        """Note how a write failed, if that was for the disk."""
        cause = error.__cause__
        of_the_disk = isinstance(cause, OSError) or primary_code(cause) in _OF_THE_DISK
        if of_the_disk and isinstance(error, StorageError):
            self._watch.note(error)

    async def require_writable(self) -> None:
        """Raises BackendUnavailableError where a write has failed since the last time, or the disk takes none."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._require_writable)

    def _require_writable(self) -> None:
        with translated(self._store):
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                self._watch.require_writable(folder, self._probe)
            finally:
                os.close(folder)

    def close(self) -> None:
        """Ask no more. A thread that hangs isn't waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
