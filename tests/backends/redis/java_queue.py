"""A Java Conductor's queue: the commands that it sends, one after the other.

They are those of orkes-conductor-queues 1.0.3, which the stock server 3.13.8 runs: its ``ConductorRedisQueue``,
``QueueMonitor``, ``getScore`` of ``ConductorQueue``, and ``pop_batch.lua``, whose commands the script here runs too.
conductor-oss differs in payloads: their key ends in ``.PAYLOAD``, and one is stored before its message.
"""

from __future__ import annotations

from decimal import Decimal

from podium_backends.redis.connection import Link, Script
from podium_core.clock import Clock

UNACK_MS = 30_000

_POP = Script(
    """
    local due = redis.call('ZRANGEBYSCORE', KEYS[1], 0, ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
    for at = 1, #due, 2 do
      redis.call('ZADD', KEYS[1], 'XX', 'CH', ARGV[2], due[at])
    end
    return due
    """
)


def score_of(now_ms: int, timeout_ms: int, priority: int) -> float:
    """What Java pushes a message with."""
    if timeout_ms > 0:
        return float(now_ms + timeout_ms + 1 - 1 / Decimal(priority + 1))
    return float(priority if priority > 0 else now_ms)


class JavaQueue:
    """One queue, by a clock that is Java's own."""

    def __init__(
        self, link: Link, key: str, clock: Clock, payload_suffix: str = "_payload"
    ) -> None:
        self._link = link
        self._key = key
        self._payloads = key + payload_suffix
        self._clock = clock

    async def push(
        self, message_id: str, *, payload: str = "", timeout_ms: int = 0, priority: int = 0
    ) -> None:
        score = score_of(self._clock(), timeout_ms, priority)
        await self._link.write("ZADD", self._key, repr(score), message_id)
        if payload.strip():
            await self._link.write("HSET", self._payloads, message_id, payload)

    async def push_if_not_exists(self, message_id: str) -> bool:
        if await self.exists(message_id):
            return False
        await self.push(message_id)
        return True

    async def pop(self, count: int) -> list[str]:
        now = float(self._clock() + 1)
        arguments = (repr(now), repr(now + UNACK_MS), count)
        found = await self._link.run(_POP, [self._key], arguments)
        return [id_.decode() for id_ in found[::2]]

    async def payload(self, message_id: str) -> str | None:
        (found,) = await self._link.read("HMGET", self._payloads, message_id)
        return None if found is None else found.decode()

    async def ack(self, message_id: str) -> bool:
        removed = await self._link.write("ZREM", self._key, message_id)
        await self._link.write("HDEL", self._payloads, message_id)
        return bool(removed)

    async def remove(self, message_id: str) -> None:
        await self.ack(message_id)

    async def set_unack_timeout(self, message_id: str, timeout_ms: int) -> bool:
        score = float(self._clock() + timeout_ms)
        return bool(await self._link.write("ZADD", self._key, "XX", "CH", repr(score), message_id))

    async def exists(self, message_id: str) -> bool:
        return await self._link.read("ZSCORE", self._key, message_id) is not None

    async def size(self) -> int:
        return int(await self._link.read("ZCARD", self._key))

    async def flush(self) -> None:
        await self._link.write("DEL", self._key)
        await self._link.write("DEL", self._payloads)
