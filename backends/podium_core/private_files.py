"""Folders and files of stores on a disk: made so that only the server's own user may read them.

Existing files keep their mode: an operator may have opened them on purpose, to a group that makes backups for example.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
A_FOLDER_IS_THERE = "a folder is there, and a file is expected"
A_FILE_IS_THERE = "a file is there, and a folder is expected"


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it, where they aren't there.

    Raises:
        NotADirectoryError: Something else is there, or above it; the error names that.
        OSError: It can't be made.
    """
    if path.is_dir():
        return
    missing = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    try:
        for folder in reversed(missing):
            folder.mkdir(PRIVATE_FOLDER, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        pass  # which of them it is, is said below
    for folder in (*reversed(path.parents), path):
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, A_FILE_IS_THERE, str(folder))


def make_private_file(path: Path) -> None:
    """Make an empty file where there is none.

    Raises:
        IsADirectoryError: A folder is there.
        OSError: It can't be made.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, A_FOLDER_IS_THERE, str(path))
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
