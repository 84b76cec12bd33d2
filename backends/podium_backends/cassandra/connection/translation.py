"""The driver's errors as StorageErrors."""

from __future__ import annotations

from acsylla import errors

from podium_core.errors import BackendUnavailableError, OutcomeUnknownError, StorageError

# It was sent and not answered in time, or not by as many replicas as wanted: it may be there, or still come.
_UNKNOWN = (
    errors.CassErrorLibRequestTimedOut,
    errors.CassErrorLibWriteError,
    errors.CassErrorLibUnexpectedResponse,
    errors.CassErrorServerWriteTimeout,
    errors.CassErrorServerWriteFailure,
    errors.CassErrorServerServerError,
)
# Our own mistakes: the statement is wrong wherever it is sent.
_DEFECTS = (
    errors.CassErrorServerInvalidQuery,
    errors.CassErrorServerSyntaxError,
    errors.CassErrorLibInvalidValueType,
    errors.CassErrorLibIndexOutOfBounds,
    errors.CassErrorLibParameterUnset,
)


def is_of_the_driver(error: BaseException) -> bool:
    """Whether the driver raised it, and not because a statement is wrong."""
    return isinstance(error, errors.CassException) and not isinstance(error, _DEFECTS)


def as_read_error(error: BaseException, store: str) -> StorageError:
    """What a read failed with."""
    return BackendUnavailableError(store, f"store '{store}': {_text(error)}")


def as_write_error(error: BaseException, store: str) -> StorageError:
    """What a write failed with: nothing was written, or nobody knows."""
    if isinstance(error, _UNKNOWN) or "CAS" in type(error).__name__:
        return OutcomeUnknownError(store, f"store '{store}': {_text(error)}")
    return BackendUnavailableError(
        store, f"store '{store}': {_text(error)}; nothing was written, safe to repeat"
    )


def _text(error: BaseException) -> str:
    return str(error) or type(error).__name__
