"""What the health of a running server says."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.faults.server import KillableServer


async def is_serving(server: KillableServer, entry: str) -> bool:
    """What the server's health says of a store or a service."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=entry)
        )
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
