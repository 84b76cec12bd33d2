"""Server reflection, so that grpcurl works without the proto files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from podium_server.drain import until


class DrainingReflection(reflection.aio.ReflectionServicer):
    """grpcio's reflection, whose streams end when the server stops: some tools keep theirs open for ever."""

    def __init__(self, service_names: Sequence[str], draining: asyncio.Event) -> None:
        super().__init__(service_names)  # type: ignore[no-untyped-call]
        self._draining = draining

    async def ServerReflectionInfo(  # noqa: N802  (the RPC's name)
        self,
        request_iterator: AsyncIterable[reflection_pb2.ServerReflectionRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[reflection_pb2.ServerReflectionResponse]:
        """Answer questions until the client or the server ends."""
        async for answer in super().ServerReflectionInfo(
            until(self._draining, request_iterator), context
        ):
            yield answer


def add_reflection(
    server: grpc.aio.Server, service_names: Sequence[str], draining: asyncio.Event
) -> None:
    """Add reflection of these services and of itself."""
    names = (*service_names, reflection.SERVICE_NAME)
    servicer = DrainingReflection(names, draining)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)
