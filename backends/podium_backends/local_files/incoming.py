"""A payload on its way in: a temporary file that becomes the payload in one step, or nothing."""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from threading import Lock

from podium_backends.local_files.space import Space, size_of
from podium_backends.local_files.translation import outcome_unknown, translated
from podium_backends.local_files.tree import OpenPath, Tree, refuse_link, sync, sync_folders
from podium_core.errors import FailedPreconditionError
from podium_core.private_files import PRIVATE_FILE

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_NO_FILE = -1


class IncomingFile:
    """One upload. Its methods run in threads, one at a time: a caller that is cancelled leaves one running."""

    def __init__(self, tree: Tree, space: Space, store: str) -> None:
        """Touches nothing yet.

        Args:
            tree: Where the payload shall lie.
            space: Counts what the store holds.
            store: The store's configured name.
        """
        self._tree = tree
        self._space = space
        self._size = 0
        self._store = store
        self._name = secrets.token_hex(16)
        self._file = _NO_FILE
        self._over = False
        self._lock = Lock()

    def write(self, data: bytes | bytearray) -> None:
        """Add to it. Raises as ``Space.require_free``."""
        with self._lock, translated(self._store):
            if not self._over:
                self._space.require_free(len(data))
                self._open()
                left = memoryview(data)
                while left:
                    left = left[os.write(self._file, left) :]

    def seal(self, data: bytes | bytearray, size: int) -> None:
        """Add the last of it, and bring it to the disk.

        Args:
            data: What is left.
            size: What it all comes to, bytes.
        """
        self.write(data)
        with self._lock, translated(self._store):
            if not self._over:
                self._open()
                sync(self._file)
                if os.fstat(self._file).st_size != size:
                    raise OSError(errno.EIO, "a file isn't as long as what was written to it")
                self._size = size
                self._close()

    def publish(self, path: str) -> None:
        """Put it where it belongs, in place of what was there; that is on the disk when this returns.

        Raises:
            FailedPreconditionError: Something is in the way that isn't a payload.
            OutcomeUnknownError: It is there, but may be gone after a crash of the machine.
        """
        with self._lock, translated(self._store):
            if not self._over:
                try:
                    self._move(path)
                except (IsADirectoryError, NotADirectoryError) as error:
                    raise _taken(path) from error

    def _move(self, path: str) -> None:
        with self._tree.open_path(path, make=True) as place:
            refuse_link(place.folder, place.name, path)
            replaced = _size_before(place)
            os.replace(
                self._name,
                place.name,
                src_dir_fd=self._tree.uploading,
                dst_dir_fd=place.folder,
            )
            self._over = True
            self._space.count_change(self._size - replaced)
            with outcome_unknown(self._store):
                sync_folders(place)

    def discard(self) -> None:
        """Let go of it, and remove it unless it was published."""
        # Files that cannot be removed now are removed later, with the leftovers of crashes.
        with self._lock, suppress(OSError):
            over, self._over = self._over, True
            self._close()
            if not over:
                os.unlink(self._name, dir_fd=self._tree.uploading)

    def _open(self) -> None:
        if self._file == _NO_FILE:
            self._file = os.open(self._name, _NEW, PRIVATE_FILE, dir_fd=self._tree.uploading)

    def _close(self) -> None:
        file, self._file = self._file, _NO_FILE
        if file != _NO_FILE:
            os.close(file)


def _size_before(place: OpenPath) -> int:
    try:
        return size_of(place.name, place.folder)
    except FileNotFoundError:
        return 0


def _taken(path: str) -> FailedPreconditionError:
    return FailedPreconditionError(
        "PAYLOAD_PATH_TAKEN",
        f"payload/{path}",
        f"payload '{path}' can't lie beside what is stored: one name can't be a payload and a part of another's path",
    )
