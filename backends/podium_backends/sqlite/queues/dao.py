"""The QueueDAO on SQLite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import msgspec

from podium_backends.sqlite.file.database import INLINE_WEIGHT, Database
from podium_backends.sqlite.queues import counts as queue_counts, statements as queue_statements
from podium_backends.sqlite.queues.handover import Handover
from podium_backends.sqlite.queues.poll_room import NoRoomError, PollRoom
from podium_backends.sqlite.queues.statements import SWEEP_ROWS
from podium_backends.sqlite.queues.waiters import QueueWaiters
from podium_core.backend import QueueDefaults
from podium_core.errors import StorageError
from podium_core.models import Message, PushMessage, QueueDetail
from podium_core.paging.read_budget import MAX_ANSWER_BYTES, ReadBudget
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import MessageScan, QueueStore, QueueTarget
from podium_core.requirements import (
    MAX_ITEMS,
    require_at_most,
    require_count,
    require_duration,
    require_lease,
    require_text,
)
from podium_core.write_set import PushOp
from podium_core.write_set.builders import push_op

T = TypeVar("T")

_log = logging.getLogger(__name__)

MAX_WAIT_MS = 86_400_000
MAX_FLOWING = 10_000
LONG_POLL = 100
# A count that met so many lapsed leases has them swept, so that the next one needn't look at them.
_SWEEP_AT = 200


class _Poll(msgspec.Struct, frozen=True):
    queue_name: str
    count: int
    lease_ms: int


class SqliteQueueDAO:
    """Queues in one database file."""

    def __init__(
        self,
        database: Database,
        waiters: QueueWaiters,
        defaults: QueueDefaults,
        *,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._database = database
        self._max_answer_bytes = max_answer_bytes
        self._waiters = waiters
        self._defaults = defaults
        # Queues whose last poll found something: the next goes for messages without looking whether there are any.
        self._flowing: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._room = PollRoom()

    async def close(self) -> None:
        """Finish giving back what cancelled calls were handed. Before the database closes."""
        with suppress(StorageError):
            # Behind every transaction that such a call may still be in.
            await self._database.write(lambda conn: None)
        await asyncio.gather(*self._background, return_exceptions=True)

    # pushing

    async def push(self, queue_name: str, message: PushMessage) -> None:
        await self._push(queue_name, [push_op(queue_name, message)])

    async def push_messages(self, queue_name: str, messages: Sequence[PushMessage]) -> None:
        require_at_most(messages, MAX_ITEMS, "messages")
        ops = [
            push_op(queue_name, message, f"messages[{at}].", id_field="id")
            for at, message in enumerate(messages)
        ]
        await self._push(queue_name, ops)

    async def _push(self, queue_name: str, ops: list[PushOp]) -> None:
        await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.push(conn, ops, now_ms=now_ms),
            weight=len(ops),
        )

    async def push_if_not_exists(self, queue_name: str, message: PushMessage) -> bool:
        op = push_op(queue_name, message)
        return await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.push_if_absent(conn, op, now_ms=now_ms),
        )

    async def postpone(
        self,
        queue_name: str,
        message_id: str,
        *,
        priority: int = 0,
        offset_ms: int = 0,
        receipt: str = "",
    ) -> bool:
        message = PushMessage(id=message_id, priority=priority, offset_ms=offset_ms)
        op = push_op(queue_name, message)
        return await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.postpone(
                conn, op, receipt=receipt, now_ms=now_ms
            ),
        )

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
        poll = _Poll(queue_name, require_count(count), lease_ms)
        require_duration(timeout_ms, "timeout_ms")
        messages = await self._take(poll) if self._is_worth_taking(queue_name) else []
        if messages or not timeout_ms:
            return messages
        return await self._wait_and_take(poll, timeout_ms)

    def _is_worth_taking(self, queue_name: str) -> bool:
        # A look on the reader costs far less than an empty transaction, and most polls of idle queues find nothing.
        if queue_name in self._flowing:
            return True
        now_ms = self._database.now_ms()
        state = self._database.read(
            lambda conn: queue_statements.readiness(conn, queue_name, limit=1, now_ms=now_ms)
        )
        return state.ready > 0

    async def _wait_and_take(self, poll: _Poll, timeout_ms: int) -> list[Message]:
        deadline = asyncio.get_running_loop().time() + min(timeout_ms, MAX_WAIT_MS) / 1000
        messages: list[Message] = []
        with self._waiters.enter(poll.queue_name, poll.count) as waiter:
            while not messages and await waiter.something_ready(deadline):
                messages = await self._take(poll)
        return messages

    async def _take(self, poll: _Poll) -> list[Message]:
        if not self._room.has_large(poll.queue_name):
            with suppress(NoRoomError):
                return await self._lease(poll)
        await self._database.begin_long_answer()
        return await self._lease(poll, in_turn=True)

    async def _lease(self, poll: _Poll, *, in_turn: bool = False) -> list[Message]:
        handover = Handover(partial(self._give_back_soon, poll.queue_name))

        def job(conn: sqlite3.Connection) -> list[Message]:
            if not in_turn:
                self._room.require()
            unreadable_ids: list[str] = []
            messages = queue_statements.poll(
                conn,
                poll.queue_name,
                count=poll.count,
                lease_ms=poll.lease_ms,
                now_ms=self._database.now_ms(),
                max_bytes=self._max_answer_bytes,
                unreadable_ids=unreadable_ids,
            )
            if unreadable_ids:
                report = partial(_report_unreadable, poll.queue_name, unreadable_ids)
                self._database.after_commit(report)
            if messages:
                self._room.hold(handover, messages)
                self._database.after_commit(partial(handover.committed, messages))
                self._database.after_commit(partial(self._waiters.changed, poll.queue_name))
            return messages

        try:
            messages = await self._database.write(job, weight=_weight_of(poll.count))
        except asyncio.CancelledError:
            handover.abandon()
            raise
        finally:
            self._room.leave(handover, poll.queue_name)
        (self._flowing.add if messages else self._flowing.discard)(poll.queue_name)
        if len(self._flowing) > MAX_FLOWING:
            self._flowing.clear()  # only a short cut; names of queues may come without end
        return messages

    def _give_back_soon(self, queue_name: str, messages: list[Message]) -> None:
        task = asyncio.get_running_loop().create_task(self._try_to_give_back(queue_name, messages))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _try_to_give_back(self, queue_name: str, messages: list[Message]) -> None:
        with suppress(StorageError):  # the leases lapse by themselves
            await self.give_back(queue_name, messages)

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        if not messages:
            return
        await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.give_back(
                conn, queue_name, messages, now_ms=now_ms
            ),
            weight=len(messages),
        )

    async def ack(self, queue_name: str, message_id: str, *, receipt: str = "") -> bool:
        require_text(queue_name, "queue_name")
        require_text(message_id, "message_id")
        return await self._database.write(
            lambda conn: queue_statements.ack(
                conn, queue_name, message_id, receipt=receipt, now_ms=self._database.now_ms()
            )
        )

    async def ack_messages(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        require_text(queue_name, "queue_name")
        require_at_most(acks, MAX_ITEMS, "messages")
        for at, (message_id, _) in enumerate(acks):
            require_text(message_id, f"messages[{at}].message_id")

        def job(conn: sqlite3.Connection) -> list[bool]:
            now_ms = self._database.now_ms()
            return [
                queue_statements.ack(conn, queue_name, message_id, receipt=receipt, now_ms=now_ms)
                for message_id, receipt in acks
            ]

        return await self._database.write(job, weight=len(acks))

    async def set_unack_timeout(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        return await self._set_unack_timeout(
            queue_name, message_id, unack_timeout_ms, receipt, only_shorter=False
        )

    async def set_unack_timeout_if_shorter(
        self, queue_name: str, message_id: str, unack_timeout_ms: int, *, receipt: str = ""
    ) -> bool:
        return await self._set_unack_timeout(
            queue_name, message_id, unack_timeout_ms, receipt, only_shorter=True
        )

    async def _set_unack_timeout(
        self,
        queue_name: str,
        message_id: str,
        unack_timeout_ms: int,
        receipt: str,
        *,
        only_shorter: bool,
    ) -> bool:
        require_text(message_id, "message_id")
        require_duration(unack_timeout_ms, "unack_timeout_ms")
        return await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.set_unack_timeout(
                conn,
                queue_name,
                message_id,
                unack_timeout_ms,
                receipt=receipt,
                only_shorter=only_shorter,
                now_ms=now_ms,
            ),
        )

    # removing and moving

    async def remove(self, queue_name: str, message_id: str) -> bool:
        require_text(queue_name, "queue_name")
        require_text(message_id, "message_id")
        return await self._database.write(
            lambda conn: queue_statements.remove(conn, queue_name, message_id)
        )

    async def flush(self, queue_name: str) -> int:
        require_text(queue_name, "queue_name")
        # In steps, so that a long queue doesn't stop everybody; what is pushed meanwhile stays.
        last = self._database.read(queue_statements.last_rowid)
        return await self._in_steps(
            lambda conn: queue_statements.remove_some(
                conn, queue_name, up_to_rowid=last, limit=SWEEP_ROWS
            )
        )

    async def process_unacks(self, queue_name: str) -> int:
        require_text(queue_name, "queue_name")
        now_ms = self._database.now_ms()
        return await self._in_steps(
            lambda conn: queue_statements.sweep(conn, queue_name, now_ms=now_ms)
        )

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        require_text(message_id, "message_id")
        return await self._change(
            queue_name,
            lambda conn, now_ms: queue_statements.reset_offset(
                conn, queue_name, message_id, now_ms=now_ms
            ),
        )

    # reading

    async def get_size(self, queue_name: str) -> int:
        require_text(queue_name, "queue_name")
        now_ms = self._database.now_ms()
        counts = self._database.read(
            lambda conn: queue_counts.counts_of(conn, queue_name, now_ms=now_ms)
        )
        if counts.lapsed >= _SWEEP_AT:
            await self.process_unacks(queue_name)
        return counts.size

    async def queues_detail(self) -> dict[str, int]:
        return {detail.name: detail.size for detail in await self.queues_detail_verbose()}

    async def queues_detail_verbose(self) -> list[QueueDetail]:
        details: list[QueueDetail] = []
        for counts in await queue_counts.counts_of_all(
            self._database, ReadBudget(self._max_answer_bytes)
        ):
            if counts.lapsed >= _SWEEP_AT:
                await self.process_unacks(counts.name)
            details.append(QueueDetail(name=counts.name, size=counts.size, unacked=counts.unacked))
        return details

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        require_text(queue_name, "queue_name")
        require_text(message_id, "message_id")
        return self._database.read(
            lambda conn: queue_statements.token_of(conn, queue_name, message_id) is not None
        )

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        require_text(queue_name, "queue_name")
        require_count(count)
        now_ms = self._database.now_ms()
        return self._database.read(
            lambda conn: queue_statements.first_ids(conn, queue_name, count, now_ms=now_ms)
        )

    async def scan_messages(self, *, cursor: str = "", limit: int = 1_000) -> MessageScan:
        after = resume_key(cursor, tuple[str, str], ("", ""))
        messages = self._database.read(
            lambda conn: queue_statements.messages_behind(conn, after, limit)
        )
        more = len(messages) >= limit
        return MessageScan(messages, resume_token(*messages[-1]) if more else None)

    # for executions that live elsewhere

    async def deliver(self, push: PushOp, token: int) -> None:
        statement = (
            queue_statements.push_if_absent
            if push.if_absent
            else queue_statements.push_unless_older
        )
        await self._change(
            push.queue_name, lambda conn, now_ms: statement(conn, push, token=token, now_ms=now_ms)
        )

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        return self._database.read(
            lambda conn: [queue_statements.token_of(conn, *message) or 0 for message in messages]
        )

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        if not messages:
            return []
        return await self._database.write(
            lambda conn: [queue_statements.remove_token(conn, *message) for message in messages],
            weight=len(messages),
        )

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        return await self._database.write(
            lambda conn: queue_statements.remove_older(conn, queue_name, message_id, token)
        )

    # how it is written

    async def _change(
        self, queue_name: str, change: Callable[[sqlite3.Connection, int], T], *, weight: int = 1
    ) -> T:
        """Write something that may make a message ready sooner or later: who waits hears of it."""
        require_text(queue_name, "queue_name")

        def job(conn: sqlite3.Connection) -> T:
            result = change(conn, self._database.now_ms())
            self._database.after_commit(partial(self._waiters.changed, queue_name))
            return result

        return await self._database.write(job, weight=weight)

    async def _in_steps(self, step: Callable[[sqlite3.Connection], int]) -> int:
        total = 0
        while (done := await self._database.write(step, weight=SWEEP_ROWS)) == SWEEP_ROWS:
            total += done
        return total + done


def _weight_of(count: int) -> int:
    # The payloads of a long poll may be large; in the thread it shares the trip of its COMMIT.
    return 2 + count // 4 if count <= LONG_POLL else INLINE_WEIGHT + 1


def _report_unreadable(queue_name: str, message_ids: list[str]) -> None:
    for message_id in message_ids:
        _log.error(
            "queue '%s': message '%s' isn't UTF-8; it was set aside: push it again, or remove it",
            queue_name,
            message_id,
        )


_store: type[QueueStore] = SqliteQueueDAO
_target: type[QueueTarget] = SqliteQueueDAO
