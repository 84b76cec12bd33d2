"""The table of all RPCs, from the descriptors: server and client register and call by it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Any

import msgspec
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from podium.v1 import (
    admin_service_pb2,
    concurrent_execution_limit_service_pb2,
    event_handler_service_pb2,
    execution_service_pb2,
    external_payload_service_pb2,
    index_service_pb2,
    metadata_service_pb2,
    options_pb2,
    poll_data_service_pb2,
    queue_service_pb2,
    rate_limiting_service_pb2,
)

# The stubs type an extension as the plain descriptor that it also is.
_REPEAT: Any = options_pb2.repeat

_FILES = (
    execution_service_pb2,
    metadata_service_pb2,
    index_service_pb2,
    queue_service_pb2,
    event_handler_service_pb2,
    poll_data_service_pb2,
    concurrent_execution_limit_service_pb2,
    rate_limiting_service_pb2,
    external_payload_service_pb2,
    admin_service_pb2,
)


class Kind(Enum):
    """Which sides of a call are streams."""

    UNARY = auto()
    SERVER_STREAM = auto()
    CLIENT_STREAM = auto()
    BIDIRECTIONAL = auto()


class Repeat(Enum):
    """What a repeat of a call does; options.proto says it in full."""

    READ = options_pb2.REPEAT_READ
    SAME_END_STATE = options_pb2.REPEAT_SAME_END_STATE
    COSTS = options_pb2.REPEAT_COSTS
    KEYED = options_pb2.REPEAT_KEYED
    OVERWRITES = options_pb2.REPEAT_OVERWRITES


class Rpc(msgspec.Struct, frozen=True, kw_only=True):
    """One RPC.

    Attributes:
        service: Full name of its service, as ``podium.v1.QueueService``.
        name: As ``PollMessages``.
        path: As ``/podium.v1.QueueService/PollMessages``.
        request: The class of its request.
        response: The class of its response.
    """

    service: str
    name: str
    path: str
    kind: Kind
    repeat: Repeat
    request: Any
    response: Any

    @property
    def label(self) -> str:
        """How errors and logs name it, as ``QueueService.PollMessages``."""
        return f"{self.service.rpartition('.')[2]}.{self.name}"

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.repeat is not Repeat.READ


_KINDS = {
    (False, False): Kind.UNARY,
    (False, True): Kind.SERVER_STREAM,
    (True, False): Kind.CLIENT_STREAM,
    (True, True): Kind.BIDIRECTIONAL,
}


def _rpc(method: MethodDescriptor) -> Rpc:
    service = method.containing_service.full_name
    return Rpc(
        service=service,
        name=method.name,
        path=f"/{service}/{method.name}",
        kind=_KINDS[method.client_streaming, method.server_streaming],
        repeat=Repeat(method.GetOptions().Extensions[_REPEAT]),
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
    )


def _rpcs() -> Iterator[Rpc]:
    for file in _FILES:
        descriptor: FileDescriptor = file.DESCRIPTOR
        for service in descriptor.services_by_name.values():
            yield from map(_rpc, service.methods)


RPCS: dict[str, Rpc] = {rpc.path: rpc for rpc in _rpcs()}
"""Every RPC by its path."""

SERVICES: dict[str, tuple[Rpc, ...]] = {
    service: tuple(rpc for rpc in RPCS.values() if rpc.service == service)
    for service in dict.fromkeys(rpc.service for rpc in RPCS.values())
}
"""The RPCs of every service, by its full name."""


def rpc(service: str, name: str) -> Rpc:
    """An RPC by the short name of its service and its own, as ``("QueueService", "Pop")``."""
    return RPCS[f"/podium.v1.{service}/{name}"]
