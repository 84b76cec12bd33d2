"""StorageError to gRPC status and back, in one table.

The details are a ``google.rpc.Status`` in the trailing metadata. Each has an ErrorInfo of our domain, whose reason says
which error it is, so that a client raises the class that the server raised, and tells our word from the transport's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
import msgspec
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    RequestInfo,
    ResourceInfo,
    RetryInfo,
)

from podium_core import errors
from podium_core.errors import StorageError

DOMAIN = "podium"
DETAILS_KEY = "grpc-status-details-bin"
REQUEST_ID_KEY = "x-request-id"
NAMESPACE_KEY = "podium-namespace"

# Trailing metadata above about 8 kB may be dropped on the way, and with it the whole answer.
_MAX_TEXT = 1_024
_MAX_MESSAGE = 512

Metadata = Iterable[tuple[str, str | bytes]]
Values = Mapping[str, Any]


class Status(msgspec.Struct, frozen=True):
    """What goes on the wire for an error."""

    code: grpc.StatusCode
    message: str
    details: tuple[Message, ...] = ()

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        """The metadata that carries the details; none where there are none."""
        if not self.details:
            return ()
        packed = status_pb2.Status(code=self.code.value[0], message=self.message)
        for detail in self.details:
            packed.details.add().Pack(detail)
        return ((DETAILS_KEY, packed.SerializeToString()),)


class _ErrorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one class of errors crosses.

    Attributes:
        reason: The ErrorInfo's; empty where the error's own attribute says it.
        metadata: Attributes that travel in the ErrorInfo, and the types they come back as.
        write: Further details.
        read: Attributes from those details.
    """

    error: type[StorageError]
    code: grpc.StatusCode
    reason: str
    metadata: Mapping[str, Callable[[str], Any]] = {}
    write: Callable[[Any], tuple[Message, ...]] = lambda error: ()
    read: Callable[[_Details], Values] = lambda details: {}


class _Details:
    """The details of a status, by their kind."""

    def __init__(self, packed: status_pb2.Status) -> None:
        self.message = packed.message
        self.error_info = ErrorInfo()
        self.retry = RetryInfo()
        self.bad_request = BadRequest()
        self.resource = ResourceInfo()
        self.precondition = PreconditionFailure()
        self.request = RequestInfo()
        kinds = (
            self.error_info,
            self.retry,
            self.bad_request,
            self.resource,
            self.precondition,
            self.request,
        )
        for detail in packed.details:
            for kind in kinds:
                detail.Unpack(kind)


def _clip(text: str, limit: int = _MAX_TEXT) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


# one pair of functions for each kind of detail


def _resource(error: Any) -> tuple[Message, ...]:
    return (ResourceInfo(resource_type=error.resource_type, resource_name=_clip(error.name)),)


def _read_resource(details: _Details) -> Values:
    return {"resource_type": details.resource.resource_type, "name": details.resource.resource_name}


def _retry(error: Any) -> tuple[Message, ...]:
    detail = RetryInfo()
    detail.retry_delay.FromMilliseconds(error.retry_after_ms)
    return (detail,)


def _read_retry(details: _Details) -> Values:
    return {"retry_after_ms": details.retry.retry_delay.ToMilliseconds()}


def _bad_request(error: Any) -> tuple[Message, ...]:
    violation = BadRequest.FieldViolation(field=_clip(error.field), description=_clip(error.reason))
    return (BadRequest(field_violations=[violation]),)


def _read_bad_request(details: _Details) -> Values:
    violations = details.bad_request.field_violations or [
        BadRequest.FieldViolation(description=details.message)
    ]
    return {"field": violations[0].field, "reason": violations[0].description}


def _precondition(error: Any) -> tuple[Message, ...]:
    violation = PreconditionFailure.Violation(
        type=error.kind, subject=_clip(error.subject), description=_clip(error.message)
    )
    return (PreconditionFailure(violations=[violation]),)


def _read_precondition(details: _Details) -> Values:
    violations = details.precondition.violations or [PreconditionFailure.Violation()]
    return {"kind": violations[0].type, "subject": violations[0].subject}


_CODE = grpc.StatusCode
_STALE = ("STALE_UPDATE_TIME", "STALE_RECEIPT")

