"""Turns bytes into the requests of an RPC, and its answers into bytes. Refuses what is malformed or too large."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from google.protobuf.message import DecodeError, EncodeError, Message

from podium_core.errors import InvalidArgumentError, ResultTooLargeError
from podium_protocol.rpcs import Rpc
from podium_server.interceptors.byte_budget import LARGE_BYTES
from podium_server.interceptors.large_answers import LargeAnswers
from podium_server.interceptors.large_requests import LargeRequests
from podium_server.interceptors.limits import CallLimits

Parse = Callable[[bytes], Awaitable[Any]]

# The others store no inputs and outputs. A task that asks for a place may carry what is stored outside.
_STORES_RECORDS = "podium.v1.ExecutionService"


class WireFormat:
    """Makes the parsers and serializers of RPCs, once for each at registration."""

    def __init__(self, limits: CallLimits) -> None:
        """Takes the largest sizes of requests and answers."""
        self._limits = limits

    def small_bytes(self, rpc: Rpc) -> int:
        """The size up to which a request is parsed in one step, and needs no check of its size."""
        return min(LARGE_BYTES, self._limits.max_write_bytes) if rpc.writes else LARGE_BYTES

    def parser(self, rpc: Rpc) -> Callable[[bytes], Any]:
        """A parser of small requests: it doesn't wait."""
        from_bytes: Callable[[bytes], Any] = rpc.request.FromString

        def parse(data: bytes) -> Any:
            try:
                return from_bytes(data)
            except DecodeError as error:
                raise _not_a_request(rpc) from error

        return parse

    def large_parser(self, rpc: Rpc) -> Parse:
        """A parser of large requests: it parses in pieces, so that other calls go on."""
        large = LargeRequests(rpc.request, self._payload_limits(rpc))
        most = self._limits.max_write_bytes if rpc.writes else float("inf")

        async def parse(data: bytes) -> Any:
            if len(data) > most:
                raise InvalidArgumentError(
                    "",
                    f"a request of {len(data)} bytes is above the limit of {most} for a writing call",
                )
            try:
                return await large.parse(data)
            except DecodeError as error:
                raise _not_a_request(rpc) from error

        return parse

    def _payload_limits(self, rpc: Rpc) -> Mapping[str, int]:
        return self._limits.max_payload_bytes if rpc.service == _STORES_RECORDS else {}

    def any_parser(self, rpc: Rpc) -> Parse:
        """A parser that chooses by the size of the request."""
        small, large = self.parser(rpc), self.large_parser(rpc)
        small_bytes = self.small_bytes(rpc)

        async def parse(data: bytes) -> Any:
            return small(data) if len(data) <= small_bytes else await large(data)

        return parse

    def serializer(self) -> Callable[[Message], bytes]:
        """Serializes answers; raises ResultTooLargeError above the limit."""
        most = self._limits.max_message_bytes

        def serialize(message: Message) -> bytes:
            try:
                data = message.SerializeToString()
            except (EncodeError, ValueError) as error:  # above the 2 GiB of any protobuf message
                raise ResultTooLargeError(most) from error
            if len(data) > most:
                raise ResultTooLargeError(most)
            return data

        return serialize

    def long_serializer(self, rpc: Rpc) -> Callable[[Message], Awaitable[bytes]]:
        """The same in turns, for long answers of one RPC."""
        return LargeAnswers(rpc.response, self._limits.max_message_bytes).serialize


def _not_a_request(rpc: Rpc) -> InvalidArgumentError:
    return InvalidArgumentError("", f"the bytes are not a {rpc.request.DESCRIPTOR.full_name}")
