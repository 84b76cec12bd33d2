"""EventHandlerService."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import event_handler_service_pb2 as pb
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.services.paging import EVENT_HANDLERS, chunks
from podium_server.services.request_checks import require_present
from podium_server.services.turns import append_in_turns


class EventHandlerServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade) -> None:
        self._event_handlers = facade.event_handlers

    async def AddEventHandler(
        self, request: pb.AddEventHandlerRequest, call: Call
    ) -> pb.AddEventHandlerResponse:
        message = require_present(request, "event_handler")
        await self._event_handlers.add_event_handler(
            codec.event_handler_from_proto(message, "event_handler")
        )
        return pb.AddEventHandlerResponse()

    async def UpdateEventHandler(
        self, request: pb.UpdateEventHandlerRequest, call: Call
    ) -> pb.UpdateEventHandlerResponse:
        message = require_present(request, "event_handler")
        await self._event_handlers.update_event_handler(
            codec.event_handler_from_proto(message, "event_handler")
        )
        return pb.UpdateEventHandlerResponse()

    async def RemoveEventHandler(
        self, request: pb.RemoveEventHandlerRequest, call: Call
    ) -> pb.RemoveEventHandlerResponse:
        await self._event_handlers.remove_event_handler(request.name)
        return pb.RemoveEventHandlerResponse()

    def GetAllEventHandlers(
        self, request: pb.GetAllEventHandlersRequest, call: Call
    ) -> AsyncIterator[pb.GetAllEventHandlersResponse]:
        return chunks(
            request,
            pb.GetAllEventHandlersResponse,
            EVENT_HANDLERS,
            lambda token: self._event_handlers.get_all_event_handlers(resume_token=token),
        )

    async def GetEventHandlersForEvent(
        self, request: pb.GetEventHandlersForEventRequest, call: Call
    ) -> pb.GetEventHandlersForEventResponse:
        found = await self._event_handlers.get_event_handlers_for_event(
            request.event, active_only=request.active_only
        )
        answer = pb.GetEventHandlersForEventResponse()
        await append_in_turns(answer.event_handlers, found, codec.event_handler_to_proto)
        return answer
