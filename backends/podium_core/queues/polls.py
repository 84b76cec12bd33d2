"""Polls of queues: at once where a message is ready, else waiting until one is or the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from podium_core.models import Message
from podium_core.ports.queue_table import Ask, QueueTable
from podium_core.queues.poll import Poll
from podium_core.queues.poll_room import PollRoom
from podium_core.queues.takes import Takes
from podium_core.queues.waiting_queue import WaitingQueue

MAX_WAIT_MS = 86_400_000


class Polls:
    """The polls of one store in this process.

    A caller that is cancelled loses no message: its messages are given back, and that delivery isn't counted.
    """

    def __init__(
        self,
        table: QueueTable,
        room: PollRoom,
        begin_long_answer: Callable[[], Awaitable[None]],
    ) -> None:
        """Nobody polls.

        Args:
            table: The store's messages.
            room: How much all takes together hold.
            begin_long_answer: As ``StoreContext`` has it.
        """
        self._takes = Takes(table, room)
        self._room = room
        self._begin_long_answer = begin_long_answer
        self._queues: dict[str, WaitingQueue] = {}

    async def close(self) -> None:
        """Answer those who wait, and finish what is under way. Before the store closes."""
        self.end_waits()
        await self._takes.finish()

    def end_waits(self) -> None:
        """Those who wait are answered now, most of them with nothing."""
        for queue in list(self._queues.values()):
            queue.expire_all()

    async def poll(self, queue_name: str, ask: Ask, timeout_ms: int) -> list[Message]:
        """The messages of one ask; if none is ready, wait so long for one."""
        if self._room.has_large(queue_name):
            messages = await self._take_large(queue_name, ask)
        else:
            take = await self._takes.take(queue_name, ask)
            messages = take.messages[0]
            if messages:
                self._note_lease(queue_name, ask)
            elif take.no_room:
                messages = await self._take_in_turn(queue_name, ask)
        if messages or not timeout_ms:
            return messages
        deadline = asyncio.get_running_loop().time() + min(timeout_ms, MAX_WAIT_MS) / 1000
        return await self._wait(queue_name, ask, deadline)

    async def _take_large(self, queue_name: str, ask: Ask) -> list[Message]:
        # A poll that finds nothing takes no turn: it may wait for long.
        if not (await self._takes.look(queue_name)).ready:
            return []
        return await self._take_in_turn(queue_name, ask)

    async def _take_in_turn(self, queue_name: str, ask: Ask) -> list[Message]:
        await self._begin_long_answer()
        (messages,) = (await self._takes.take(queue_name, ask, in_turn=True)).messages
        self._note_lease(queue_name, ask)
        return messages

    def _note_lease(self, queue_name: str, ask: Ask) -> None:
        # Those who wait get these messages if the lease lapses.
        if queue_name in self._queues:
            self._queues[queue_name].look_in(ask.lease_ms)

    async def _wait(self, queue_name: str, ask: Ask, deadline: float) -> list[Message]:
        first = False
        while asyncio.get_running_loop().time() < deadline:
            poll = Poll(ask)
            queue = self._enter(queue_name, poll, first=first)
            messages = await self._wait_for_answer(queue, poll, deadline)
            if messages is None:
                try:
                    messages = await self._take_in_turn(queue_name, ask)
                finally:
                    queue.end_turn()
                if not messages:
                    first = True
                    continue
            return messages
        return []

    async def _wait_for_answer(
        self, queue: WaitingQueue, poll: Poll, deadline: float
    ) -> list[Message] | None:
        timer = asyncio.get_running_loop().call_at(deadline, queue.expire, poll)
        try:
            return await poll.answer(queue.name, self._takes.give_back_soon)
        except asyncio.CancelledError:
            if poll.has_turn:
                queue.end_turn()
            raise
        finally:
            timer.cancel()
            queue.leave(poll)

    def _enter(self, queue_name: str, poll: Poll, *, first: bool) -> WaitingQueue:
        queue = self._queues.get(queue_name)
        if queue is None:
            queue = WaitingQueue(queue_name, self._takes, self._forget)
            self._queues[queue_name] = queue
            queue.enter(poll)
            self._takes.begin(queue.serve())
        else:
            queue.enter(poll, first=first)
        return queue

    def _forget(self, queue_name: str) -> None:
        del self._queues[queue_name]
