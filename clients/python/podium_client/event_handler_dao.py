"""The EventHandlerDAO over gRPC. Handlers may also be the dicts that JSON files hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

from podium.v1 import event_handler_service_pb2 as pb
from podium_client import definitions, records
from podium_client.calls import Calls
from podium_client.definitions import Document
from podium_client.methods import method
from podium_core.models import EventHandler, Page
from podium_core.ports import EventHandlerDAO
from podium_protocol import codec

_ADD = method(pb.AddEventHandlerRequest, pb.AddEventHandlerResponse)
_UPDATE = method(pb.UpdateEventHandlerRequest, pb.UpdateEventHandlerResponse)
_REMOVE = method(pb.RemoveEventHandlerRequest, pb.RemoveEventHandlerResponse)
_ALL = method(pb.GetAllEventHandlersRequest, pb.GetAllEventHandlersResponse)
_FOR_EVENT = method(pb.GetEventHandlersForEventRequest, pb.GetEventHandlersForEventResponse)


class RemoteEventHandlerDAO:
    """Event handlers of a server; ``EventHandlerDAO`` says what each method does."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def add_event_handler(self, event_handler: EventHandler | Document) -> None:
        message = codec.event_handler_to_proto(definitions.event_handler(event_handler))
        await self._calls.unary(_ADD, event_handler=message)

    async def update_event_handler(self, event_handler: EventHandler | Document) -> None:
        message = codec.event_handler_to_proto(definitions.event_handler(event_handler))
        await self._calls.unary(_UPDATE, event_handler=message)

    async def remove_event_handler(self, name: str) -> None:
        await self._calls.unary(_REMOVE, name=name)

    def get_all_event_handlers(
        self, *, resume_token: str = ""
    ) -> AsyncIterator[Page[EventHandler]]:
        request = _ALL.request(resume_token=resume_token)
        return self._calls.pages(
            _ALL,
            request,
            lambda chunk: records.page(
                map(codec.event_handler_from_answer, chunk.event_handlers), chunk
            ),
        )

    async def get_event_handlers_for_event(
        self, event: str, *, active_only: bool = False
    ) -> list[EventHandler]:
        response = await self._calls.unary(_FOR_EVENT, event=event, active_only=active_only)
        return [codec.event_handler_from_answer(handler) for handler in response.event_handlers]


_: type[EventHandlerDAO] = RemoteEventHandlerDAO
