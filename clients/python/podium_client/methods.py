"""RPCs as typed values: what a call takes and answers with, known to the type checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

from google.protobuf.message import Message

from podium_core.errors import InvalidArgumentError
from podium_protocol.rpcs import RPCS, Repeat, Rpc

P = ParamSpec("P")
Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)

# No two RPCs share a request.
_BY_REQUEST: dict[Any, Rpc] = {rpc.request: rpc for rpc in RPCS.values()}


class Method(Generic[P, Q, A]):
    """One RPC.

    Attributes:
        rpc: Its row in the table.
        repeat: What a repeat of this use of it does; a keyed one without a key overwrites.
    """

    __slots__ = ("build", "repeat", "rpc")

    def __init__(self, build: Callable[P, Q], rpc: Rpc, repeat: Repeat) -> None:
        self.build = build
        self.rpc = rpc
        self.repeat = repeat

    def request(self, *args: P.args, **fields: P.kwargs) -> Q:
        """The request of these fields.

        Raises:
            InvalidArgumentError: A field can't hold its value.
        """
        try:
            return self.build(*args, **fields)
        except (ValueError, TypeError) as error:
            raise _refusal(self.rpc.request, fields, error) from error


def method(
    request: Callable[P, Q], response: type[A], *, repeat: Repeat | None = None
) -> Method[P, Q, A]:
    """The RPC of a request's class.

    Args:
        request: The class.
        response: The class of its answer, for the type checker.
        repeat: What a repeat does, where the request makes it differ from what the RPC says.
    """
    rpc = _BY_REQUEST[request]
    if rpc.response is not response:
        raise TypeError(f"{rpc.label} answers with {rpc.response.__name__}")
    if repeat is None:
        repeat = Repeat.OVERWRITES if rpc.repeat is Repeat.KEYED else rpc.repeat
    return Method(request, rpc, repeat)


def _refusal(request: Any, fields: Mapping[str, object], error: Exception) -> Exception:
    for name, value in fields.items():
        if name not in request.DESCRIPTOR.fields_by_name:
            return error
        try:
            request(**{name: value})
        except (ValueError, TypeError) as reason:
            return InvalidArgumentError(name, str(reason))
    return error
