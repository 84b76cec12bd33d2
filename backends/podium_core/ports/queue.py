"""The QueueDAO: at-least-once queues with leases and receipts, one meaning on every backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from podium_core.models import Message, PushMessage, QueueDetail


class QueueDAO(Protocol):
    """Mirrors Conductor's ``QueueDAO``, with times in milliseconds throughout.

    A message is delayed, ready or unacked (leased). A lease ends when its time has passed, or by push, postpone, remove
    or ``set_unack_timeout(0)``; its receipt is stale from then on. ``InvalidArgumentError``: an empty queue name or id, a
    priority outside 0-99, a negative time or count, more than 1,000 messages.
    """

    async def push(self, queue_name: str, message: PushMessage) -> None:
        """Push a message, replacing one of that id: payload, priority, due time. Source: ``QueueDAO.push(…)``."""
        ...

    async def push_messages(self, queue_name: str, messages: Sequence[PushMessage]) -> None:
        """Push messages in one atomic step. Source: ``QueueDAO.push(queueName, messages)``."""
        ...

    async def push_if_not_exists(self, queue_name: str, message: PushMessage) -> bool:
        """Push a message unless one of that id is there, in any state. Source: ``QueueDAO.pushIfNotExists``."""
        ...

    async def pop(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[str]:
        """``poll_messages``, ids only. Source: ``QueueDAO.pop``."""
        ...

    async def poll_messages(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[Message]:
        """Take up to ``count`` ready messages in one atomic step: highest priority first, then the oldest due.

        Args:
            queue_name: The queue.
            count: At most so many.
            timeout_ms: With none ready, wait so long, and answer as soon as there is one.
            unack_timeout_ms: How long they are leased; the queue's own default where None.
        Source: ``QueueDAO.pollMessages``.
        """
        ...

    async def remove(self, queue_name: str, message_id: str) -> bool:
        """Take a message out, in any state; false if it isn't there. Source: ``QueueDAO.remove``."""
        ...

    async def get_size(self, queue_name: str) -> int:
        """How many messages are ready or delayed. Source: ``QueueDAO.getSize``."""
        ...

    async def ack(self, queue_name: str, message_id: str, *, receipt: str = "") -> bool:
        """Take an unacked message out. With a stale receipt: false, nothing changes. Source: ``QueueDAO.ack``."""
        ...

    async def ack_messages(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        """``ack`` for (message id, receipt) pairs in one atomic step; for each whether it took a message."""
        ...

    async def set_unack_timeout(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        """Lease an unacked message for that long from now; 0 gives it back. Source: ``QueueDAO.setUnackTimeout``."""
        ...

    async def set_unack_timeout_if_shorter(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        """The same, but only where the lease becomes shorter.

        Source: conductor-oss ``QueueDAO.setUnackTimeoutIfShorter``.
        """
        ...

    async def flush(self, queue_name: str) -> int:
        """Remove every message of a queue; how many there were. Source: ``QueueDAO.flush``."""
        ...

    async def queues_detail(self) -> dict[str, int]:
        """The size of every queue of the store. Source: ``QueueDAO.queuesDetail``."""
        ...

    async def queues_detail_verbose(self) -> list[QueueDetail]:
        """The counts of every queue of the store, by name. Source: ``QueueDAO.queuesDetailVerbose``."""
        ...

    async def process_unacks(self, queue_name: str) -> int:
        """Return lapsed leases to the queue now; how many. They come back by themselves too.

        Source: ``QueueDAO.processUnacks``.
        """
        ...

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        """Make a delayed message ready; false if it isn't there or is unacked. Source: ``QueueDAO.resetOffsetTime``."""
        ...

    async def postpone(
        self,
        queue_name: str,
        message_id: str,
        *,
        priority: int = 0,
        offset_ms: int = 0,
        receipt: str = "",
    ) -> bool:
        """Remove and push in one atomic step, the payload staying; true, also for a message that wasn't there.

        Args:
            queue_name: The queue.
            message_id: The message.
            priority: Its new priority, 0-99.
            offset_ms: When it is ready, from now.
            receipt: Of the caller's lease; with a stale one: false, nothing changes. Empty: in any state.
        Source: ``QueueDAO.postpone``, which knows no receipt.
        """
        ...

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        """Whether a message is there, in any state. Source: ``QueueDAO.containsMessage``."""
        ...

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        """Ids of the messages that would be delivered first, ready or delayed, without leasing them.

        Source: conductor-oss ``QueueDAO.peekFirstIds``.
        """
        ...


class MessageScan(NamedTuple):
    """Some messages as (queue name, message id).

    Attributes:
        messages: Those that a consumer can get, or could.
        cursor: With it the scan goes on; None after the last message.
        unreadable: Those that no consumer gets, since a poll met bytes that aren't UTF-8 and set them aside. Bad bytes of a
            name or an id are escaped.
    """

    messages: Sequence[tuple[str, str]]
    cursor: str | None
    unreadable: Sequence[tuple[str, str]] = ()


class QueueStore(QueueDAO, Protocol):
    """What a queues adapter gives beside the QueueDAO, to the server only.

    A poll that is cancelled loses no message: what it has leased is given back, uncounted.
    """

    def unack_timeout_ms(self, queue_name: str) -> int:
        """How long a message of a queue is leased where a poll doesn't say. Asks no store."""
        ...

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        """End the leases of messages that never reached their receiver; their delivery isn't counted."""
        ...

    async def scan_messages(self, *, cursor: str = "", limit: int = 1_000) -> MessageScan:
        """The next messages of all queues, in any state, in the store's own order.

        A message that is there throughout a scan comes at least once.

        Args:
            cursor: That of the page before, opaque; empty for the first.
            limit: About so many.
        Raises:
            InvalidArgumentError: It isn't a cursor of this store.
        """
        ...
