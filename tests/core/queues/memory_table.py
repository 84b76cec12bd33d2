"""A queue table in memory, behind a network that a test controls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from podium_core.backend import DataType, StoreContext
from podium_core.errors import BackendUnavailableError
from podium_core.models import Guarantee, Message
from podium_core.ports import QueueTable
from podium_core.ports.queue_table import Ask, QueueCounts, Take, TakeRoom
from podium_core.queues import Subscriptions, TableQueueDAO
from podium_core.write_set import PushOp


@dataclass
class Stored:
    """A message, its due time, and the receipt of its lease."""

    op: PushOp
    due_ms: int
    receipt: str = ""
    deliveries: int = 0


@dataclass
class MemoryTable:
    """Messages in order of their pushes.

    Attributes:
        now_ms: The store's clock.
        trips: The asks of each take, in order.
        gate: While it is clear, answers of takes don't arrive: their messages are leased already.
        failure: What takes raise.
    """

    now_ms: int = 1_000
    messages: dict[tuple[str, str], Stored] = field(default_factory=dict)
    trips: list[list[Ask]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None
    subscriptions: Subscriptions = field(default_factory=Subscriptions)
    called: list[str] = field(default_factory=list)
    pages: list[list[QueueCounts]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    def put(
        self,
        *ids: str,
        queue: str = "q",
        delay_ms: int = 0,
        payload: str = "",
        notify: bool = True,
    ) -> None:
        """Store messages as another process does, and notify."""
        for id_ in ids:
            op = PushOp(queue_name=queue, message_id=id_, payload=payload)
            self.messages[queue, id_] = Stored(op, self.now_ms + delay_ms)
        if notify:
            self.subscriptions.notify(queue)

    def leased(self) -> list[str]:
        return [id_ for (_, id_), stored in self.messages.items() if stored.receipt]

    # QueueTable

    async def push(self, ops: Sequence[PushOp]) -> None:
        self.called.append("push")
        for op in ops:
            self.put(op.message_id, queue=op.queue_name, delay_ms=op.offset_ms)

    def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> asyncio.Future[Take]:
        self.trips.append(list(asks))
        return asyncio.ensure_future(self._answer(self._take(queue_name, asks, room)))

    async def _answer(self, take: Take | Exception) -> Take:
        await self.gate.wait()
        if isinstance(take, Exception):
            raise take
        return take

    def _take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Take | Exception:
        if self.failure is not None:
            return self.failure
        answers: list[list[Message]] = []
        size = 0
        no_room = False
        for ask in asks:
            no_room = no_room or not room.has_left()
            messages = [] if no_room else self._lease(queue_name, ask)
            size += sum(len(message.payload) for message in messages if message.payload)
            room.hold(size)
            answers.append(messages)
        dues = [
            stored.due_ms for (queue, _), stored in self.messages.items() if queue == queue_name
        ]
        return Take(answers, min(dues, default=None), self.now_ms, no_room)

    def _lease(self, queue_name: str, ask: Ask) -> list[Message]:
        found: list[Message] = []
        for (queue, id_), stored in self.messages.items():
            if (
                queue == queue_name
                and stored.due_ms <= self.now_ms
                and len(found) < ask.max_messages
            ):
                stored.deliveries += 1
                stored.receipt = f"{id_}/{stored.deliveries}"
                stored.due_ms = self.now_ms + ask.lease_ms
                found.append(
                    Message(
                        id=id_,
                        payload=UNSET if stored.op.payload is None else stored.op.payload,
                        receipt=stored.receipt,
                        delivery_count=stored.deliveries,
                    )
                )
        return found

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        for message in messages:
            stored = self.messages[queue_name, message.id]
            stored.receipt, stored.due_ms = "", self.now_ms
            stored.deliveries -= 1
        self.subscriptions.notify(queue_name)

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.subscriptions.subscribe(queue_name, changed)

    async def counts(self, queue_name: str) -> QueueCounts:
        (counts,) = (one for page in self.pages for one in page if one.name == queue_name)
        return counts

    async def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        for page in self.pages:
            yield page

    def __getattr__(self, name: str) -> Any:
        """Any other method: noted, and it does nothing."""
        if name.startswith("_"):
            raise AttributeError(name)

        async def method(*_: object, **__: object) -> list[bool]:
            self.called.append(name)
            return [True]

        return method


def queues_on(table: MemoryTable, **how: Any) -> TableQueueDAO:
    """The QueueDAO on this table; ``how`` goes to the store's context, and what it may hold."""
    limits = {"most_held_bytes": how.pop("most_held_bytes")} if "most_held_bytes" in how else {}
    messages: Any = table
    typed: QueueTable = messages
    return TableQueueDAO(
        typed,
        StoreContext(
            name="main",
            serves=frozenset({DataType.QUEUES}),
            commit_guarantee=Guarantee.ORDERED,
            **how,
        ),
        **limits,
    )


def unavailable() -> BackendUnavailableError:
    return BackendUnavailableError("main", "the store is away")
