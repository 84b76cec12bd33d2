"""The messages of queues in one database file."""

from __future__ import annotations

import logging
import sqlite3
from asyncio import Future, get_running_loop
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeVar

from podium_backends.sqlite.file.database import INLINE_WEIGHT, Database
from podium_backends.sqlite.file.stored_text import is_readable
from podium_backends.sqlite.queues import (
    counts as queue_counts,
    lease_statements as leases,
    push_statements as pushes,
    read_statements as reads,
    removal_statements as removals,
)
from podium_backends.sqlite.queues.changes import QueueChanges
from podium_backends.sqlite.queues.lease_statements import SET_ASIDE_MS, SWEEP_ROWS
from podium_core.models import Message
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import MessageScan, QueueTable, QueueTarget
from podium_core.ports.queue_table import Ask, QueueCounts, Take, TakeRoom
from podium_core.write_set import PushOp

T = TypeVar("T")

_log = logging.getLogger(__name__)

MAX_FLOWING = 10_000
LONG_POLL = 100
# A count that met so many lapsed leases has them swept, so that the next one needn't look at them.
_SWEEP_AT = 200


class SqliteQueueTable:
    """The queues' messages in one file, and what executions in another store need of them."""

    def __init__(self, database: Database, changes: QueueChanges) -> None:
        self._database = database
        self._changes = changes
        # Queues whose last take found enough: the next one doesn't look first whether there are messages.
        self._flowing: set[str] = set()

    # pushing

    async def push(self, ops: Sequence[PushOp]) -> None:
        await self._change(
            ops[0].queue_name,
            lambda conn, now_ms: pushes.push(conn, ops, now_ms=now_ms),
            weight=len(ops),
        )

    async def push_if_absent(self, op: PushOp) -> bool:
        return await self._change(
            op.queue_name, lambda conn, now_ms: pushes.push_if_absent(conn, op, now_ms=now_ms)
        )

    async def postpone(self, op: PushOp, *, receipt: str) -> bool:
        return await self._change(
            op.queue_name,
            lambda conn, now_ms: pushes.postpone(conn, op, receipt=receipt, now_ms=now_ms),
        )

    # delivering

    def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Future[Take]:
        if queue_name not in self._flowing or not asks:
            # A look on the reader costs far less than an empty transaction, and most polls of idle queues find nothing.
            look = self._look(queue_name, asks)
            if not asks or not look.ready:
                done: Future[Take] = get_running_loop().create_future()
                done.set_result(look)
                return done
        return self._database.begin_write(
            lambda conn: self._take(conn, queue_name, asks, room), weight=_weight_of(asks)
        )

    def _look(self, queue_name: str, asks: Sequence[Ask]) -> Take:
        due_ms = self._database.read(lambda conn: reads.next_due_ms(conn, queue_name))
        return Take([[] for _ in asks], due_ms, self._database.now_ms())

    def _take(
        self, conn: sqlite3.Connection, queue_name: str, asks: Sequence[Ask], room: TakeRoom
    ) -> Take:
        unreadable_ids: list[str] = []
        now_ms = self._database.now_ms()
        take = leases.take(
            conn, queue_name, asks, room, now_ms=now_ms, unreadable_ids=unreadable_ids
        )
        if unreadable_ids:
            self._database.after_commit(partial(_report_unreadable, queue_name, unreadable_ids))
        if len(self._flowing) > MAX_FLOWING:
            self._flowing.clear()  # only a short cut; names of queues may come without end
        (self._flowing.add if take.messages[-1] else self._flowing.discard)(queue_name)
        return take

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        await self._change(
            queue_name,
            lambda conn, now_ms: leases.give_back(conn, queue_name, messages, now_ms=now_ms),
            weight=len(messages),
        )

    async def ack(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        def job(conn: sqlite3.Connection) -> list[bool]:
            now_ms = self._database.now_ms()
            return [
                leases.ack(conn, queue_name, message_id, receipt=receipt, now_ms=now_ms)
                for message_id, receipt in acks
            ]

        return await self._database.write(job, weight=len(acks))

    async def set_unack_timeout(
        self,
        queue_name: str,
        message_id: str,
        unack_timeout_ms: int,
        *,
        receipt: str,
        only_shorter: bool,
    ) -> bool:
        return await self._change(
            queue_name,
            lambda conn, now_ms: leases.set_unack_timeout(
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
        return await self._database.write(
            lambda conn: removals.remove(conn, queue_name, message_id)
        )

    async def flush(self, queue_name: str) -> int:
        # In steps, so that a long queue does not stop other calls. Messages pushed meanwhile stay.
        last = self._database.read(removals.last_rowid)
        return await self._in_steps(
            lambda conn: removals.remove_some(conn, queue_name, up_to_rowid=last, limit=SWEEP_ROWS)
        )

    async def process_unacks(self, queue_name: str) -> int:
        now_ms = self._database.now_ms()
        return await self._in_steps(lambda conn: leases.sweep(conn, queue_name, now_ms=now_ms))

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        return await self._change(
            queue_name,
            lambda conn, now_ms: leases.reset_offset(conn, queue_name, message_id, now_ms=now_ms),
        )

    # reading

    async def counts(self, queue_name: str) -> QueueCounts:
        now_ms = self._database.now_ms()
        counts = self._database.read(
            lambda conn: queue_counts.counts_of(conn, queue_name, now_ms=now_ms)
        )
        await self._sweep_if_many(counts)
        return counts

    async def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        async for page in queue_counts.pages_of_counts(self._database):
            for counts in page:
                await self._sweep_if_many(counts)
            yield page

    async def _sweep_if_many(self, counts: QueueCounts) -> None:
        if counts.lapsed >= _SWEEP_AT:
            await self.process_unacks(counts.name)

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        return self._database.read(
            lambda conn: reads.token_of(conn, queue_name, message_id) is not None
        )

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        now_ms = self._database.now_ms()
        return self._database.read(
            lambda conn: reads.first_ids(conn, queue_name, count, now_ms=now_ms)
        )

    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan:
        after = resume_key(cursor, tuple[str, str], ("", ""))
        rows = self._database.read(lambda conn: reads.messages_after(conn, after, limit))
        messages: list[tuple[str, str]] = []
        unreadable: list[tuple[str, str]] = []
        for name, id_, due_ms in rows:
            unread = due_ms >= SET_ASIDE_MS or not (is_readable(name) and is_readable(id_))
            (unreadable if unread else messages).append((str(name), str(id_)))
        more = resume_token(*rows[-1][:2]) if len(rows) >= limit else None
        return MessageScan(messages, more, unreadable)

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        return self._changes.subscribe(queue_name, changed)

    # for executions that live elsewhere

    async def deliver(self, push: PushOp, token: int) -> None:
        statement = pushes.push_if_absent if push.if_absent else pushes.push_unless_older
        await self._change(
            push.queue_name, lambda conn, now_ms: statement(conn, push, token=token, now_ms=now_ms)
        )

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        return self._database.read(
            lambda conn: [reads.token_of(conn, *message) or 0 for message in messages]
        )

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        if not messages:
            return []
        return await self._database.write(
            lambda conn: [removals.remove_token(conn, *message) for message in messages],
            weight=len(messages),
        )

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        return await self._database.write(
            lambda conn: removals.remove_older(conn, queue_name, message_id, token)
        )

    # how it is written

    async def _change(
        self, queue_name: str, change: Callable[[sqlite3.Connection, int], T], *, weight: int = 1
    ) -> T:
        """Make a change that may make a message ready sooner, and notify the waiting consumers."""

        def job(conn: sqlite3.Connection) -> T:
            result = change(conn, self._database.now_ms())
            self._database.after_commit(partial(self._changes.notify, queue_name))
            return result

        return await self._database.write(job, weight=weight)

    async def _in_steps(self, step: Callable[[sqlite3.Connection], int]) -> int:
        total = 0
        while (done := await self._database.write(step, weight=SWEEP_ROWS)) == SWEEP_ROWS:
            total += done
        return total + done


def _weight_of(asks: Sequence[Ask]) -> int:
    count = asks[0].max_messages if len(asks) == 1 else sum(ask.max_messages for ask in asks)
    # The payloads of a long poll may be large; in the thread it shares the trip of its COMMIT.
    return 2 + count // 4 if count <= LONG_POLL else INLINE_WEIGHT + 1


def _report_unreadable(queue_name: str, message_ids: list[str]) -> None:
    for message_id in message_ids:
        _log.error(
            "queue '%s': message '%s' isn't UTF-8; it was set aside: push it again, or remove it",
            queue_name,
            message_id,
        )


_table: type[QueueTable] = SqliteQueueTable
_target: type[QueueTarget] = SqliteQueueTable
