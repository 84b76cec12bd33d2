"""A payload on its way out: a file that stays what it is while another takes its place."""

from __future__ import annotations

import os
import stat
from threading import Lock

from podium_backends.local_files.translation import translated
from podium_backends.local_files.tree import Tree, refuse_link
from podium_core.errors import CorruptRecordError, FailedPreconditionError, NotFoundError

# Each download holds so much, also one whose client takes nothing.
READ_BYTES = 512 * 1024

# Opening a pipe must not wait for its writer.
_EXISTING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_NO_FILE = -1


class OutgoingFile:
    """One download. Its methods run in threads, one at a time: a caller that is cancelled leaves one running.

    Attributes:
        over: All of it has been read, or it was closed.
    """

    def __init__(self, tree: Tree, store: str, path: str) -> None:
        """Touches nothing yet.

        Args:
            tree: Where the payload lies.
            store: The store's configured name.
            path: Its path.
        """
        self.over = False
        self._tree = tree
        self._store = store
        self._path = path
        self._file = _NO_FILE
        self._left = 0
        self._lock = Lock()

    def read(self) -> bytes:
        """The next piece of it; it closes itself after the last one.

        Raises:
            NotFoundError: There is nothing at the path.
            CorruptRecordError: Somebody else made it shorter meanwhile.
        """
        with self._lock, translated(self._store):
            if self.over:
                return b""
            if self._file == _NO_FILE:
                self._open()
            data = self._exactly(min(READ_BYTES, self._left))
            self._left -= len(data)
            if not self._left:
                self._close()
            return data

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        try:
            with self._tree.open_path(self._path) as place:
                try:
                    self._file = os.open(place.name, _EXISTING, dir_fd=place.folder)
                except FileNotFoundError:
                    raise
                except OSError:
                    refuse_link(place.folder, place.name, self._path)
                    raise
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError("payload", self._path) from None
        self._require_file()

    def _require_file(self) -> None:
        found = os.fstat(self._file)
        if not stat.S_ISREG(found.st_mode):
            self._close()
            if stat.S_ISDIR(found.st_mode):
                raise NotFoundError("payload", self._path)
            raise FailedPreconditionError(
                "NO_PAYLOAD", f"payload/{self._path}", f"'{self._path}' isn't a file: remove it"
            )
        self._left = found.st_size

    def _exactly(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = os.read(self._file, size)
            if not piece:
                raise CorruptRecordError("payload", self._path, "it became shorter meanwhile")
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _close(self) -> None:
        self.over = True
        file, self._file = self._file, _NO_FILE
        if file != _NO_FILE:
            os.close(file)
