"""Whether the disk of a store takes writes: the part of a sign of life that a store with files of its own needs."""

from __future__ import annotations

import os
from contextlib import suppress

from podium_core.errors import BackendUnavailableError, StorageError

# Far below what a call may write, and enough to need space of its own.
PROBE_BYTES = 64 * 1024
# With more free space than this nothing is written to find out.
SCARCE_BYTES = 64 * 1024 * 1024

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class DiskWatch:
    """What is known of the disk between two signs of life."""

    def __init__(self, store: str) -> None:
        """Takes the store's configured name."""
        self._store = store
        self._failure: str | None = None

    def note(self, failure: StorageError) -> None:
        """Note that a write failed, as it does where there is no space."""
        self._failure = failure.message

    def require_writable(self, folder: int, probe: str, *, always: bool = False) -> None:
        """Return where the disk takes writes. Blocks: call it in a thread.

        A file is written and removed if a write has failed, or if the file system says that it is nearly full or read-only:
        what it says isn't what it does, since space may be reserved, or a quota used up.

        Args:
            folder: The open folder.
            probe: The name of the file.
            always: Write it in any case.

        Raises:
            BackendUnavailableError: A write has failed since the last sign of life.
            OSError: The file can't be written.
        """
        failure, self._failure = self._failure, None
        if always or failure is not None or _is_scarce(folder):
            _write_probe(folder, probe)
        if failure is not None:
            raise BackendUnavailableError(self._store, failure)


def _is_scarce(folder: int) -> bool:
    found = os.statvfs(folder)
    return bool(found.f_flag & os.ST_RDONLY) or found.f_bavail * found.f_frsize < SCARCE_BYTES


def _write_probe(folder: int, name: str) -> None:
    file = os.open(name, _FLAGS, 0o600, dir_fd=folder)
    try:
        left = memoryview(bytes(PROBE_BYTES))
        while left:
            left = left[os.write(file, left) :]
    finally:
        os.close(file)
        with suppress(FileNotFoundError):  # another server on this folder was faster
            os.unlink(name, dir_fd=folder)
