"""The PollDataDAO over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import poll_data_service_pb2 as pb
from podium_client import records
from podium_client.calls import Calls
from podium_client.methods import method
from podium_core.models import Page, PollData
from podium_core.ports import PollDataDAO

_UPDATE = method(pb.UpdateLastPollDataRequest, pb.UpdateLastPollDataResponse)
_GET = method(pb.GetPollDataRequest, pb.GetPollDataResponse)
_FOR_TASK = method(pb.GetPollDataForTaskRequest, pb.GetPollDataForTaskResponse)
_ALL = method(pb.GetAllPollDataRequest, pb.GetAllPollDataResponse)


class RemotePollDataDAO:
    """When workers last polled a server; ``PollDataDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def update_last_poll_data(
        self, task_def_name: str, domain: str | None, worker_id: str
    ) -> None:
        await self._calls.unary(
            _UPDATE, task_type=task_def_name, domain=domain, worker_id=worker_id
        )

    async def get_poll_data(self, task_def_name: str, domain: str | None) -> PollData | None:
        response = await self._calls.find(_GET, task_type=task_def_name, domain=domain)
        return None if response is None else records.poll_data(response.poll_data)

    async def get_poll_data_for_task(self, task_def_name: str) -> list[PollData]:
        response = await self._calls.unary(_FOR_TASK, task_type=task_def_name)
        return [records.poll_data(poll) for poll in response.poll_data]

    def get_all_poll_data(self, *, resume_token: str = "") -> AsyncIterator[Page[PollData]]:
        request = _ALL.request(resume_token=resume_token)
        return self._calls.pages(
            _ALL,
            request,
            lambda chunk: records.page(map(records.poll_data, chunk.poll_data), chunk),
        )


_: type[PollDataDAO] = RemotePollDataDAO
