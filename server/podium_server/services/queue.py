"""QueueService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from podium.v1 import consume_pb2, queue_messages_pb2
from podium_core.models import Message, PushMessage
from podium_protocol import codec
from podium_server.interceptors import Call
from podium_server.interceptors.pipeline import Send
from podium_server.services.consume import Consumption
from podium_server.services.facade_port import Facade
from podium_server.services.leasing import Leasing, fitting, wait_ms
from podium_server.services.request_checks import (
    MAX_ITEMS,
    optional_lease_ms,
    require_at_most,
    require_count,
    require_duration,
    require_priority,
    require_text,
)

pb = queue_messages_pb2


class QueueServicer:
    """One facade call for each RPC."""

    def __init__(self, facade: Facade, leasing: Leasing, max_message_bytes: int) -> None:
        """Takes the facade, what leases messages, and the size of an answer."""
        self._queues = facade.queues
        self._draining = facade.draining
        self._leasing = leasing
        self._max_message_bytes = max_message_bytes

    async def Push(self, request: pb.PushRequest, call: Call) -> pb.PushResponse:
        await self._queues.push(_queue(request), _pushed(request))
        return pb.PushResponse()

    async def PushMessages(
        self, request: pb.PushMessagesRequest, call: Call
    ) -> pb.PushMessagesResponse:
        require_at_most(request.messages, MAX_ITEMS, "messages")
        messages = [
            _checked(codec.push_message_from_proto(message), f"messages[{at}].")
            for at, message in enumerate(request.messages)
        ]
        await self._queues.push_messages(_queue(request), messages)
        return pb.PushMessagesResponse()

    async def PushIfNotExists(
        self, request: pb.PushIfNotExistsRequest, call: Call
    ) -> pb.PushIfNotExistsResponse:
        pushed = await self._queues.push_if_not_exists(_queue(request), _pushed(request))
        return pb.PushIfNotExistsResponse(pushed=pushed)

    async def Pop(self, request: pb.PopRequest, call: Call) -> pb.PopResponse:
        messages = await self._leased(request, call)
        return pb.PopResponse(message_ids=[message.id for message in messages])

    async def PollMessages(
        self, request: pb.PollMessagesRequest, call: Call
    ) -> pb.PollMessagesResponse:
        messages = await self._leased(request, call)
        fit = fitting(messages, self._max_message_bytes) if len(messages) > 1 else len(messages)
        self._leasing.give_back(request.queue_name, messages[fit:])
        return pb.PollMessagesResponse(
            messages=[codec.message_to_proto(message) for message in messages[:fit]]
        )

    async def _leased(
        self, request: pb.PopRequest | pb.PollMessagesRequest, call: Call
    ) -> list[Message]:
        queue_name = _queue(request)
        timeout_ms = require_duration(request.timeout_ms, "timeout_ms")
        messages = await self._leasing.poll(
            queue_name,
            count=require_count(request.count),
            timeout_ms=wait_ms(timeout_ms, call),
            unack_timeout_ms=optional_lease_ms(request, "unack_timeout_ms"),
        )
        if messages and call.cancelled:
            # The answer would go nowhere.
            self._leasing.give_back(queue_name, messages)
            raise asyncio.CancelledError
        return messages

    async def Remove(self, request: pb.RemoveRequest, call: Call) -> pb.RemoveResponse:
        return pb.RemoveResponse(removed=await self._queues.remove(*_message(request)))

    async def GetSize(self, request: pb.GetSizeRequest, call: Call) -> pb.GetSizeResponse:
        return pb.GetSizeResponse(size=await self._queues.get_size(_queue(request)))

    async def Ack(self, request: pb.AckRequest, call: Call) -> pb.AckResponse:
        return pb.AckResponse(
            acked=await self._queues.ack(*_message(request), receipt=request.receipt)
        )

    async def AckMessages(
        self, request: pb.AckMessagesRequest, call: Call
    ) -> pb.AckMessagesResponse:
        require_at_most(request.messages, MAX_ITEMS, "messages")
        for at, message in enumerate(request.messages):
            require_text(message.message_id, f"messages[{at}].message_id")
        acks = codec.receipts_from_proto(request.messages)
        return pb.AckMessagesResponse(acked=await self._queues.ack_messages(_queue(request), acks))

    async def SetUnackTimeout(
        self, request: pb.SetUnackTimeoutRequest, call: Call
    ) -> pb.SetUnackTimeoutResponse:
        changed = await self._queues.set_unack_timeout(
            *_message(request),
            require_duration(request.unack_timeout_ms, "unack_timeout_ms"),
            receipt=request.receipt,
        )
        return pb.SetUnackTimeoutResponse(changed=changed)

    async def SetUnackTimeoutIfShorter(
        self, request: pb.SetUnackTimeoutIfShorterRequest, call: Call
    ) -> pb.SetUnackTimeoutIfShorterResponse:
        changed = await self._queues.set_unack_timeout_if_shorter(
            *_message(request),
            require_duration(request.unack_timeout_ms, "unack_timeout_ms"),
            receipt=request.receipt,
        )
        return pb.SetUnackTimeoutIfShorterResponse(changed=changed)

    async def Flush(self, request: pb.FlushRequest, call: Call) -> pb.FlushResponse:
        return pb.FlushResponse(removed_count=await self._queues.flush(_queue(request)))

    async def QueuesDetail(
        self, request: pb.QueuesDetailRequest, call: Call
    ) -> pb.QueuesDetailResponse:
        return pb.QueuesDetailResponse(sizes=await self._queues.queues_detail())

    async def QueuesDetailVerbose(
        self, request: pb.QueuesDetailVerboseRequest, call: Call
    ) -> pb.QueuesDetailVerboseResponse:
        details = await self._queues.queues_detail_verbose()
        return pb.QueuesDetailVerboseResponse(queues=codec.queue_details_to_proto(details))

    async def ProcessUnacks(
        self, request: pb.ProcessUnacksRequest, call: Call
    ) -> pb.ProcessUnacksResponse:
        return pb.ProcessUnacksResponse(
            returned_count=await self._queues.process_unacks(_queue(request))
        )

    async def ResetOffsetTime(
        self, request: pb.ResetOffsetTimeRequest, call: Call
    ) -> pb.ResetOffsetTimeResponse:
        return pb.ResetOffsetTimeResponse(
            reset=await self._queues.reset_offset_time(*_message(request))
        )

    async def Postpone(self, request: pb.PostponeRequest, call: Call) -> pb.PostponeResponse:
        postponed = await self._queues.postpone(
            *_message(request),
            priority=require_priority(request.priority, "priority"),
            offset_ms=require_duration(request.offset_ms, "offset_ms"),
        )
        return pb.PostponeResponse(postponed=postponed)

    async def ContainsMessage(
        self, request: pb.ContainsMessageRequest, call: Call
    ) -> pb.ContainsMessageResponse:
        return pb.ContainsMessageResponse(
            contains=await self._queues.contains_message(*_message(request))
        )

    async def PeekFirstIds(
        self, request: pb.PeekFirstIdsRequest, call: Call
    ) -> pb.PeekFirstIdsResponse:
        ids = await self._queues.peek_first_ids(_queue(request), require_count(request.count))
        return pb.PeekFirstIdsResponse(message_ids=ids)

    async def Consume(
        self, requests: AsyncIterator[consume_pb2.ConsumeRequest], call: Call, send: Send
    ) -> None:
        consumption = await Consumption.opened(requests, self._queues, self._leasing, send)
        if consumption is not None:
            await consumption.run(requests, self._draining)


class _OfQueue(Protocol):
    queue_name: str


class _OfMessage(_OfQueue, Protocol):
    message_id: str


def _queue(request: _OfQueue) -> str:
    return require_text(request.queue_name, "queue_name")


def _message(request: _OfMessage) -> tuple[str, str]:
    return _queue(request), require_text(request.message_id, "message_id")


def _pushed(request: pb.PushRequest | pb.PushIfNotExistsRequest) -> PushMessage:
    require_text(request.message_id, "message_id")
    return _checked(codec.pushed_message(request), "")


def _checked(message: PushMessage, path: str) -> PushMessage:
    if path:
        require_text(message.id, f"{path}id")
    require_priority(message.priority, f"{path}priority")
    require_duration(message.offset_ms, f"{path}offset_ms")
    return message
