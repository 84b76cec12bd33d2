"""One Consume call: requests go out in order, messages come in, results meet the requests they answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import grpc

from podium.v1 import consume_pb2 as pb
from podium_client.calls import Calls
from podium_client.errors import ClientClosedError, TransportError
from podium_core.errors import StorageError
from podium_core.models import Message
from podium_protocol import codec
from podium_protocol.rpcs import rpc
from podium_protocol.status import REQUEST_ID_KEY

CONSUME = rpc("QueueService", "Consume")

Receive = Callable[["ConsumeStream", Sequence[Message], int], None]


class ConsumeStream:
    """A call that runs until it breaks or is closed. Two tasks of its own, so that no cancelled caller breaks it.

    Attributes:
        failure: Why it ended; None while it runs.
    """

    def __init__(
        self, calls: Calls, opening: pb.ConsumeRequest, receive: Receive, ended: Callable[[], None]
    ) -> None:
        """Open it.

        Args:
            calls: The client's calls.
            opening: The first request.
            receive: Takes the messages that come, and the length of their leases in milliseconds.
            ended: Told when the stream has ended, with ``failure`` set.
        """
        self.failure: StorageError | None = None
        self._calls = calls
        self._receive = receive
        self._ended = ended
        self._request_id = calls.request_id()
        metadata = ((REQUEST_ID_KEY, self._request_id),)
        self._call: Any = calls.channels.next().callable(CONSUME)(metadata=metadata)
        self._outgoing: asyncio.Queue[pb.ConsumeRequest | None] = asyncio.Queue()
        self._asked: deque[asyncio.Future[bool | None]] = deque()
        self.send(opening)
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._write()))

    def send(self, request: pb.ConsumeRequest) -> None:
        """Send what isn't answered."""
        self._outgoing.put_nowait(request)

    async def ask(self, request: pb.ConsumeRequest) -> bool | None:
        """Send an ack, an extend or a give_back; whether it was done. None: the stream ended before it was answered."""
        if self.failure is not None:
            return None
        answer: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self.send(request)
        return await answer

    async def close(self, grace_seconds: float) -> None:
        """Close our side, give the server a while to answer what is outstanding, and let go."""
        self._outgoing.put_nowait(None)
        try:
            if self.failure is None:
                await asyncio.wait(self._tasks, timeout=grace_seconds)
        finally:
            self._call.cancel()
            for task in self._tasks:
                task.cancel()
        await asyncio.wait(self._tasks)

    async def _write(self) -> None:
        try:
            while (request := await self._outgoing.get()) is not None:
                await self._call.write(request)
            await self._call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return  # The reader learns why.

    async def _read(self) -> None:
        failure: StorageError = ClientClosedError("the stream was closed")
        try:
            while (response := await self._call.read()) is not grpc.aio.EOF:
                self._take(response)
            failure = TransportError("the server ended the stream")
        except grpc.aio.AioRpcError as error:
            failure = self._calls.error(error, CONSUME, self._request_id)
        finally:
            self._end(failure)

    def _take(self, response: pb.ConsumeResponse) -> None:
        match response.WhichOneof("event"):
            case "messages":
                leased = response.messages
                messages = [codec.message_from_proto(message) for message in leased.messages]
                self._receive(self, messages, leased.unack_timeout_ms)
            case "result" if self._asked:
                answer = self._asked.popleft()
                if not answer.done():
                    answer.set_result(response.result.done)

    def _end(self, failure: StorageError) -> None:
        self.failure = failure
        for answer in self._asked:
            if not answer.done():
                answer.set_result(None)
        self._asked.clear()
        self._ended()
