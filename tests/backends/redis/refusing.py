"""States of a Redis in which it refuses commands, and how it gets into each and out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.services.ports import LOOPBACK

PAUSE_SECONDS = 0.01
PASSWORD = "secret"
ENDLESS_SCRIPT = "while true do end"


@asynccontextmanager
async def read_only(admin: Redis) -> AsyncIterator[None]:
    """A replica."""
    await admin.replicaof(LOOPBACK, 1)
    try:
        yield
    finally:
        await admin.replicaof("NO", "ONE")


@asynccontextmanager
async def primary_down(admin: Redis) -> AsyncIterator[None]:
    """A replica that has lost its primary and says so."""
    await admin.config_set("replica-serve-stale-data", "no")
    await admin.replicaof(LOOPBACK, 1)
    try:
        yield
    finally:
        await admin.replicaof("NO", "ONE")
        await admin.config_set("replica-serve-stale-data", "yes")


@asynccontextmanager
async def full(admin: Redis) -> AsyncIterator[None]:
    """Memory at its bound."""
    await admin.config_set("maxmemory", 1)
    try:
        yield
    finally:
        await admin.config_set("maxmemory", 0)


@asynccontextmanager
async def unsaved(admin: Redis) -> AsyncIterator[None]:
    """The last save has failed: the Redis's folder, which has to be empty, is gone."""
    # Redis works in a folder that nobody can write to any more; that can't be undone.
    folder = str((await admin.config_get("dir"))["dir"])
    await asyncio.to_thread(Path(folder).rmdir)
    await admin.config_set("save", "3600 1000000000")
    await admin.bgsave()
    while (await admin.info("persistence"))["rdb_last_bgsave_status"] != "err":
        await asyncio.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        await admin.config_set("save", "")


@asynccontextmanager
async def alone(admin: Redis) -> AsyncIterator[None]:
    """Fewer replicas than a write needs. In Redis 6.2 scripts write nevertheless."""
    await admin.config_set("min-replicas-to-write", 1)
    try:
        yield
    finally:
        await admin.config_set("min-replicas-to-write", 0)


@asynccontextmanager
async def busy(admin: Redis) -> AsyncIterator[None]:
    """A script that doesn't end."""
    port = admin.connection_pool.connection_kwargs["port"]
    async with Redis(host=LOOPBACK, port=port) as other:
        running = asyncio.ensure_future(_run_endless_script(other))
        while await _answers(admin):
            await asyncio.sleep(PAUSE_SECONDS)
        try:
            yield
        finally:
            await admin.script_kill()
            await running


async def _run_endless_script(redis: Redis) -> None:
    with pytest.raises(RedisError, match="killed"):
        await redis.eval(ENDLESS_SCRIPT, 0)


async def _answers(admin: Redis) -> bool:
    try:
        return bool(await admin.ping())
    except RedisError:
        return False


@asynccontextmanager
async def locked(admin: Redis) -> AsyncIterator[None]:
    """A password that nobody was told of; who is connected stays, so all are cut."""
    await admin.config_set("requirepass", PASSWORD)
    await _cut_all(admin)
    try:
        yield
    finally:
        await admin.config_set("requirepass", "")


@asynccontextmanager
async def crowded(admin: Redis) -> AsyncIterator[None]:
    """No connection left."""
    await admin.config_set("maxclients", 1)
    await _cut_all(admin)
    try:
        yield
    finally:
        await admin.config_set("maxclients", 1_000)


async def _cut_all(admin: Redis) -> None:
    await admin.client_kill_filter(skipme=True, _type="normal")


State = Callable[[Redis], AbstractAsyncContextManager[None]]
# The words that are told, and whether reads are refused too.
STATES: dict[str, tuple[State, bool]] = {
    "READONLY": (read_only, False),
    "OOM": (full, False),
    "MISCONF": (unsaved, False),
    "NOREPLICAS": (alone, False),
    "this Redis is a replica": (primary_down, True),
    "BUSY": (busy, True),
    "password": (locked, True),
    "max number of clients": (crowded, True),
}
