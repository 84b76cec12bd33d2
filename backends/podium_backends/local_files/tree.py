"""The folder of a store, held open.

Everything below it is opened step by step, each relative to the one before, and no symbolic link is ever followed: a path
can't lead out of the folder, even if another program changes the folder meanwhile.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from podium_core.errors import FailedPreconditionError
from podium_core.models import PayloadType
from podium_core.private_files import PRIVATE_FOLDER, make_private_folder

# No payload lies there: its path begins with one of the prefixes.
UPLOADING = ".uploading"

_CLOSED = -1
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# On macOS fsync leaves the data in the disk's own cache.
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


class OpenPath(NamedTuple):
    """Where a payload lies: the open folders on the way to it, the last one its own, and its name there."""

    folders: list[int]
    name: str

    @property
    def folder(self) -> int:
        """The folder that it lies in."""
        return self.folders[-1]


class Tree:
    """The folder of a store.

    Attributes:
        uploading: The open folder for what isn't whole yet.
    """

    def __init__(self, path: Path) -> None:
        """Open the folder; make it and what belongs in it where that isn't there.

        Raises:
            OSError: It can't be made or opened.
        """
        make_private_folder(path)
        # The folder itself may be a link: the operator chooses where it lies.
        self._uri = path.resolve().as_uri()
        self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for payload_type in PayloadType:
                with self.open_path(f"{payload_type}/*", make=True):
                    pass
            self.uploading = self._open_folder(self._root, UPLOADING, UPLOADING, make=True)
        except BaseException:
            os.close(self._root)
            raise

    def close(self) -> None:
        """Let go of the folder. A second time does nothing."""
        for folder in (self.uploading, self._root):
            if folder != _CLOSED:
                os.close(folder)
        # A late caller must not use the number of another open file.
        self.uploading = self._root = _CLOSED

    @property
    def root(self) -> int:
        """The open folder itself."""
        return self._root

    def uri(self, path: str) -> str:
        """The ``file:`` URI of a payload."""
        return f"{self._uri}/{quote(path)}"

    @contextmanager
    def open_path(self, path: str, *, make: bool = False) -> Iterator[OpenPath]:
        """The place of a payload, for as long as the block runs.

        Args:
            path: The payload's path.
            make: Make the folders that aren't there.
        Raises:
            FileNotFoundError: A folder isn't there.
            NotADirectoryError: Something else is where a folder should be.
            FailedPreconditionError: A symbolic link is.
        """
        *above, name = path.split("/")
        with ExitStack() as held:
            folders = [self._root]
            for segment in above:
                folder = self._open_folder(folders[-1], segment, path, make=make)
                held.callback(os.close, folder)
                folders.append(folder)
            yield OpenPath(folders, name)

    def _open_folder(self, folder: int, name: str, path: str, *, make: bool) -> int:
        try:
            return os.open(name, _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            if not make:
                raise
        except OSError as error:
            # Systems differ in what they call a link here.
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                refuse_link(folder, name, path)
            raise
        with suppress(FileExistsError):
            os.mkdir(name, PRIVATE_FOLDER, dir_fd=folder)
        sync(folder)
        return self._open_folder(folder, name, path, make=False)


def refuse_link(folder: int, name: str, path: str) -> None:
    """Refuse a name that is a symbolic link. Not CorruptRecordError: it is no record, and an operator can remove it.

    Raises:
        FailedPreconditionError: It is one.
    """
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise FailedPreconditionError(
            "PAYLOAD_BEHIND_LINK",
            f"payload/{path}",
            f"'{name}' on the way to payload '{path}' is a symbolic link, which might lead out of the store: remove it",
        )


def sync(file: int) -> None:
    """Make sure that a file, or what names a folder has, survives a crash of the machine."""
    if _FULL_SYNC is None:
        os.fsync(file)
    else:
        fcntl.fcntl(file, _FULL_SYNC)


def sync_folders(place: OpenPath) -> None:
    """The same for every folder that may be new to others: those below a prefix's first segment, which are old."""
    for folder in reversed(place.folders[2:]):
        sync(folder)
