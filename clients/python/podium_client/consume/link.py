"""How a lease is ended or prolonged: over the stream that brought the message, else by a call of its own."""

from __future__ import annotations

from typing import Protocol

from podium.v1 import consume_pb2 as pb
from podium_client.consume.stream import ConsumeStream


class LeaseCalls(Protocol):
    """What it needs of the QueueDAO."""

    async def ack(self, queue_name: str, message_id: str, *, receipt: str = "") -> bool: ...
    async def set_unack_timeout(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool: ...
    async def postpone(
        self,
        queue_name: str,
        message_id: str,
        *,
        priority: int = 0,
        offset_ms: int = 0,
        receipt: str = "",
    ) -> bool: ...


class LeaseLink:
    """Acts on leases of one stream. A receipt outlives its stream, so once that is gone a unary call does the same."""

    def __init__(self, stream: ConsumeStream, calls: LeaseCalls, queue_name: str) -> None:
        self._stream = stream
        self._calls = calls
        self._queue_name = queue_name

    async def ack(self, message_id: str, receipt: str) -> bool:
        """Ack a message; false if the receipt is stale."""
        ack = pb.ConsumeRequest.Ack(message_id=message_id, receipt=receipt)
        done = await self._stream.ask(pb.ConsumeRequest(ack=ack))
        return (
            await self._calls.ack(self._queue_name, message_id, receipt=receipt)
            if done is None
            else done
        )

    async def extend(self, message_id: str, receipt: str, unack_timeout_ms: int) -> bool:
        """Make a lease that long from now; false if the receipt is stale."""
        extend = pb.ConsumeRequest.Extend(
            message_id=message_id, receipt=receipt, unack_timeout_ms=unack_timeout_ms
        )
        done = await self._stream.ask(pb.ConsumeRequest(extend=extend))
        return (
            await self._set_timeout(message_id, receipt, unack_timeout_ms) if done is None else done
        )

    async def give_back(self, message_id: str, receipt: str) -> bool:
        """End a lease, so that the message is ready for anyone; false if the receipt is stale."""
        done = await self._stream.ask(give_back_request(message_id, receipt))
        return await self._set_timeout(message_id, receipt, 0) if done is None else done

    async def postpone(
        self, message_id: str, receipt: str, *, priority: int, delay_ms: int
    ) -> bool:
        """End a lease, so that the message is ready for anyone after a delay; false if the receipt is stale."""
        return await self._calls.postpone(
            self._queue_name, message_id, priority=priority, offset_ms=delay_ms, receipt=receipt
        )

    async def _set_timeout(self, message_id: str, receipt: str, unack_timeout_ms: int) -> bool:
        return await self._calls.set_unack_timeout(
            self._queue_name, message_id, unack_timeout_ms, receipt=receipt
        )


def give_back_request(message_id: str, receipt: str) -> pb.ConsumeRequest:
    """The request that gives a message back."""
    return pb.ConsumeRequest(
        give_back=pb.ConsumeRequest.GiveBack(message_id=message_id, receipt=receipt)
    )
