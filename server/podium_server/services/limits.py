"""ConcurrentExecutionLimitService and RateLimitingService."""

from __future__ import annotations

from podium.v1 import (
    concurrent_execution_limit_service_pb2 as concurrency_pb,
    rate_limiting_service_pb2 as rate_pb,
)
from podium_core.models import Task
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.request_checks import optional, require_present


class ConcurrentExecutionLimitServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._limits = facade.concurrency_limits

    async def AddTaskToLimit(
        self, request: concurrency_pb.AddTaskToLimitRequest, call: Call
    ) -> concurrency_pb.AddTaskToLimitResponse:
        await self._limits.add_task_to_limit(limited_task(request))
        return concurrency_pb.AddTaskToLimitResponse()

    async def RemoveTaskFromLimit(
        self, request: concurrency_pb.RemoveTaskFromLimitRequest, call: Call
    ) -> concurrency_pb.RemoveTaskFromLimitResponse:
        removed = await self._limits.remove_task_from_limit(limited_task(request))
        return concurrency_pb.RemoveTaskFromLimitResponse(removed=removed)

    async def ExceedsLimit(
        self, request: concurrency_pb.ExceedsLimitRequest, call: Call
    ) -> concurrency_pb.ExceedsLimitResponse:
        exceeds = await self._limits.exceeds_limit(
            limited_task(request), limit=optional(request, "limit")
        )
        return concurrency_pb.ExceedsLimitResponse(exceeds=exceeds)


class RateLimitingServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._limits = facade.rate_limits

    async def ExceedsRateLimitPerFrequency(
        self, request: rate_pb.ExceedsRateLimitPerFrequencyRequest, call: Call
    ) -> rate_pb.ExceedsRateLimitPerFrequencyResponse:
        exceeds = await self._limits.exceeds_rate_limit_per_frequency(
            limited_task(request),
            rate_limit_per_frequency=optional(request, "rate_limit_per_frequency"),
            rate_limit_frequency_seconds=optional(request, "rate_limit_frequency_seconds"),
        )
        return rate_pb.ExceedsRateLimitPerFrequencyResponse(exceeds=exceeds)


def limited_task(request: object) -> Task:
    """The task of a request that is about limits."""
    return codec.task_from_proto(require_present(request, "task"), "task")
