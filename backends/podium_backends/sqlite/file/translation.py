"""sqlite3's errors as StorageErrors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    OutcomeUnknownError,
)

_PRIMARY = 0xFF
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "is locked by another program",
    sqlite3.SQLITE_LOCKED: "is locked",
    sqlite3.SQLITE_FULL: "has no space left on its disk",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_CANTOPEN: "can't be opened",
    sqlite3.SQLITE_PERM: "may not be opened",
    sqlite3.SQLITE_NOMEM: "ran out of memory",
    sqlite3.SQLITE_IOERR: "met an input/output error",
}


def translate(error: BaseException, store: str, *, committing: bool = False) -> BaseException:
    """The StorageError of an error of sqlite3's; anything else stays as it is.

    Args:
        error: What was raised.
        store: The store's configured name.
        committing: It came from COMMIT, where an input/output error leaves the outcome open.
    """
    if isinstance(error, OSError):
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _with_cause(BackendUnavailableError(store, f"store '{store}': {what}"), error)
    if not isinstance(error, sqlite3.Error):
        return error
    code = primary_code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _with_cause(CorruptRecordError("store", store, str(error)), error)
    if committing and code == sqlite3.SQLITE_IOERR:
        return _with_cause(
            OutcomeUnknownError(store, f"store '{store}' broke off while committing: {error}"),
            error,
        )
    if code in _UNAVAILABLE:
        message = f"store '{store}' {_UNAVAILABLE[code]}; nothing was written, safe to repeat"
        return _with_cause(BackendUnavailableError(store, message, retry_after_ms=1_000), error)
    return error


def primary_code(error: BaseException | None) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & _PRIMARY


def _with_cause(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Raise sqlite3's errors as StorageErrors."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise translate(error, store) from error
