"""The file system's errors as StorageErrors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from podium_core.errors import BackendUnavailableError, InvalidArgumentError, OutcomeUnknownError

_UNAVAILABLE = {
    errno.ENOSPC: "has no space left on its disk",
    errno.EDQUOT: "has used up its disk quota",
    errno.EFBIG: "may not hold a file so large",
    errno.EACCES: "may not be used: give the server's user access to its folder",
    errno.EPERM: "may not be used: give the server's user access to its folder",
    errno.EROFS: "is on a read-only file system",
    errno.EIO: "met an input/output error",
    errno.EMFILE: "ran out of file descriptors",
    errno.ENFILE: "ran out of file descriptors",
    errno.ENOENT: "lost a folder or file that was there before",
}
# What only some file systems refuse: shorter names, text that isn't normalised.
_UNUSABLE = {errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL}


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Turn an OSError of what is done within, which has left no trace, into a StorageError.

    A folder in place of a file, or the other way round, is no failure of the store: that stays as it is.

    Args:
        store: The store's configured name.
    """
    try:
        yield
    except (IsADirectoryError, NotADirectoryError):
        raise
    except OSError as error:
        if error.errno in _UNUSABLE:
            fault = f"can't be a name on the disk of store '{store}': {error.strerror}"
            raise InvalidArgumentError("path", fault) from error
        what = _UNAVAILABLE.get(error.errno or 0, f"can't be used: {error.strerror or error}")
        message = f"store '{store}' {what}; nothing was written, safe to repeat"
        raise BackendUnavailableError(store, message, retry_after_ms=1_000) from error


@contextmanager
def outcome_unknown(store: str) -> Iterator[None]:
    """The same for what follows a change: it may or may not survive a crash of the machine."""
    try:
        yield
    except OSError as error:
        message = (
            f"store '{store}' could not make sure that the change is on the disk: {error.strerror}"
        )
        raise OutcomeUnknownError(store, message) from error
