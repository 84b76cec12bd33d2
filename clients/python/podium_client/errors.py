"""What a call can raise, under names that read well, and how a client words it.

Every error is a ``StorageError``. Its ``message`` is the server's; its text has the status, and what to do about it, after
that. Its ``request_id`` names the call in the server's log.
"""

from __future__ import annotations

import grpc

from podium_core.errors import (
    AlreadyExistsError,
    BackendUnavailableError,
    ConflictError,
    CorruptRecordError,
    DeadlineExceededError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OutcomeUnknownError,
    OverloadedError,
    PayloadTooLargeError,
    ResultTooLargeError,
    StorageError,
    TransportError,
    UnsupportedOperationError,
)
from podium_protocol.rpcs import Rpc
from podium_protocol.status import error_of_call

__all__ = [
    "AccessDeniedError",
    "AlreadyExistsError",
    "BackendUnavailableError",
    "ClientClosedError",
    "ConflictError",
    "CorruptRecordError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "MessageTooLargeError",
    "NotFoundError",
    "OutcomeUnknownError",
    "OverloadedError",
    "PayloadTooLargeError",
    "PodiumError",
    "ResultTooLargeError",
    "StorageError",
    "TransportError",
    "UnavailableError",
    "UnsupportedOperationError",
    "translated",
]

PodiumError = StorageError
UnavailableError = BackendUnavailableError


class AccessDeniedError(TransportError):
    """The server, or something before it, wants other credentials."""


class MessageTooLargeError(TransportError):
    """A request or an answer is above the transport's limit."""


class ClientClosedError(TransportError):
    """The client was closed before the call ended, or before it began."""


_CODE = grpc.StatusCode
_NARROWER: dict[grpc.StatusCode, type[TransportError]] = {
    _CODE.UNAUTHENTICATED: AccessDeniedError,
    _CODE.PERMISSION_DENIED: AccessDeniedError,
    _CODE.RESOURCE_EXHAUSTED: MessageTooLargeError,
}


def translated(
    failure: grpc.aio.AioRpcError, rpc: Rpc, address: str, request_id: str
) -> StorageError:
    """The error of a call that failed.

    Args:
        failure: What gRPC raised.
        rpc: What was called.
        address: The server's, for errors of the transport, which don't say.
        request_id: The call's.
    """
    code = failure.code()
    error = error_of_call(failure)
    if type(error) is TransportError:
        error = _NARROWER.get(code, TransportError)(f"{rpc.label} at {address}: {error.message}")
    return with_advice(error, code, writes=rpc.writes, request_id=request_id)


def with_advice(
    error: StorageError, code: grpc.StatusCode, *, writes: bool, request_id: str
) -> StorageError:
    """The same error, whose text ends in its status and what to do, and which knows its request id."""
    advice = _advice(error, writes=writes)
    error.args = (f"{error.message} [{code.name}{', ' if advice else ''}{advice}]",)
    error.request_id = request_id
    error.add_note(f"request id {request_id}")
    return error


def _advice(error: StorageError, *, writes: bool) -> str:
    match error:
        case ConflictError(reason="STALE_UPDATE_TIME" | "STALE_RECEIPT"):
            return "retry after reading it again"
        case BackendUnavailableError() | OverloadedError():
            return f"retry in {error.retry_after_ms / 1000:g} s"
        case AccessDeniedError() | MessageTooLargeError():
            return ""
        case TransportError() | OutcomeUnknownError() | DeadlineExceededError() if writes:
            return "it may or may not have been carried out"
    return ""
