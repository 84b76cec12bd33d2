"""Keeps a Consume stream open, grants credit as messages are done, and hands the messages out."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from podium.v1 import consume_pb2 as pb
from podium_client.calls import Calls
from podium_client.consume.held import HeldLeases
from podium_client.consume.lease import Lease, LeasedMessage
from podium_client.consume.link import LeaseCalls, LeaseLink, give_back_request
from podium_client.consume.stream import ConsumeStream
from podium_client.errors import DeadlineExceededError
from podium_client.retry import transient
from podium_core.errors import StorageError
from podium_core.models import Message

CLOSE_SECONDS = 2.0

_log = logging.getLogger("podium_client")


class Consumer:
    """One ``consume``. It has tasks only while a stream is open, and those end with ``close``."""

    def __init__(
        self,
        calls: Calls,
        lease_calls: LeaseCalls,
        held: HeldLeases,
        queue_name: str,
        *,
        credit: int,
        unack_timeout_ms: int | None,
    ) -> None:
        """Opens nothing yet.

        Args:
            calls: The client's calls.
            lease_calls: Acts on leases whose stream is gone.
            held: Where its leases are entered.
            queue_name: The queue.
            credit: At most so many messages are leased at a time.
            unack_timeout_ms: The length of their leases; the queue's own, which the server knows, where None.
        """
        self._calls = calls
        self._lease_calls = lease_calls
        self._held = held
        self._queue_name = queue_name
        self._credit = credit
        self._unack_timeout_ms = unack_timeout_ms
        self._stream: ConsumeStream | None = None
        self._waiting: deque[LeasedMessage] = deque()
        self._in_hand = 0
        self._owed = 0
        self._failures = 0
        self._wake = asyncio.Event()
        self._closed = False
        self._closing = asyncio.Lock()

    async def next(self) -> LeasedMessage | None:
        """The next message; None once the client was closed.

        Raises:
            StorageError: The server refuses, and would go on to do so.
        """
        while not self._closed:
            while self._waiting:
                message = self._waiting.popleft()
                if message.lease.hand_out():
                    return message
            if self._stream is None or self._stream.failure is not None:
                await self._connect()
            else:
                self._wake.clear()
                await self._wake.wait()
        return None

    async def close(self) -> None:
        """Give back what waits, and end the stream. Messages whose bodies run go on by calls of their own."""
        self._closed = True
        self._wake.set()
        async with self._closing:
            stream, self._stream = self._stream, None
            if stream is None:
                return
            if stream.failure is None:
                for message in self._settled_messages():
                    stream.send(give_back_request(message.id, message.receipt))
            await stream.close(CLOSE_SECONDS)
            # What was on its way when we closed our side.
            await self._give_back(self._settled_messages())

    def _settled_messages(self) -> list[LeasedMessage]:
        waiting = list(self._waiting)
        self._waiting.clear()
        for message in waiting:
            message.lease.settle()
        return waiting

    async def _give_back(self, messages: Sequence[LeasedMessage]) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS), asyncio.TaskGroup() as calls:
                for message in messages:
                    calls.create_task(self._give_back_one(message))
        except TimeoutError:
            _log.debug("queue %s: messages weren't given back in time", self._queue_name)

    async def _give_back_one(self, message: LeasedMessage) -> None:
        try:
            await self._lease_calls.set_unack_timeout(
                self._queue_name, message.id, 0, receipt=message.receipt
            )
        except StorageError as error:
            _log.debug("message %s wasn't given back, its lease lapses: %s", message.id, error)

    async def _connect(self) -> None:
        if self._stream is not None:
            await self._recover(self._stream)
        if self._closed:
            return
        self._owed = 0
        opening = pb.ConsumeRequest.Open(
            queue_name=self._queue_name,
            credit=max(self._credit - self._in_hand, 0),
            unack_timeout_ms=self._unack_timeout_ms,
        )
        self._stream = ConsumeStream(
            self._calls, pb.ConsumeRequest(open=opening), self._receive, self._wake.set
        )

    async def _recover(self, broken: ConsumeStream) -> None:
        self._stream = None
        await broken.close(0)
        error = broken.failure
        if error is not None and not (transient(error) or isinstance(error, DeadlineExceededError)):
            raise error
        self._failures += 1
        pause = self._calls.retry.backoff_seconds(self._failures)
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        _log.log(level, "queue %s: %s; opening it again in %.1f s", self._queue_name, error, pause)
        try:
            async with asyncio.timeout(pause):
                self._wake.clear()
                await self._wake.wait()  # only close wakes it
        except TimeoutError:
            return

    def _receive(
        self, stream: ConsumeStream, messages: Sequence[Message], unack_timeout_ms: int
    ) -> None:
        self._failures = 0
        link = LeaseLink(stream, self._lease_calls, self._queue_name)
        for message in messages:
            lease = Lease(message, link, unack_timeout_ms=unack_timeout_ms, ended=self._lease_ended)
            self._held.add(self._queue_name, message.receipt, lease)
            self._in_hand += 1
            self._waiting.append(
                LeasedMessage(
                    id=message.id,
                    payload=message.payload,
                    priority=message.priority,
                    receipt=message.receipt,
                    delivery_count=message.delivery_count,
                    queue_name=self._queue_name,
                    lease=lease,
                )
            )
        self._wake.set()

    def _lease_ended(self, lease: Lease) -> None:
        self._held.discard(self._queue_name, lease.receipt)
        self._in_hand -= 1
        self._owed += 1
        # In groups: a grant for every message would double what is sent.
        if (
            self._owed >= max(1, self._credit // 4)
            and self._stream is not None
            and not self._closed
        ):
            self._stream.send(pb.ConsumeRequest(grant=pb.ConsumeRequest.Grant(credit=self._owed)))
            self._owed = 0
