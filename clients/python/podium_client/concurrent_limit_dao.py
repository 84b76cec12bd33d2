"""The ConcurrentExecutionLimitDAO over gRPC."""

from __future__ import annotations

from podium.v1 import concurrent_execution_limit_service_pb2 as pb
from podium_client import records
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.models import Task
from podium_core.ports import ConcurrentExecutionLimitDAO

_ADD = method(pb.AddTaskToLimitRequest, pb.AddTaskToLimitResponse)
_REMOVE = method(pb.RemoveTaskFromLimitRequest, pb.RemoveTaskFromLimitResponse)
_EXCEEDS = method(pb.ExceedsLimitRequest, pb.ExceedsLimitResponse)


class RemoteConcurrentExecutionLimitDAO:
    """Places of running tasks; ``ConcurrentExecutionLimitDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def add_task_to_limit(self, task: Task) -> None:
        await self._calls.unary(_ADD, task=records.task_message(task))

    async def remove_task_from_limit(self, task: Task) -> bool:
        return (await self._calls.unary(_REMOVE, task=records.task_message(task))).removed

    async def exceeds_limit(self, task: Task, *, limit: int | None = None) -> bool:
        return (
            await self._calls.unary(_EXCEEDS, task=records.task_message(task), limit=limit)
        ).exceeds


_: type[ConcurrentExecutionLimitDAO] = RemoteConcurrentExecutionLimitDAO
