"""The call under way: its RPC, its request id, its deadline."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

import grpc

from podium_core.errors import InvalidArgumentError
from podium_protocol.rpcs import Kind, Rpc
from podium_protocol.status import NAMESPACE_KEY, REQUEST_ID_KEY
from podium_server.interceptors.deadline import Deadline
from podium_server.interceptors.in_flight import Connection
from podium_server.interceptors.limits import CallLimits

Context = grpc.aio.ServicerContext[Any, Any]

# Carries out one call, from the bytes of its request (or its stream) to those of its answer.
Body = Callable[[Any, "Call", Context], Awaitable[Any]]

_MAX_REQUEST_ID = 128
_NAMESPACE = "default"

# A process's own prefix and a counter: a random id for each call would cost more than all the rest of this file.
_prefix = secrets.token_hex(6)
_numbers = itertools.count(1)
_current: ContextVar[Call] = ContextVar("podium_call")


class Call:
    """One call, from its first byte to its last.

    Attributes:
        rpc: What is called.
        request_id: The caller's, or a fresh one.
        context: gRPC's side of it.
        connection: The client connection that it came on.
        deadline: Cancels the work when it has come.
        begin_long_answer: Waits for a place among those that make long answers; None where none is needed.
        has_long_answer: It has one.
    """

    __slots__ = (
        "_default_deadline",
        "_request_id",
        "begin_long_answer",
        "connection",
        "context",
        "deadline",
        "has_long_answer",
        "rpc",
    )

    def __init__(
        self, rpc: Rpc, context: Context, connection: Connection, limits: CallLimits
    ) -> None:
        """Made before anything can fail, so that failures have a call to name."""
        self.rpc = rpc
        self.context = context
        self.connection = connection
        self._request_id = ""
        self.begin_long_answer: Callable[[Call], Awaitable[None]] | None = None
        self.has_long_answer = False
        remaining: float | None = context.time_remaining()
        self._default_deadline = 0.0
        if remaining is None and rpc.kind is not Kind.BIDIRECTIONAL and limits.default_deadline_ms:
            remaining = self._default_deadline = limits.default_deadline_ms / 1000
        self.deadline = Deadline(remaining)
        _current.set(self)

    @property
    def request_id(self) -> str:
        """The caller's ``x-request-id``, or a fresh one."""
        if not self._request_id:
            self._request_id = f"{_prefix}-{next(_numbers):x}"
        return self._request_id

    def read_metadata(self) -> None:
        """Take the request id from the metadata, and check the namespace.

        Raises:
            InvalidArgumentError: A namespace other than ``default``: there are no others yet.
        """
        foreign: str | None = None
        for key, value in self.context.invocation_metadata() or ():
            if key == REQUEST_ID_KEY:
                self._request_id = _usable_id(value)
            elif key == NAMESPACE_KEY and value != _NAMESPACE:
                foreign = str(value)
        if foreign is not None:
            raise InvalidArgumentError(
                NAMESPACE_KEY, f"there is no namespace '{foreign[:64]}', only '{_NAMESPACE}'"
            )

    def remaining_ms(self) -> int | None:
        """How long until the deadline; None without one."""
        when = self.deadline.when
        return None if when is None else int((when - asyncio.get_running_loop().time()) * 1000)

    def made_progress(self) -> None:
        """A chunk of a stream has left: the server's own deadline counts from here. The client's stays."""
        if self._default_deadline:
            self.deadline.postpone(self._default_deadline)

    def allow(self, seconds: float) -> None:
        """Work for so long if the client set no deadline, and the server's own is shorter."""
        if self._default_deadline and seconds > self._default_deadline:
            self.deadline.postpone(seconds)

    @property
    def cancelled(self) -> bool:
        """Whether the caller has gone."""
        return bool(self.context.cancelled())


def _usable_id(value: str | bytes) -> str:
    usable = isinstance(value, str) and len(value) <= _MAX_REQUEST_ID and value.isprintable()
    return str(value) if usable else ""


def current_call() -> Call | None:
    """The call that this task works for."""
    return _current.get(None)


def add_call_fields(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: request id and RPC of the call under way, looked up only when a line is written."""
    del logger, method
    call = _current.get(None)
    if call is not None:
        event.setdefault("request_id", call.request_id)
        event.setdefault("rpc", call.rpc.label)
    return event
