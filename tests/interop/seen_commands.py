"""What a Redis did, in its order, as MONITOR tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from redis.asyncio import Redis


@dataclass(frozen=True)
class Seen:
    """One command.

    Attributes:
        words: The command and its arguments.
        by_script: A script ran it. Java's DAOs run none.
    """

    words: tuple[str, ...]
    by_script: bool


@asynccontextmanager
async def seen_commands(address: tuple[str, int], about: str) -> AsyncIterator[list[Seen]]:
    """Collect the commands whose first argument begins with ``about``; all are there once the context is left."""
    host, port = address
    seen: list[Seen] = []
    end = f"end-{uuid4().hex}"

    async def listen(redis: Redis, begun: asyncio.Event) -> None:
        async with redis.monitor() as monitor:
            begun.set()
            async for command in monitor.listen():
                words = tuple(command["command"].split(" "))
                if words[-1] == end:
                    return
                if len(words) > 1 and words[1].startswith(about):
                    seen.append(Seen(words, command["client_type"] == "lua"))

    async with Redis(host=host, port=port) as redis:
        begun = asyncio.Event()
        listening = asyncio.create_task(listen(redis, begun))
        await begun.wait()
        try:
            yield seen
        finally:
            await redis.echo(end)
            await listening
