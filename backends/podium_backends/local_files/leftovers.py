"""Files of uploads whose process ended before they were complete."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice

from podium_backends.local_files.tree import Tree

# An upload writes more often than that. Longer ones than this are none any more.
OLD_SECONDS = 60 * 60
MOST_AT_ONCE = 1_000


def remove_leftovers(tree: Tree, now_seconds: float) -> None:
    """Remove files of uploads to which nothing was written for an hour, whichever process began them.

    Args:
        tree: The store's folder.
        now_seconds: The time of the clock that files are stamped by.
    """
    with os.scandir(tree.uploading) as entries:
        old = (entry.name for entry in entries if _is_old(entry, now_seconds - OLD_SECONDS))
        for name in list(islice(old, MOST_AT_ONCE)):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=tree.uploading)


def _is_old(entry: os.DirEntry[str], before_seconds: float) -> bool:
    try:
        return (
            entry.is_file(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_mtime < before_seconds
        )
    except FileNotFoundError:  # its upload has just ended
        return False
