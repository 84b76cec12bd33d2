"""Takes messages for polls, and gives back what nobody receives."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from podium_core.errors import StorageError
from podium_core.models import Message
from podium_core.ports.queue_table import Ask, QueueTable, Take
from podium_core.queues.poll import Poll
from podium_core.queues.poll_room import OneTakeRoom, PollRoom


class Takes:
    """The takes of one store in this process."""

    def __init__(self, table: QueueTable, room: PollRoom) -> None:
        """Takes the store's messages, and the room that all takes share."""
        self.table = table
        self.room = room
        self._tasks: set[asyncio.Task[None]] = set()

    async def look(self, queue_name: str) -> Take:
        """When the next message of a queue is ready; it takes none."""
        return await self.table.take(queue_name, (), OneTakeRoom(self.room))

    async def take(self, queue_name: str, ask: Ask, *, in_turn: bool = False) -> Take:
        """Take messages for the caller. If it is cancelled, they are given back, and that delivery isn't counted."""
        room = OneTakeRoom(self.room, in_turn=in_turn)
        future = self.table.take(queue_name, (ask,), room)
        try:
            if not future.done():
                await _end_of(future)
            take = future.result()
        except asyncio.CancelledError:
            self.begin(self._undo(queue_name, future, room))
            raise
        except Exception:
            room.end(queue_name)
            raise
        room.end(queue_name, take.messages)
        return take

    async def serve(self, queue_name: str, polls: Sequence[Poll]) -> Take | None:
        """Take messages for polls in one trip, and answer those that got some.

        None if the store failed: all of them were told so.
        """
        room = OneTakeRoom(self.room)
        try:
            take = await self.table.take(queue_name, [poll.ask for poll in polls], room)
        except Exception as error:  # on any error: no caller may be left waiting
            room.end(queue_name)
            for poll in polls:
                poll.fail(error)
            return None
        room.end(queue_name, take.messages)
        for poll, messages in zip(polls, take.messages, strict=True):
            if messages and not poll.finish(messages):
                self.give_back_soon(queue_name, messages)
        return take

    def give_back_soon(self, queue_name: str, messages: Sequence[Message]) -> None:
        """End the leases of messages that didn't reach their caller, in the background."""
        self.begin(self._give_back(queue_name, messages))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin something that no caller waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait until all of it is done. Before the store closes."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _undo(self, queue_name: str, future: asyncio.Future[Take], room: OneTakeRoom) -> None:
        messages: list[Message] = []
        with suppress(StorageError):  # it took nothing, or its leases lapse by themselves
            (messages,) = (await future).messages
        room.end(queue_name)
        if messages:
            await self._give_back(queue_name, messages)

    async def _give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        with suppress(StorageError):  # the leases lapse by themselves
            await self.table.give_back(queue_name, messages)


def _end_of(future: asyncio.Future[Take]) -> asyncio.Future[None]:
    """Done when the other one is. As ``asyncio.shield``, at half the cost."""
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: asyncio.Future[Take]) -> None:
        if not end.done():
            end.set_result(None)

    future.add_done_callback(wake)
    return end
