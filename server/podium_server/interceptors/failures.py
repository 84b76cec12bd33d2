"""Errors become statuses here, and nowhere else in the server."""

from __future__ import annotations

import logging
import secrets
from typing import NoReturn
from urllib.parse import unquote

import grpc
import structlog

from podium_core.errors import InternalError, StorageError
from podium_protocol.rpcs import Repeat
from podium_protocol.status import Status, status_of
from podium_server.interceptors.call import Call, Context
from podium_server.interceptors.refusals import Refusal, Refusals

_CODE = grpc.StatusCode
_SERIOUS = frozenset({_CODE.INTERNAL, _CODE.DATA_LOSS})

_log = structlog.get_logger("podium.calls")


class Failures:
    """Ends the calls of one server that failed.

    Attributes:
        refusals: Writes the lines of those that are no defect.
    """

    def __init__(self) -> None:
        self.refusals = Refusals()

    async def end(self, call: Call, context: Context, error: BaseException) -> NoReturn:
        """End a call with the status of an error, and log it."""
        if isinstance(error, StorageError):
            status = status_of(error, request_id=call.request_id)
            self._log(call, context, status, type(error).__name__)
        else:
            status = _unforeseen(call, context, error)
        # gRPC keeps the abort, which keeps this error and its frames, until the garbage collector finds the circle: a
        # request of megabytes would stay with them.
        _forget_frames(error)
        await context.abort(status.code, status.message, status.trailing_metadata())

    def _log(self, call: Call, context: Context, status: Status, error: str) -> None:
        # The answer of a read, no failure: engines ask for what may not be there.
        absent = status.code is _CODE.NOT_FOUND and call.rpc.repeat is Repeat.READ
        if absent and not _log.is_enabled_for(logging.DEBUG):
            return
        refusal = Refusal(
            rpc=call.rpc.label,
            request_id=call.request_id,
            peer=context.peer(),
            code=status.code,
            error=error,
            message=status.message,
        )
        if status.code in _SERIOUS:
            _log.error("call failed", **refusal.fields())
        elif absent:
            _log.debug("call failed", **refusal.fields())
        else:
            self.refusals.add(refusal)


def _forget_frames(error: BaseException) -> None:
    """Drop the tracebacks of an error and of those that led to it.

    No frame is cleared: of an error that several tasks share, the frames may be of one that has caught it and goes on, and
    clearing the frame of a suspended coroutine ends it without a word.
    """
    errors, seen = [error], {id(error)}
    while errors:
        last = errors.pop()
        last.__traceback__ = None
        for before in (last.__cause__, last.__context__):
            if before is not None and id(before) not in seen:
                seen.add(id(before))
                errors.append(before)


def _unforeseen(call: Call, context: Context, error: BaseException) -> Status:
    # The caller gets an id and nothing of the stack; the log has the stack under that id.
    error_id = secrets.token_hex(8)
    _log.error(
        "unforeseen error",
        rpc=call.rpc.label,
        request_id=call.request_id,
        peer=unquote(context.peer()),
        error_id=error_id,
        code=_CODE.INTERNAL.name,
        exc_info=error,
    )
    return status_of(InternalError(error_id), request_id=call.request_id)
