"""ConcurrentExecutionLimitService and RateLimitingService."""

from __future__ import annotations

from podium.v1 import concurrent_execution_limit_service_pb2 as concurrency_pb
from podium.v1 import rate_limiting_service_pb2 as rate_pb
from podium_core.errors import InvalidArgumentError
from podium_core.models import Task
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.services.facade_port import Facade
from podium_server.services.request_checks import require_present, require_text


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
        limit = request.limit if request.HasField("limit") else None
        exceeds = await self._limits.exceeds_limit(limited_task(request), limit=limit)
        return concurrency_pb.ExceedsLimitResponse(exceeds=exceeds)


class RateLimitingServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._limits = facade.rate_limits

    async def ExceedsRateLimitPerFrequency(
        self, request: rate_pb.ExceedsRateLimitPerFrequencyRequest, call: Call
    ) -> rate_pb.ExceedsRateLimitPerFrequencyResponse:
        per_frequency = (
            request.rate_limit_per_frequency
            if request.HasField("rate_limit_per_frequency")
            else None
        )
        frequency_seconds = (
            request.rate_limit_frequency_seconds
            if request.HasField("rate_limit_frequency_seconds")
            else None
        )
        exceeds = await self._limits.exceeds_rate_limit_per_frequency(
            _defined_task(codec.task_from_proto(require_present(request, "task"), "task")),
            rate_limit_per_frequency=per_frequency,
            rate_limit_frequency_seconds=frequency_seconds,
        )
        return rate_pb.ExceedsRateLimitPerFrequencyResponse(exceeds=exceeds)


def limited_task(request: object) -> Task:
    """The task of a request that asks for a place."""
    task = codec.task_from_proto(require_present(request, "task"), "task")
    require_text(task.task_id, "task.task_id")
    return _defined_task(task)


def _defined_task(task: Task) -> Task:
    if not task.definition_name:
        raise InvalidArgumentError("task.task_def_name", "is required, or task_type")
    return task
