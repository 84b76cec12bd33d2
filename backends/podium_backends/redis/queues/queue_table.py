"""The messages of queues on one Redis: each operation is one script, and one trip."""

from __future__ import annotations

import asyncio
import heapq
from asyncio import Future
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import Any

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Script
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.keys import Keys
from podium_backends.redis.queues import scripts
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.takes import QueueTakes
from podium_core.clock import token_now
from podium_core.models import Message
from podium_core.paging.resume_token import resume_key, resume_token
from podium_core.ports import MessageScan, QueueTable, QueueTarget
from podium_core.ports.queue_table import Ask, QueueCounts, Take, TakeRoom
from podium_core.write_set import PushOp

SWEEP_STEP = 10_000
COUNTS_PAGE = 500


class RedisQueueTable:
    """The queues' messages on one Redis, and what executions in another store need of them."""

    def __init__(self, run_scripts: ClockedScripts, keys: Keys, changes: QueueChanges) -> None:
        self._scripts = run_scripts
        self._keys = keys
        self._changes = changes
        self._takes = QueueTakes(run_scripts, keys)
        # For scripts about all queues: names are put behind these.
        self._every = keys.queue("")

    # pushing

    async def push(self, ops: Sequence[PushOp]) -> None:
        arguments: list[Argument] = [token_now()]
        for op in ops:
            arguments += _push_arguments(op)
        await self._run(scripts.PUSH, ops[0].queue_name, *arguments)

    async def push_if_absent(self, op: PushOp) -> bool:
        return await self._did(
            scripts.PUSH_IF_ABSENT, op.queue_name, token_now(), *_push_arguments(op)
        )

    async def postpone(self, op: PushOp, *, receipt: str) -> bool:
        return await self._did(
            scripts.POSTPONE, op.queue_name, token_now(), *_push_arguments(op), receipt
        )

    # delivering

    def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Future[Take]:
        return asyncio.get_running_loop().create_task(self._takes.take(queue_name, asks, room))

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        arguments = [part for message in messages for part in (message.id, message.receipt)]
        await self._run(scripts.GIVE_BACK, queue_name, *arguments)

    async def ack(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        arguments = [part for ack in acks for part in ack]
        acked = await self._run(scripts.ACK, queue_name, *arguments)
        return [flag == 1 for flag in acked]

    async def set_unack_timeout(
        self,
        queue_name: str,
        message_id: str,
        unack_timeout_ms: int,
        *,
        receipt: str,
        only_shorter: bool,
    ) -> bool:
        arguments = (message_id, receipt, unack_timeout_ms, int(only_shorter))
        return await self._did(scripts.SET_UNACK_TIMEOUT, queue_name, *arguments)

    # removing and moving

    async def remove(self, queue_name: str, message_id: str) -> bool:
        return await self._did(scripts.REMOVE, queue_name, message_id)

    async def flush(self, queue_name: str) -> int:
        return int(await self._run(scripts.FLUSH, queue_name))

    async def process_unacks(self, queue_name: str) -> int:
        total = 0
        while (
            swept := int(await self._run(scripts.PROCESS_UNACKS, queue_name, SWEEP_STEP))
        ) == SWEEP_STEP:
            total += swept
        return total + swept

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        return await self._did(scripts.RESET_OFFSET_TIME, queue_name, message_id)

    # reading

    async def counts(self, queue_name: str) -> QueueCounts:
        one = f"[{queue_name}"
        found = await self._counts_between(one, one)
        return found[0] if found else QueueCounts(queue_name, 0, 0, 0)

    async def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]:
        first = "-"
        more = True
        while more:
            page = await self._counts_between(first, "+")
            yield page
            more = len(page) >= COUNTS_PAGE
            first = f"({page[-1].name}" if more else ""

    async def _counts_between(self, first: str, last: str) -> list[QueueCounts]:
        rows = await self._scripts.run_reading(
            scripts.COUNTS, self._every, (first, last, COUNTS_PAGE)
        )
        return [QueueCounts(name.decode(), *counts) for name, *counts in rows]

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        (token,) = await self.tokens_of([(queue_name, message_id)])
        return token > 0

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        keys = self._keys.queue(queue_name)
        ready, levels = await self._scripts.run_reading(scripts.FIRST_IDS, keys, (count,))
        delayed = [
            [(float(due), id_) for id_, due in zip(level[::2], level[1::2], strict=True)]
            for level in levels
        ]
        # Of two due at once the one from the higher level comes first: merge is stable.
        soonest = heapq.merge(*delayed, key=lambda message: message[0])
        ids = [*ready, *(id_ for _, id_ in islice(soonest, count - len(ready)))]
        return [id_.decode() for id_ in ids]

    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan:
        # The cursor within a queue is HSCAN's: messages that are there throughout come, whatever their priority becomes.
        name, position = resume_key(cursor, tuple[str, int], ("", 0))
        arguments = (name, position, limit)
        next_name, next_position, found = await self._scripts.run_reading(
            scripts.SCAN, self._every, arguments
        )
        texts = [text.decode() for text in found]
        messages = list(zip(texts[::2], texts[1::2], strict=True))
        more = resume_token(next_name.decode(), int(next_position)) if next_name else None
        return MessageScan(messages, more)

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        return await self._changes.subscribe(queue_name, changed)

    # for executions that live elsewhere

    async def deliver(self, push: PushOp, token: int) -> None:
        script = scripts.PUSH_IF_ABSENT if push.if_absent else scripts.PUSH_UNLESS_OLDER
        await self._run(script, push.queue_name, token, *_push_arguments(push))

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        if not messages:
            return []
        ids = [message_id for _, message_id in messages]
        keys = self._keys_of([queue_name for queue_name, _ in messages])
        return [int(token) for token in await self._scripts.run_reading(scripts.TOKENS, keys, ids)]

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        if not messages:
            return []
        arguments = [part for _, message_id, token in messages for part in (message_id, token)]
        keys = self._keys_of([queue_name for queue_name, _, _ in messages])
        removed = await self._scripts.run(scripts.REMOVE_SEEN, keys, arguments)
        return [flag == 1 for flag in removed]

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        return await self._did(scripts.REMOVE_OLDER, queue_name, message_id, token)

    # how it is run

    def _keys_of(self, queue_names: Sequence[str]) -> list[str]:
        return [key for queue_name in queue_names for key in self._keys.queue(queue_name)]

    async def _run(self, script: Script, queue_name: str, *arguments: Argument) -> Any:
        return await self._scripts.run(script, self._keys.queue(queue_name), arguments)

    async def _did(self, script: Script, queue_name: str, *arguments: Argument) -> bool:
        return bool(await self._run(script, queue_name, *arguments))


def _push_arguments(op: PushOp) -> tuple[Argument, ...]:
    payload = op.payload
    if payload is None:
        return op.message_id, op.priority, op.offset_ms, 0, ""
    return op.message_id, op.priority, op.offset_ms, 1, payload


_table: type[QueueTable] = RedisQueueTable
_target: type[QueueTarget] = RedisQueueTable
