"""The messages of queues on one Redis: each operation is one script, and one trip. What is the same in each layout."""

from __future__ import annotations

import asyncio
import heapq
from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import Any

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Script
from podium_backends.redis.connection.pipe import Argument
from podium_backends.redis.queue_keys import QueueKeys
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.scripts import QueueScripts
from podium_backends.redis.queues.takes import QueueTakes
from podium_core.clock import token_now
from podium_core.models import Message
from podium_core.ports import MessageScan
from podium_core.ports.queue_table import Ask, QueueCounts, Take, TakeRoom
from podium_core.write_set import PushOp


class RedisQueueTable(ABC):
    """The queues' messages on one Redis, and what executions in another store need of them."""

    def __init__(
        self,
        run_scripts: ClockedScripts,
        keys: QueueKeys,
        changes: QueueChanges,
        scripts: QueueScripts,
    ) -> None:
        self._run_scripts = run_scripts
        self._keys = keys
        self._changes = changes
        self._scripts = scripts
        self._takes = QueueTakes(run_scripts, keys, scripts)

    # pushing

    async def push(self, ops: Sequence[PushOp]) -> None:
        arguments: list[Argument] = [token_now()]
        for op in ops:
            arguments += _push_arguments(op)
        await self._run(self._scripts.push, ops[0].queue_name, *arguments)

    async def push_if_absent(self, op: PushOp) -> bool:
        return await self._did(
            self._scripts.push_if_absent, op.queue_name, token_now(), *_push_arguments(op)
        )

    async def postpone(self, op: PushOp, *, receipt: str) -> bool:
        return await self._did(
            self._scripts.postpone, op.queue_name, token_now(), *_push_arguments(op), receipt
        )

    # delivering

    def take(self, queue_name: str, asks: Sequence[Ask], room: TakeRoom) -> Future[Take]:
        return asyncio.get_running_loop().create_task(self._takes.take(queue_name, asks, room))

    async def give_back(self, queue_name: str, messages: Sequence[Message]) -> None:
        arguments = [part for message in messages for part in (message.id, message.receipt)]
        await self._run(self._scripts.give_back, queue_name, *arguments)

    async def ack(self, queue_name: str, acks: Sequence[tuple[str, str]]) -> list[bool]:
        arguments = [part for ack in acks for part in ack]
        acked = await self._run(self._scripts.ack, queue_name, *arguments)
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
        return await self._did(self._scripts.set_unack_timeout, queue_name, *arguments)

    # removing and moving

    async def remove(self, queue_name: str, message_id: str) -> bool:
        return await self._did(self._scripts.remove, queue_name, message_id)

    async def flush(self, queue_name: str) -> int:
        return int(await self._run(self._scripts.flush, queue_name))

    @abstractmethod
    async def process_unacks(self, queue_name: str) -> int: ...

    async def reset_offset_time(self, queue_name: str, message_id: str) -> bool:
        return await self._did(self._scripts.reset_offset_time, queue_name, message_id)

    # reading

    @abstractmethod
    async def counts(self, queue_name: str) -> QueueCounts: ...

    @abstractmethod
    def all_counts(self) -> AsyncIterator[Sequence[QueueCounts]]: ...

    async def contains_message(self, queue_name: str, message_id: str) -> bool:
        (token,) = await self.tokens_of([(queue_name, message_id)])
        return token > 0

    async def peek_first_ids(self, queue_name: str, count: int) -> list[str]:
        keys = self._keys.queue(queue_name)
        ready, levels = await self._run_scripts.run_reading(self._scripts.first_ids, keys, (count,))
        delayed = [
            [(float(due), id_) for id_, due in zip(level[::2], level[1::2], strict=True)]
            for level in levels
        ]
        # Of two due at once the one from the higher level comes first: merge is stable.
        soonest = heapq.merge(*delayed, key=lambda message: message[0])
        ids = [*ready, *(id_ for _, id_ in islice(soonest, count - len(ready)))]
        return [id_.decode() for id_ in ids]

    @abstractmethod
    async def scan_messages(self, *, cursor: str, limit: int) -> MessageScan: ...

    async def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        return await self._changes.subscribe(queue_name, changed)

    # for executions that live elsewhere

    async def deliver(self, push: PushOp, token: int) -> None:
        script = self._scripts.push_if_absent if push.if_absent else self._scripts.push_unless_older
        await self._run(script, push.queue_name, token, *_push_arguments(push))

    async def tokens_of(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        if not messages:
            return []
        ids = [message_id for _, message_id in messages]
        keys = self._keys_of([queue_name for queue_name, _ in messages])
        return [
            int(token)
            for token in await self._run_scripts.run_reading(self._scripts.tokens, keys, ids)
        ]

    async def remove_seen(self, messages: Sequence[tuple[str, str, int]]) -> list[bool]:
        if not messages:
            return []
        arguments = [part for _, message_id, token in messages for part in (message_id, token)]
        keys = self._keys_of([queue_name for queue_name, _, _ in messages])
        removed = await self._run_scripts.run(self._scripts.remove_seen, keys, arguments)
        return [flag == 1 for flag in removed]

    async def remove_older(self, queue_name: str, message_id: str, token: int) -> bool:
        return await self._did(self._scripts.remove_older, queue_name, message_id, token)

    # how it is run

    def _keys_of(self, queue_names: Sequence[str]) -> list[str]:
        return [key for queue_name in queue_names for key in self._keys.queue(queue_name)]

    async def _run(self, script: Script, queue_name: str, *arguments: Argument) -> Any:
        return await self._run_scripts.run(script, self._keys.queue(queue_name), arguments)

    async def _did(self, script: Script, queue_name: str, *arguments: Argument) -> bool:
        return bool(await self._run(script, queue_name, *arguments))


def _push_arguments(op: PushOp) -> tuple[Argument, ...]:
    payload = op.payload
    if payload is None:
        return op.message_id, op.priority, op.offset_ms, 0, ""
    return op.message_id, op.priority, op.offset_ms, 1, payload
