"""QueueService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from podium.v1 import consume_pb2, queue_messages_pb2
from podium_core.models import Message
from podium_core.requirements import MAX_ITEMS, require_at_most, require_duration
from podium_protocol import codec
from podium_server.facade.facade import Facade
from podium_server.interceptors import Call
from podium_server.interceptors.pipeline import Send
from podium_server.services.consume import Consumption
from podium_server.services.leasing import Leasing, fit_count, wait_ms
from podium_server.services.request_checks import optional
from podium_server.services.turns import append_in_turns

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
        await self._queues.push(request.queue_name, codec.pushed_message(request))
        return pb.PushResponse()

    async def PushMessages(
        self, request: pb.PushMessagesRequest, call: Call
    ) -> pb.PushMessagesResponse:
        require_at_most(request.messages, MAX_ITEMS, "messages")
        messages = [codec.push_message_from_proto(message) for message in request.messages]
        await self._queues.push_messages(request.queue_name, messages)
        return pb.PushMessagesResponse()

    async def PushIfNotExists(
        self, request: pb.PushIfNotExistsRequest, call: Call
    ) -> pb.PushIfNotExistsResponse:
        message = codec.pushed_message(request)
        pushed = await self._queues.push_if_not_exists(request.queue_name, message)
        return pb.PushIfNotExistsResponse(pushed=pushed)

    async def Pop(self, request: pb.PopRequest, call: Call) -> pb.PopResponse:
        messages = await self._lease(request, call)
        return pb.PopResponse(message_ids=[message.id for message in messages])

    async def PollMessages(
        self, request: pb.PollMessagesRequest, call: Call
    ) -> pb.PollMessagesResponse:
        messages = await self._lease(request, call)
        fit = fit_count(messages, self._max_message_bytes) if len(messages) > 1 else len(messages)
        self._leasing.give_back(request.queue_name, messages[fit:])
        answer = pb.PollMessagesResponse()
        await append_in_turns(answer.messages, messages[:fit], codec.message_to_proto)
        return answer

    async def _lease(
        self, request: pb.PopRequest | pb.PollMessagesRequest, call: Call
    ) -> list[Message]:
        # Before it is cut to the deadline.
        timeout_ms = require_duration(request.timeout_ms, "timeout_ms")
        messages = await self._leasing.poll(
            request.queue_name,
            count=request.count,
            timeout_ms=wait_ms(timeout_ms, call),
            unack_timeout_ms=optional(request, "unack_timeout_ms"),
            call=call,
        )
        if messages and call.cancelled:
            # The answer would go nowhere.
            self._leasing.give_back(request.queue_name, messages)
            raise asyncio.CancelledError
        return messages

    async def Remove(self, request: pb.RemoveRequest, call: Call) -> pb.RemoveResponse:
        return pb.RemoveResponse(removed=await self._queues.remove(*_message(request)))

    async def GetSize(self, request: pb.GetSizeRequest, call: Call) -> pb.GetSizeResponse:
        return pb.GetSizeResponse(size=await self._queues.get_size(request.queue_name))

    async def Ack(self, request: pb.AckRequest, call: Call) -> pb.AckResponse:
        return pb.AckResponse(
            acked=await self._queues.ack(*_message(request), receipt=request.receipt)
        )

    async def AckMessages(
        self, request: pb.AckMessagesRequest, call: Call
    ) -> pb.AckMessagesResponse:
        require_at_most(request.messages, MAX_ITEMS, "messages")
        acks = codec.receipts_from_proto(request.messages)
        acked = await self._queues.ack_messages(request.queue_name, acks)
        return pb.AckMessagesResponse(acked=acked)

    async def SetUnackTimeout(
        self, request: pb.SetUnackTimeoutRequest, call: Call
    ) -> pb.SetUnackTimeoutResponse:
        changed = await self._queues.set_unack_timeout(
            *_message(request), request.unack_timeout_ms, receipt=request.receipt
        )
        return pb.SetUnackTimeoutResponse(changed=changed)

    async def SetUnackTimeoutIfShorter(
        self, request: pb.SetUnackTimeoutIfShorterRequest, call: Call
    ) -> pb.SetUnackTimeoutIfShorterResponse:
        changed = await self._queues.set_unack_timeout_if_shorter(
            *_message(request), request.unack_timeout_ms, receipt=request.receipt
        )
        return pb.SetUnackTimeoutIfShorterResponse(changed=changed)

    async def Flush(self, request: pb.FlushRequest, call: Call) -> pb.FlushResponse:
        return pb.FlushResponse(removed_count=await self._queues.flush(request.queue_name))

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
            returned_count=await self._queues.process_unacks(request.queue_name)
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
            priority=request.priority,
            offset_ms=request.offset_ms,
            receipt=request.receipt,
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
        ids = await self._queues.peek_first_ids(request.queue_name, request.count)
        return pb.PeekFirstIdsResponse(message_ids=ids)

    async def Consume(
        self, requests: AsyncIterator[consume_pb2.ConsumeRequest], call: Call, send: Send
    ) -> None:
        consumption = await Consumption.open(requests, self._queues, self._leasing, send)
        if consumption is not None:
            await consumption.run(requests, self._draining)


class _OfMessage(Protocol):
    queue_name: str
    message_id: str


def _message(request: _OfMessage) -> tuple[str, str]:
    return request.queue_name, request.message_id
