"""The lock that makes writers of several processes take turns.

SQLite's own busy waiting sleeps in growing steps and starves one of them for seconds. Here a writer first stands at the
turnstile, then waits for the lock: a process that has just written comes after those that wait.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from podium_core.private_files import PRIVATE_FILE

_POLL_SECONDS = 0.0002


class WriteLock:
    """An exclusive lock between processes on the database file beside it."""

    def __init__(self, database: Path) -> None:
        self._turnstile = _open(database.with_name(database.name + "-turn"))
        self._lock = _open(database.with_name(database.name + "-lock"))

    def take_at_once(self) -> bool:
        """Take it if nobody holds it or waits for it."""
        if not _try(self._turnstile):
            return False
        taken = _try(self._lock)
        fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        return taken

    def take(self, timeout_seconds: float) -> bool:
        """Wait for it, and say whether it came in time. Blocks: call it in a thread."""
        deadline = time.monotonic() + timeout_seconds
        if not _wait(self._turnstile, deadline):
            return False
        try:
            return _wait(self._lock, deadline)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    def release(self) -> None:
        """Let the next one in."""
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the lock files; a lock that is held is released."""
        os.close(self._turnstile)
        os.close(self._lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(descriptor: int, deadline: float) -> bool:
    # Not the blocking call: a process that is stopped while it holds the lock must not stop this one for ever.
    while not _try(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
