"""How much a store may hold, and how much of its disk it leaves to others."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from threading import Lock

from podium_backends.local_files.tree import UPLOADING, Tree
from podium_core.errors import FailedPreconditionError

# How often the files of other servers on the same folder are counted.
RECOUNT_SECONDS = 10 * 60


class Space:
    """Counts what a store holds, without walking over it for an upload. Its methods may run in any thread."""

    def __init__(
        self, tree: Tree, store: str, *, max_total_bytes: int | None, min_free_bytes: int
    ) -> None:
        """Counts nothing yet.

        Args:
            tree: Where the payloads lie.
            store: The store's configured name.
            max_total_bytes: The most that all payloads together may have; None: no bound, nothing is counted.
            min_free_bytes: What is left of the disk.
        """
        self._tree = tree
        self._store = store
        self._most = max_total_bytes
        self._min_free = min_free_bytes
        self._held = 0
        self._under_way = 0
        self._changed = 0
        self._counted_at = 0.0
        self._lock = Lock()

    def count(self) -> None:
        """Count what is there, unless that was done a short while ago, or nothing depends on it."""
        if self._most is None or (
            self._counted_at and time.monotonic() - self._counted_at < RECOUNT_SECONDS
        ):
            return
        self._changed = 0
        found = size_of_payloads(self._tree)
        with self._lock:
            # The count may include files that came and went meanwhile: rather too high than too low.
            self._held = found + max(self._changed, 0)
            self._counted_at = time.monotonic()

    def take(self, size: int) -> None:
        """Room for so many bytes that are on their way in.

        Raises:
            FailedPreconditionError: There is none.
        """
        with self._lock:
            held = self._held + self._under_way
            if self._most is not None and held + size > self._most:
                raise _full(
                    self._store,
                    f"store '{self._store}' holds {held} bytes, and an upload of {size} more would bring it above its"
                    f" max_total_bytes of {self._most}: delete payloads, or raise it",
                )
            self._under_way += size

    def give_back(self, size: int) -> None:
        """They have arrived, or won't."""
        with self._lock:
            self._under_way -= size

    def count_change(self, size: int) -> None:
        """The store holds so many bytes more, or less."""
        with self._lock:
            self._held = max(self._held + size, 0)
            self._changed += size

    def require_free(self, size: int) -> None:
        """Refuse to write so many bytes to a disk that is nearly full.

        Raises:
            FailedPreconditionError: It is.
        """
        disk = os.fstatvfs(self._tree.uploading)
        free = disk.f_bavail * disk.f_frsize
        if free - size < self._min_free:
            raise _full(
                self._store,
                f"the disk of store '{self._store}' has {free} bytes left, and {size} more would leave less than its"
                f" min_free_bytes of {self._min_free}: free some space",
            )


class Room:
    """What one upload takes."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._taken = 0

    def need(self, size: int) -> None:
        """So many bytes in all. Raises as ``Space.take``."""
        if size > self._taken:
            self._space.take(size - self._taken)
            self._taken = size

    def leave(self) -> None:
        """The upload is over."""
        self._space.give_back(self._taken)
        self._taken = 0


def size_of_payloads(tree: Tree) -> int:
    """The bytes of all payloads; blocks for as long as it takes to look at each file."""
    total = 0
    for place, folders, files, descriptor in os.fwalk(".", dir_fd=tree.root):
        if place == ".":
            folders[:] = [folder for folder in folders if folder != UPLOADING]
        for name in files:
            with suppress(FileNotFoundError):
                total += size_of(name, descriptor)
    return total


def size_of(name: str, folder: int) -> int:
    """The bytes of a file; 0 of anything else.

    Raises:
        FileNotFoundError: There is nothing of that name.
    """
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _full(store: str, message: str) -> FailedPreconditionError:
    return FailedPreconditionError("PAYLOAD_STORE_FULL", f"store/{store}", message)
