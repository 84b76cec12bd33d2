"""The QueueDAO over gRPC, and ``consume``: a queue as an async iterator of leased messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from msgspec import UNSET

from podium.v1 import queue_messages_pb2 as pb
from podium_client.calls import Calls
from podium_client.consume.consumer import Consumer
from podium_client.consume.held import HeldLeases
from podium_client.consume.lease import LeasedMessage
from podium_client.methods import method
from podium_client.records import each_below
from podium_core.errors import InvalidArgumentError
from podium_core.models import Message, PushMessage, QueueDetail
from podium_core.ports import QueueDAO
from podium_protocol import codec

MAX_CREDIT = 1_000

_PUSH = method(pb.PushRequest, pb.PushResponse)
_PUSH_MESSAGES = method(pb.PushMessagesRequest, pb.PushMessagesResponse)
_PUSH_IF_NOT_EXISTS = method(pb.PushIfNotExistsRequest, pb.PushIfNotExistsResponse)
_POP = method(pb.PopRequest, pb.PopResponse)
_POLL = method(pb.PollMessagesRequest, pb.PollMessagesResponse)
_REMOVE = method(pb.RemoveRequest, pb.RemoveResponse)
_GET_SIZE = method(pb.GetSizeRequest, pb.GetSizeResponse)
_ACK = method(pb.AckRequest, pb.AckResponse)
_ACK_MESSAGES = method(pb.AckMessagesRequest, pb.AckMessagesResponse)
_SET_UNACK_TIMEOUT = method(pb.SetUnackTimeoutRequest, pb.SetUnackTimeoutResponse)
_SET_IF_SHORTER = method(pb.SetUnackTimeoutIfShorterRequest, pb.SetUnackTimeoutIfShorterResponse)
_FLUSH = method(pb.FlushRequest, pb.FlushResponse)
_DETAIL = method(pb.QueuesDetailRequest, pb.QueuesDetailResponse)
_DETAIL_VERBOSE = method(pb.QueuesDetailVerboseRequest, pb.QueuesDetailVerboseResponse)
_PROCESS_UNACKS = method(pb.ProcessUnacksRequest, pb.ProcessUnacksResponse)
_RESET_OFFSET = method(pb.ResetOffsetTimeRequest, pb.ResetOffsetTimeResponse)
_POSTPONE = method(pb.PostponeRequest, pb.PostponeResponse)
_CONTAINS = method(pb.ContainsMessageRequest, pb.ContainsMessageResponse)
_PEEK = method(pb.PeekFirstIdsRequest, pb.PeekFirstIdsResponse)


class RemoteQueueDAO:
    """Queues of a server; ``QueueDAO`` says what each method does."""

    def __init__(self, calls: Calls, held: HeldLeases, consumers: set[Consumer]) -> None:
        self._calls = calls
        self._held = held
        self._consumers = consumers

    def consume(
        self, queue_name: str, *, credit: int = 16, unack_timeout_ms: int | None = None
    ) -> AsyncGenerator[LeasedMessage, None]:
        """Messages of a queue as they become ready, for as long as one asks for more; it goes on over broken connections.

        ``async with message:`` acks it on leaving well, gives it back on an exception, and prolongs its lease while the
        body runs. Bodies may run in tasks of their own, at the same time. Closed, cancelled or dropped, the iterator
        gives back what it had fetched and leaves nothing leased; it ends when the client is closed.

        Args:
            queue_name: The queue.
            credit: At most so many messages are leased at a time: those handed out, and those fetched ahead.
            unack_timeout_ms: The length of their leases: how long after a crash of this process they come again. None:
                the queue's own, as the server is configured.
        Raises:
            InvalidArgumentError: A credit outside 1-1,000, or no length.
            StorageError: While iterating: the server refuses, and would go on to do so.
        """
        if not 1 <= credit <= MAX_CREDIT:
            raise InvalidArgumentError("credit", f"must be 1-{MAX_CREDIT}, is {credit}")
        if unack_timeout_ms is not None and unack_timeout_ms < 1:
            raise InvalidArgumentError(
                "unack_timeout_ms", f"must be more than 0, is {unack_timeout_ms}"
            )
        return self._consume(queue_name, credit, unack_timeout_ms)

    async def _consume(
        self, queue_name: str, credit: int, unack_timeout_ms: int | None
    ) -> AsyncGenerator[LeasedMessage, None]:
        consumer = Consumer(
            self._calls,
            self,
            self._held,
            queue_name,
            credit=credit,
            unack_timeout_ms=unack_timeout_ms,
        )
        self._consumers.add(consumer)
        try:
            while (message := await consumer.next()) is not None:
                yield message
        finally:
            await consumer.close()
            self._consumers.discard(consumer)

    async def push(self, queue_name: str, message: PushMessage) -> None:
        await self._calls.unary(
            _PUSH,
            queue_name=queue_name,
            message_id=message.id,
            payload=None if message.payload is UNSET else message.payload,
            priority=message.priority,
            offset_ms=message.offset_ms,
        )

    async def push_messages(self, queue_name: str, messages: Sequence[PushMessage]) -> None:
        pushed = each_below("messages", codec.push_message_to_proto, messages)
        await self._calls.unary(_PUSH_MESSAGES, queue_name=queue_name, messages=pushed)

    async def push_if_not_exists(self, queue_name: str, message: PushMessage) -> bool:
        response = await self._calls.unary(
            _PUSH_IF_NOT_EXISTS,
            queue_name=queue_name,
            message_id=message.id,
            payload=None if message.payload is UNSET else message.payload,
            priority=message.priority,
            offset_ms=message.offset_ms,
        )
        return response.pushed

    async def pop(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[str]:
        request = _POP.request(
            queue_name=queue_name,
            count=count,
            timeout_ms=timeout_ms,
            unack_timeout_ms=unack_timeout_ms,
        )
        return list((await self._calls.send(_POP, request, wait_ms=timeout_ms)).message_ids)

    async def poll_messages(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[Message]:
        request = _POLL.request(
            queue_name=queue_name,
            count=count,
            timeout_ms=timeout_ms,
            unack_timeout_ms=unack_timeout_ms,
        )
        response = await self._calls.send(_POLL, request, wait_ms=timeout_ms)
        return [codec.message_from_proto(message) for message in response.messages]

    async def remove(self, queue_name: str, message_id: str) -> bool:
        return (
            await self._calls.unary(_REMOVE, queue_name=queue_name, message_id=message_id)
        ).removed

    async def get_size(self, queue_name: str) -> int:
        return (await self._calls.unary(_GET_SIZE, queue_name=queue_name)).size

    async def ack(self, queue_name: str, message_id: str, *, receipt: str = "") -> bool:
        response = await self._calls.unary(
            _ACK, queue_name=queue_name, message_id=message_id, receipt=receipt or None
        )
        if response.acked:
            self._held.settle(queue_name, receipt)
        return response.acked

    async def ack_messages(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        response = await self._calls.unary(
            _ACK_MESSAGES, queue_name=queue_name, messages=codec.receipts_to_proto(acks)
        )
        for (_, receipt), acked in zip(acks, response.acked, strict=False):
            if acked:
                self._held.settle(queue_name, receipt)
        return list(response.acked)

    async def set_unack_timeout(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        response = await self._calls.unary(
            _SET_UNACK_TIMEOUT,
            queue_name=queue_name,
            message_id=message_id,
            unack_timeout_ms=unack_timeout_ms,
            receipt=receipt or None,
        )
        return response.changed

    async def set_unack_timeout_if_shorter(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        response = await self._calls.unary(
            _SET_IF_SHORTER,
            queue_name=queue_name,
            message_id=message_id,
            unack_timeout_ms=unack_timeout_ms,
            receipt=receipt or None,
        )
        return response.changed

    async def flush(self, queue_name: str) -> int:
        return (await self._calls.unary(_FLUSH, queue_name=queue_name)).removed_count

    async def queues_detail(self) -> dict[str, int]:
        return dict((await self._calls.unary(_DETAIL)).sizes)

    async def queues_detail_verbose(self) -> list[QueueDetail]:
        return codec.queue_details_from_proto((await self._calls.unary(_DETAIL_VERBOSE)).queues)

    async def process_unacks(self, queue_name: str) -> int:
        return (await self._calls.unary(_PROCESS_UNACKS, queue_name=queue_name)).returned_count

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        return (
            await self._calls.unary(_RESET_OFFSET, queue_name=queue_name, message_id=message_id)
        ).reset

    async def postpone(
        self,
        queue_name: str,
        message_id: str,
        *,
        priority: int = 0,
        offset_ms: int = 0,
        receipt: str = "",
    ) -> bool:
        response = await self._calls.unary(
            _POSTPONE,
            queue_name=queue_name,
            message_id=message_id,
            priority=priority,
            offset_ms=offset_ms,
            receipt=receipt or None,
        )
        if receipt and response.postponed:
            self._held.settle(queue_name, receipt)
        return response.postponed

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        return (
            await self._calls.unary(_CONTAINS, queue_name=queue_name, message_id=message_id)
        ).contains

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        return list(
            (await self._calls.unary(_PEEK, queue_name=queue_name, count=count)).message_ids
        )


_: type[QueueDAO] = RemoteQueueDAO