_ROWS = (
    _ErrorStatus(
        error=errors.NotFoundError,
        code=_CODE.NOT_FOUND,
        reason="NOT_FOUND",
        write=_resource,
        read=_read_resource,
    ),
    _ErrorStatus(
        error=errors.AlreadyExistsError,
        code=_CODE.ALREADY_EXISTS,
        reason="ALREADY_EXISTS",
        write=_resource,
        read=_read_resource,
    ),
    _ErrorStatus(
        error=errors.InvalidArgumentError,
        code=_CODE.INVALID_ARGUMENT,
        reason="INVALID_ARGUMENT",
        write=_bad_request,
        read=_read_bad_request,
    ),
    _ErrorStatus(
        error=errors.PayloadTooLargeError,
        code=_CODE.INVALID_ARGUMENT,
        reason="PAYLOAD_TOO_LARGE",
        metadata={"limit_bytes": int, "size_bytes": int},
        write=_bad_request,
        read=_read_bad_request,
    ),
    _ErrorStatus(
        error=errors.FailedPreconditionError,
        code=_CODE.FAILED_PRECONDITION,
        reason="FAILED_PRECONDITION",
        write=_precondition,
        read=_read_precondition,
    ),
    _ErrorStatus(
        error=errors.IncompatibleStoreError,
        code=_CODE.FAILED_PRECONDITION,
        reason="INCOMPATIBLE_STORE",
    ),
    _ErrorStatus(
        error=errors.UnsupportedOperationError,
        code=_CODE.UNIMPLEMENTED,
        reason="UNSUPPORTED_OPERATION",
        metadata={"backend": str, "method": str},
    ),
    _ErrorStatus(
        error=errors.BackendUnavailableError,
        code=_CODE.UNAVAILABLE,
        reason="BACKEND_UNAVAILABLE",
        metadata={"store": str},
        write=_retry,
        read=_read_retry,
    ),
    _ErrorStatus(
        error=errors.OutcomeUnknownError,
        code=_CODE.DEADLINE_EXCEEDED,
        reason="OUTCOME_UNKNOWN",
        metadata={"store": str},
    ),
    _ErrorStatus(
        error=errors.CorruptRecordError,
        code=_CODE.DATA_LOSS,
        reason="CORRUPT_RECORD",
        write=_resource,
        read=_read_resource,
    ),
    *(
        _ErrorStatus(
            error=errors.ConflictError,
            code=_CODE.ABORTED,
            reason=reason,
            metadata={"subject": str, "expected": str, "actual": str},
            read=lambda details: {"reason": details.error_info.reason},
        )
        for reason in _STALE
    ),
    _ErrorStatus(
        error=errors.ResultTooLargeError,
        code=_CODE.RESOURCE_EXHAUSTED,
        reason="RESULT_TOO_LARGE",
        metadata={"limit_bytes": int, "streaming_rpc": str, "subject": str},
    ),
    _ErrorStatus(
        error=errors.OverloadedError,
        code=_CODE.RESOURCE_EXHAUSTED,
        reason="OVERLOADED",
        write=_retry,
        read=_read_retry,
    ),
    _ErrorStatus(
        error=errors.DeadlineExceededError,
        code=_CODE.DEADLINE_EXCEEDED,
        reason="DEADLINE_EXCEEDED",
    ),
    _ErrorStatus(
        error=errors.InternalError,
        code=_CODE.INTERNAL,
        reason="INTERNAL",
        metadata={"error_id": str},
    ),
)
_BY_ERROR = {row.error: row for row in _ROWS}
_BY_REASON = {row.reason: row for row in _ROWS}


def status_of(error: StorageError, *, request_id: str = "") -> Status:
    """The status of an error; of a class that the table doesn't name, its nearest base's."""
    row = next((_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR), None)
    message = _clip(error.message, _MAX_MESSAGE)
    if row is None:
        # TransportError, in a server that is a client of another: the outcome is unknown, so no word of ours.
        return Status(_CODE.UNAVAILABLE, message)
    reason = error.reason if isinstance(error, errors.ConflictError) else row.reason
    info = ErrorInfo(reason=reason, domain=DOMAIN)
    for name in row.metadata:
        info.metadata[name] = _clip(str(getattr(error, name)))
    details: tuple[Message, ...] = (info, *row.write(error))
    if request_id:
        details += (RequestInfo(request_id=request_id),)
    return Status(row.code, message, details)


def error_of(
    code: grpc.StatusCode, message: str | None, trailing_metadata: Metadata | None
) -> StorageError:
    """The error of a status that a call ended with."""
    details = _details(trailing_metadata)
    if details is None or details.error_info.domain != DOMAIN:
        return _foreign(code, message or "")
    row = _BY_REASON.get(details.error_info.reason) or _row_of_code(code)
    error = _foreign(code, message or "") if row is None else _rebuilt(row, details)
    if details.request.request_id:
        error.request_id = details.request.request_id
    return error


def _details(trailing_metadata: Metadata | None) -> _Details | None:
    for key, value in trailing_metadata or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return _Details(status_pb2.Status.FromString(value))
            except DecodeError:
                return None
    return None


def _row_of_code(code: grpc.StatusCode) -> _ErrorStatus | None:
    # A reason of a newer server: the first row of the code is its most general one.
    return next((row for row in _ROWS if row.code is code), None)


def _rebuilt(row: _ErrorStatus, details: _Details) -> StorageError:
    # Not by its constructor, which would word the message again.
    error = row.error.__new__(row.error, details.message)
    error.message = details.message
    received = details.error_info.metadata
    for name, convert in row.metadata.items():
        setattr(error, name, _convert(convert, received.get(name, "")))
    for name, value in row.read(details).items():
        setattr(error, name, value)
    return error


def _convert(convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except ValueError:
        return convert("0")


def _foreign(code: grpc.StatusCode, message: str) -> StorageError:
    """The error of a status without our details: gRPC's own, or a proxy's."""
    match code:
        case _CODE.DEADLINE_EXCEEDED:
            return errors.DeadlineExceededError(message or "the deadline passed")
        case _CODE.INVALID_ARGUMENT:
            return errors.InvalidArgumentError("", message)
        case _CODE.UNIMPLEMENTED:
            return errors.UnsupportedOperationError(
                "", "", message or "the server doesn't know this RPC"
            )
        case _CODE.UNAVAILABLE:
            return errors.TransportError(message or "the connection failed")
    return errors.TransportError(f"{code.name}: {message}")


def error_of_call(error: grpc.RpcError) -> StorageError:
    """``error_of`` an error that gRPC raised in a client, of a sync or an aio call."""
    failed: Any = error
    metadata = failed.trailing_metadata()
    return error_of(failed.code(), failed.details(), None if metadata is None else tuple(metadata))
