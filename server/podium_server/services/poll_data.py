"""PollDataService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import poll_data_service_pb2 as pb
from podium_core.errors import NotFoundError
from podium_core.requirements import require_text
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.paging import POLL_DATA, chunks
from podium_server.services.turns import append_in_turns


class PollDataServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._poll_data = facade.poll_data

    async def UpdateLastPollData(
        self, request: pb.UpdateLastPollDataRequest, call: Call
    ) -> pb.UpdateLastPollDataResponse:
        await self._poll_data.update_last_poll_data(
            _task_type(request), request.domain or None, request.worker_id
        )
        return pb.UpdateLastPollDataResponse()

    async def GetPollData(
        self, request: pb.GetPollDataRequest, call: Call
    ) -> pb.GetPollDataResponse:
        task_type, domain = _task_type(request), request.domain or None
        found = await self._poll_data.get_poll_data(task_type, domain)
        if found is None:
            raise NotFoundError("poll data", f"{task_type}:{domain}" if domain else task_type)
        return pb.GetPollDataResponse(poll_data=codec.poll_data_to_proto(found))

    async def GetPollDataForTask(
        self, request: pb.GetPollDataForTaskRequest, call: Call
    ) -> pb.GetPollDataForTaskResponse:
        found = await self._poll_data.get_poll_data_for_task(_task_type(request))
        answer = pb.GetPollDataForTaskResponse()
        await append_in_turns(answer.poll_data, found, codec.poll_data_to_proto)
        return answer

    def GetAllPollData(
        self, request: pb.GetAllPollDataRequest, call: Call
    ) -> AsyncIterator[pb.GetAllPollDataResponse]:
        return chunks(
            request,
            pb.GetAllPollDataResponse,
            POLL_DATA,
            lambda token: self._poll_data.get_all_poll_data(resume_token=token),
        )


def _task_type(
    request: pb.UpdateLastPollDataRequest | pb.GetPollDataRequest | pb.GetPollDataForTaskRequest,
) -> str:
    # The DAO has another name for it; an error has to name the message's field.
    return require_text(request.task_type, "task_type")
