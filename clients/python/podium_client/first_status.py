"""The status that a call with a stream of requests ended with.

A server that refuses early ends the call while the client writes. grpc.aio lets the write fail then, and puts an INTERNAL
of its own in the place of the server's status, if that had come before; if not, the server's takes the place of that.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import grpc

T = TypeVar("T")


class FirstStatus:
    """Watches a call, and keeps the first status that it ended with."""

    def __init__(self, call: Any) -> None:
        """Begin to watch."""
        self._first: grpc.aio.AioRpcError | None = None
        call.add_done_callback(self._keep)

    def servers(self, last: grpc.aio.AioRpcError) -> grpc.aio.AioRpcError:
        """The server's own of the first and the last one."""
        return last if self._first is None else max(last, self._first, key=_is_servers)

    def _keep(self, call: Any) -> None:
        code = _at_once(call.code())
        if self._first is None and code is not None:
            trailing = _at_once(call.trailing_metadata()) or grpc.aio.Metadata()
            details = _at_once(call.details())
            self._first = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailing, details)


def _is_servers(status: grpc.aio.AioRpcError) -> tuple[bool, bool]:
    return bool(status.trailing_metadata()), status.code() is not grpc.StatusCode.INTERNAL


def _at_once(answer: Coroutine[Any, Any, T]) -> T | None:
    # A call that has ended waits for nothing; a turn of the loop later the status may be another one.
    try:
        answer.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        answer.close()
    return None
