"""Errors become statuses here, and nowhere else in the server."""

from __future__ import annotations

import secrets
import traceback
from typing import NoReturn

import grpc
import structlog

from podium_core.errors import InternalError, StorageError
from podium_protocol.rpcs import Repeat
from podium_protocol.status import Status, status_of
from podium_server.interceptors.call import Call, Context

_CODE = grpc.StatusCode
_SERIOUS = frozenset({_CODE.INTERNAL, _CODE.DATA_LOSS})
_WARNINGS = frozenset({_CODE.UNAVAILABLE, _CODE.DEADLINE_EXCEEDED, _CODE.RESOURCE_EXHAUSTED})

_log = structlog.get_logger("podium.calls")


async def fail(call: Call, context: Context, error: BaseException) -> NoReturn:
    """End a call with the status of an error, and write the one log line that it gets."""
    if isinstance(error, StorageError):
        status = status_of(error, request_id=call.request_id)
        _write_line(call, status, type(error).__name__)
    else:
        status = _unforeseen(call, error)
    # gRPC keeps the abort, which keeps this error and its frames, until the garbage collector finds the circle: a request
    # of megabytes would stay with them.
    traceback.clear_frames(error.__traceback__)
    error.__traceback__ = None
    await context.abort(status.code, status.message, status.trailing_metadata())


def _unforeseen(call: Call, error: BaseException) -> Status:
    # The caller gets an id and nothing of the stack; the log has the stack under that id.
    error_id = secrets.token_hex(8)
    _log.error(
        "unforeseen error",
        rpc=call.rpc.label,
        request_id=call.request_id,
        error_id=error_id,
        code=_CODE.INTERNAL.name,
        exc_info=error,
    )
    return status_of(InternalError(error_id), request_id=call.request_id)


def _write_line(call: Call, status: Status, error: str) -> None:
    write = _log.info
    if status.code in _SERIOUS:
        write = _log.error
    elif status.code in _WARNINGS:
        write = _log.warning
    elif status.code is _CODE.NOT_FOUND and call.rpc.repeat is Repeat.READ:
        # The answer of a read, no failure: engines ask for what may not be there.
        write = _log.debug
    write(
        "call failed",
        rpc=call.rpc.label,
        request_id=call.request_id,
        code=status.code.name,
        error=error,
        message=status.message,
    )
