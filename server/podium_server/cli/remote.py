"""Calls to a running server, as few as the commands need: with the table of RPCs, since the client is another package."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import grpc

from podium_protocol.rpcs import rpc
from podium_protocol.status import error_of_call

SERVICE = "AdminService"
SECONDS = 30.0
_OPTIONS = (("grpc.max_receive_message_length", -1),)


class RemoteServer:
    """AdminService of a server; what its calls raise is a StorageError."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS)

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the connection."""
        self._channel.close()

    def ask(self, name: str, **fields: Any) -> Any:
        """The answer of a unary call."""
        entry = rpc(SERVICE, name)
        call = self._channel.unary_unary(
            entry.path,
            request_serializer=entry.request.SerializeToString,
            response_deserializer=entry.response.FromString,
        )
        try:
            return call(entry.request(**fields), timeout=SECONDS)
        except grpc.RpcError as error:
            raise error_of_call(error) from error

    def reports(self, name: str, **fields: Any) -> Iterator[Any]:
        """The answers of a stream. No deadline of ours: the server's own starts again with each report."""
        entry = rpc(SERVICE, name)
        call = self._channel.unary_stream(
            entry.path,
            request_serializer=entry.request.SerializeToString,
            response_deserializer=entry.response.FromString,
        )(entry.request(**fields))
        try:
            yield from call
        except grpc.RpcError as error:
            raise error_of_call(error) from error
        finally:
            call.cancel()
