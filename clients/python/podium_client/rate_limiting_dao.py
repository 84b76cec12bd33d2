"""The RateLimitingDAO over gRPC."""

from __future__ import annotations

from podium.v1 import rate_limiting_service_pb2 as pb
from podium_client import records
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.models import Task
from podium_core.ports import RateLimitingDAO

_EXCEEDS = method(pb.ExceedsRateLimitPerFrequencyRequest, pb.ExceedsRateLimitPerFrequencyResponse)


class RemoteRateLimitingDAO:
    """Grants in sliding windows; ``RateLimitingDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def exceeds_rate_limit_per_frequency(
        self,
        task: Task,
        *,
        rate_limit_per_frequency: int | None = None,
        rate_limit_frequency_seconds: int | None = None,
    ) -> bool:
        response = await self._calls.unary(
            _EXCEEDS,
            task=records.task_message(task),
            rate_limit_per_frequency=rate_limit_per_frequency,
            rate_limit_frequency_seconds=rate_limit_frequency_seconds,
        )
        return response.exceeds


_: type[RateLimitingDAO] = RemoteRateLimitingDAO
