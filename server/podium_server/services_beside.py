"""Health and reflection have a pipeline of their own: a server without room for calls still answers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from podium_protocol.rpcs import Kind, Repeat, Rpc
from podium_server.config.settings import ServerSettings
from podium_server.interceptors import CallLimits, Pipeline

# Watch keeps its stream for as long as the client likes.
MAX_CALLS = 256


def limits_beside(settings: ServerSettings) -> CallLimits:
    """The limits of calls of these services."""
    return CallLimits(
        max_message_bytes=settings.max_message_bytes,
        max_calls_in_flight=MAX_CALLS,
        # Two slow requests.
        max_bytes_in_flight=2 * settings.max_message_bytes,
        connection_share=settings.connection_share,
        client_timeout_ms=int(settings.client_timeout_seconds * 1000),
        default_deadline_ms=0,
    )


def add_service(
    server: grpc.aio.Server,
    service: ServiceDescriptor,
    methods: Mapping[str, Callable[..., Any]],
    pipeline: Pipeline,
) -> None:
    """Add a service that isn't of the contract; an RPC without a method is UNIMPLEMENTED."""
    handlers = {
        name: pipeline.handler(_rpc(service, name), method) for name, method in methods.items()
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service.full_name, handlers),)
    )


def _rpc(service: ServiceDescriptor, name: str) -> Rpc:
    method = service.methods_by_name[name]
    kinds = {
        (False, False): Kind.UNARY,
        (False, True): Kind.SERVER_STREAM,
        (True, False): Kind.CLIENT_STREAM,
        (True, True): Kind.BIDIRECTIONAL,
    }
    return Rpc(
        service=service.full_name,
        name=name,
        path=f"/{service.full_name}/{name}",
        kind=kinds[method.client_streaming, method.server_streaming],
        repeat=Repeat.READ,
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
    )
