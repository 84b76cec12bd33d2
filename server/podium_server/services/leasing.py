"""Leases messages for calls. Messages that reach no receiver are given back to their queue, uncounted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
from msgspec import UNSET

from podium_core.errors import StorageError
from podium_core.models import Message
from podium_core.ports import QueueStore
from podium_protocol import codec
from podium_server.interceptors import Call, InFlight
from podium_server.interceptors.byte_budget import LARGE_BYTES

# Taken off the caller's deadline, for the way back.
ANSWER_MS = 50
# Two numbers, and what stands before a message and each of its fields.
_REST_BYTES = 48

_log = structlog.get_logger("podium.queues")


def wait_ms(timeout_ms: int, call: Call) -> int:
    """How long a poll may wait: what it asks for, cut to the deadline less 50 ms."""
    if not timeout_ms:
        return 0
    remaining = call.remaining_ms()
    return timeout_ms if remaining is None else max(min(timeout_ms, remaining - ANSWER_MS), 0)


class Leasing:
    """Polls queues for callers who may go away at any moment. The store gives back what a cancelled poll has leased."""

    def __init__(self, queues: QueueStore, draining: asyncio.Event, in_flight: InFlight) -> None:
        """Takes the store, the event after which nobody waits any more, and the counter of calls."""
        self._queues = queues
        self._in_flight = in_flight
        self._draining = draining
        self._waits: set[asyncio.Timeout] = set()
        self._watch: asyncio.Task[None] | None = None
        self._returns: set[asyncio.Task[None]] = set()

    async def poll(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int,
        unack_timeout_ms: int | None,
        call: Call | None = None,
    ) -> list[Message]:
        """``QueueDAO.poll_messages``; a drain ends its wait.

        ``call`` doesn't count as work while it waits.
        """
        if not timeout_ms or self._draining.is_set():
            return await self._queues.poll_messages(
                queue_name, count=count, unack_timeout_ms=unack_timeout_ms
            )
        poll = self._wait(queue_name, count, timeout_ms, unack_timeout_ms)
        if call is None:
            return await poll
        with self._in_flight.apart(call.connection):
            return await poll

    async def _wait(
        self, queue_name: str, count: int, timeout_ms: int, unack_timeout_ms: int | None
    ) -> list[Message]:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._end_waits())
        wait = asyncio.timeout(None)
        try:
            async with wait:
                self._waits.add(wait)
                return await self._queues.poll_messages(
                    queue_name,
                    count=count,
                    timeout_ms=timeout_ms,
                    unack_timeout_ms=unack_timeout_ms,
                )
        except TimeoutError:
            if wait.expired():
                return []
            raise
        finally:
            self._waits.discard(wait)

    async def _end_waits(self) -> None:
        await self._draining.wait()
        now = asyncio.get_running_loop().time()
        for wait in self._waits:
            wait.reschedule(now)

    def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        """End the leases of messages that didn't reach their receiver, in the background."""
        if messages:
            self._in_background(self._give_back(queue_name, messages))

    async def finish(self) -> None:
        """Wait until everything that goes back is back."""
        while self._returns:
            await asyncio.wait(self._returns)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    async def _give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        try:
            await self._queues.give_back(queue_name, messages)
        except StorageError as error:
            # They come back by themselves when their leases lapse.
            _log.warning(
                "messages not given back",
                queue=queue_name,
                count=len(messages),
                error=error.message,
            )


def fit_count(messages: Sequence[Message], limit_bytes: int) -> int:
    """How many of the messages, from the first on, an answer of this size can hold; at least one."""
    if sum(map(_most_bytes, messages)) <= limit_bytes:
        return len(messages)
    total = 0
    for at, message in enumerate(messages):
        # Tag and length of a repeated field take at most six bytes more.
        total += _size(message) + 6
        if total > limit_bytes and at:
            return at
    return len(messages)


def _most_bytes(message: Message) -> int:
    """A number that is found at once, and that the message in an answer is never above."""
    payload_length = 0 if message.payload is UNSET else len(message.payload)
    return 4 * (payload_length + len(message.id) + len(message.receipt)) + _REST_BYTES


def _size(message: Message) -> int:
    payload = message.payload
    if payload is UNSET or len(payload) <= LARGE_BYTES:
        return codec.message_to_proto(message).ByteSize()
    # At most so large: to know exactly takes as long as to serialize it.
    return sum(map(_utf8_size, (payload, message.id, message.receipt))) + _REST_BYTES


def _utf8_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
