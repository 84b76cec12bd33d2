"""The QueueDAO of every store: checks arguments, polls and waits, and leaves the messages to a ``QueueTable``."""

from __future__ import annotations

from collections.abc import Sequence

from podium_core.backend import StoreContext
from podium_core.models import Message, PushMessage, QueueDetail
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports.queue import MessageScan, QueueStore
from podium_core.ports.queue_table import Ask, QueueTable
from podium_core.queues.poll_room import MOST_SIZE, PollRoom
from podium_core.queues.polls import Polls
from podium_core.requirements import (
    MAX_ITEMS,
    require_at_most,
    require_count,
    require_duration,
    require_lease,
    require_text,
)
from podium_core.write_set.builders import push_op


class TableQueueDAO:
    """The queues of one store."""

    def __init__(
        self, table: QueueTable, context: StoreContext, *, most_held_bytes: int = MOST_SIZE
    ) -> None:
        """Queues on a store's messages.

        Args:
            table: The messages.
            context: Of the store.
            most_held_bytes: How many bytes of messages takes may hold together, before each further one waits for its turn.
        """
        self._table = table
        self._defaults = context.queue_defaults
        self._max_bytes = context.max_answer_bytes
        room = PollRoom(context.max_answer_bytes, most_held_bytes)
        self._polls = Polls(table, room, context.begin_long_answer)

    async def close(self) -> None:
        """Answer polls that wait, and give back what cancelled calls were leased. Before the store closes."""
        await self._polls.close()

    # pushing

    async def push(self, queue_name: str, message: PushMessage) -> None:
        require_text(queue_name, "queue_name")
        await self._table.push((push_op(queue_name, message),))

    async def push_messages(self, queue_name: str, messages: Sequence[PushMessage]) -> None:
        require_text(queue_name, "queue_name")
        require_at_most(messages, MAX_ITEMS, "messages")
        ops = [
            push_op(queue_name, message, f"messages[{at}].", id_field="id")
            for at, message in enumerate(messages)
        ]
        if ops:
            await self._table.push(ops)

    async def push_if_not_exists(self, queue_name: str, message: PushMessage) -> bool:
        require_text(queue_name, "queue_name")
        return await self._table.push_if_absent(push_op(queue_name, message))

    async def postpone(
        self,
        queue_name: str,
        message_id: str,
        *,
        priority: int = 0,
        offset_ms: int = 0,
        receipt: str = "",
    ) -> bool:
        require_text(queue_name, "queue_name")
        message = PushMessage(id=message_id, priority=priority, offset_ms=offset_ms)
        return await self._table.postpone(push_op(queue_name, message), receipt=receipt)

    # delivering

    def unack_timeout_ms(self, queue_name: str) -> int:
        return self._defaults.of(queue_name)

    async def pop(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[str]:
        messages = await self.poll_messages(
            queue_name, count=count, timeout_ms=timeout_ms, unack_timeout_ms=unack_timeout_ms
        )
        return [message.id for message in messages]

    async def poll_messages(
        self,
        queue_name: str,
        *,
        count: int,
        timeout_ms: int = 0,
        unack_timeout_ms: int | None = None,
    ) -> list[Message]:
        require_text(queue_name, "queue_name")
        if unack_timeout_ms is None:
            unack_timeout_ms = self.unack_timeout_ms(queue_name)
        lease_ms = require_lease(unack_timeout_ms, "unack_timeout_ms")
        ask = Ask(require_count(count), lease_ms)
        return await self._polls.poll(queue_name, ask, require_duration(timeout_ms, "timeout_ms"))

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        if messages:
            await self._table.give_back(queue_name, messages)

    async def ack(self, queue_name: str, message_id: str, *, receipt: str = "") -> bool:
        _require_message(queue_name, message_id)
        (acked,) = await self._table.ack(queue_name, ((message_id, receipt),))
        return acked

    async def ack_messages(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        require_text(queue_name, "queue_name")
        require_at_most(acks, MAX_ITEMS, "messages")
        for at, (message_id, _) in enumerate(acks):
            require_text(message_id, f"messages[{at}].message_id")
        return await self._table.ack(queue_name, acks) if acks else []

    async def set_unack_timeout(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        _require_message(queue_name, message_id)
        require_duration(unack_timeout_ms, "unack_timeout_ms")
        return await self._table.set_unack_timeout(
            queue_name, message_id, unack_timeout_ms, receipt=receipt, only_shorter=False
        )

    async def set_unack_timeout_if_shorter(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        _require_message(queue_name, message_id)
        require_duration(unack_timeout_ms, "unack_timeout_ms")
        return await self._table.set_unack_timeout(
            queue_name, message_id, unack_timeout_ms, receipt=receipt, only_shorter=True
        )

    # removing and moving

    async def remove(self, queue_name: str, message_id: str) -> bool:
        _require_message(queue_name, message_id)
        return await self._table.remove(queue_name, message_id)

    async def flush(self, queue_name: str) -> int:
        return await self._table.flush(require_text(queue_name, "queue_name"))

    async def process_unacks(self, queue_name: str) -> int:
        return await self._table.process_unacks(require_text(queue_name, "queue_name"))

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        _require_message(queue_name, message_id)
        return await self._table.reset_offset_time(queue_name, message_id)

    # reading

    async def get_size(self, queue_name: str) -> int:
        return (await self._table.counts(require_text(queue_name, "queue_name"))).size

    async def queues_detail(self) -> dict[str, int]:
        return {detail.name: detail.size for detail in await self.queues_detail_verbose()}

    async def queues_detail_verbose(self) -> list[QueueDetail]:
        budget = ReadBudget(self._max_bytes)
        details: list[QueueDetail] = []
        async for page in self._table.all_counts():
            for counts in page:
                # A store may keep the counts of a queue that has no message any more.
                if counts.total:
                    budget.take(len(counts.name))
                    name, size, unacked = counts.name, counts.size, counts.unacked
                    details.append(QueueDetail(name=name, size=size, unacked=unacked))
        details.sort(key=lambda detail: detail.name)
        return details

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        _require_message(queue_name, message_id)
        return await self._table.contains_message(queue_name, message_id)

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        require_text(queue_name, "queue_name")
        return await self._table.peek_first_ids(queue_name, require_count(count))

    async def scan_messages(self, *, cursor: str = "", limit: int = 1_000) -> MessageScan:
        return await self._table.scan_messages(cursor=cursor, limit=limit)


def _require_message(queue_name: str, message_id: str) -> None:
    require_text(queue_name, "queue_name")
    require_text(message_id, "message_id")


_store: type[QueueStore] = TableQueueDAO
