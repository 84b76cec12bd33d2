"""What a store implements to serve queues: its messages, without any rule of polling or waiting."""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple, Protocol

from podium_core.models import Message
from podium_core.ports.queue import MessageScan
from podium_core.write_set import PushOp


class Ask(NamedTuple):
    """What one consumer asks for: at most ``max_messages``, leased for ``lease_ms``."""

    max_messages: int
    lease_ms: int


class Take(NamedTuple):
    """The answer to a take.

    Attributes:
        messages: For each ask, in the order of the asks.
        next_due_ms: When the next message of the queue is ready: at or before ``now_ms`` if one is ready now, leases that
            end included. None: the queue has no other. Needed only where an ask got nothing, or where nothing was asked.
        now_ms: The store's time.
        no_room: The take stopped because its room had nothing left; the asks that got nothing have to be asked again.
    """

    messages: list[list[Message]]
    next_due_ms: int | None
    now_ms: int
    no_room: bool = False

    @property
    def ready(self) -> bool:
        """Whether another message is ready now."""
        return self.next_due_ms is not None and self.next_due_ms <= self.now_ms


class TakeRoom(Protocol):
    """How much a take may read into memory. A thread may call it.

    Attributes:
        max_bytes: Of the ids and payloads for one ask; its first message may be larger.
    """

    max_bytes: int

    def has_left(self) -> bool:
        """Whether another ask may be served. Ask before each one; without room, stop the take."""
        ...

    def left_bytes(self) -> int:
        """How many bytes this take may hold, for a store that has to know it before it reads anything."""
        ...

    def hold(self, size: int) -> None:
        """Say how many bytes this take holds by now. A take that runs again begins from 0."""
        ...


class QueueCounts(NamedTuple):
    """The counts of one queue; ``lapsed`` leases are among the ``leased``."""

    name: str
    total: int
    leased: int
    lapsed: int

    @property
    def unacked(self) -> int:
        """Leased messages whose lease runs."""
        return self.leased - self.lapsed

    @property
    def size(self) -> int:
        """Ready and delayed messages; a lapsed lease is ready."""
        return self.total - self.unacked


class QueueTable(Protocol):
    """The messages of a store's queues. ``podium_core.queues`` makes a QueueDAO of it.

    All arguments are checked already. A message is ready when its due time is at or before the store's time. The due time of
    a leased message is the end of its lease, so a lapsed lease comes back by itself. Each method is one atomic step, unless
    it says otherwise. All of them raise ``BackendUnavailableError`` and ``OutcomeUnknownError``.
    """

    async def push(self, ops: Sequence[PushOp]) -> None:
        """Push messages of one queue; one of the same id is replaced and its lease ends."""
        ...

    async def push_if_absent(self, op: PushOp) -> bool:
        """Push unless a message of that id is there, in any state."""
        ...

    async def postpone(self, op: PushOp, *, receipt: str) -> bool:
        """Push, with the payload that is there; with a receipt only a message that is leased under it."""
        ...

    def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Future[Take]:
        """Begin to lease ready messages, for all asks in one trip: highest priority first, then the oldest due.

        The first ask is served first. Without asks it only says when the next message is ready. A take that has begun goes
        on when its caller is cancelled: nobody cancels the future.
        """
        ...

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        """End leases as if the messages had never been delivered; a stale receipt changes nothing."""
        ...

    async def ack(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        """For each (message id, receipt) remove the message if it is leased, under this receipt if there is one."""
        ...

    async def set_unack_timeout(
        self,
        queue_name: str,
        message_id: str,
        unack_timeout_ms: int,
        *,
        receipt: str,
        only_shorter: bool,
    ) -> bool:
        """Let the lease of a message end so long from now; 0 ends it. With a receipt only if it is that of the lease."""
        ...

    async def remove(self, queue_name: str, message_id: str) -> bool:
        """Remove a message, in any state."""
        ...

    async def flush(self, queue_name: str) -> int:
        """Remove all messages that are there now, in steps of bounded size; how many."""
        ...

    async def process_unacks(self, queue_name: str) -> int:
        """Forget the leases that have lapsed by now, in steps of bounded size; how many."""
        ...

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        """Make a delayed message ready; one that is ready stays so, and it is true."""
        ...

    async def counts(self, queue_name: str) -> QueueCounts:
        """The counts of one queue; zeros for an unknown one."""
        ...

    def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        """The counts of all queues, in pages, in any order. A queue without messages may be among them."""
        ...

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        """Whether a message is there, in any state."""
        ...

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        """Ids in the order of delivery: the ready ones, then the delayed ones, the soonest first."""
        ...

    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan:
        """As ``QueueStore.scan_messages``."""
        ...

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Call ``changed`` on the loop soon after a message of the queue may be ready sooner than before.

        Pushes count, and every move of a due time, by this process and by others; takes of this process need not. No commit
        after this method has returned is missed. A store that may have missed some (its connection was lost) calls
        ``changed`` once it hears again.

        Returns:
            What ends the subscription.
        """
        ...
