"""A fail-over by Sentinel to a primary whose clock is five seconds behind or ahead: times are off by no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis

from podium_client import PodiumClient
from podium_core.models import PushMessage, WorkflowStatus
from tests.backends.redis.stores import end_keys, new_prefix
from tests.contract.records import make_workflow
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_load import IndexJournal, written_meanwhile
from tests.faults.index_truth import soon_at_rest
from tests.faults.own_redis import AWAY, DEFECTS
from tests.faults.queue_history import SLACK
from tests.faults.stores import CLOCK_KEY, RedisStore
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS
from tests.services.redis_sentinel import SERVICE, WatchedRedis

STEP_SECONDS = 5.0
# Longer than the step and a fail-over.
LEASE_SECONDS = 10
TTL_SECONDS = 10
EXECUTIONS = 20
QUEUE = "leased"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRedis]:
    folder = tmp_path / "redis"
    folder.mkdir()
    redis_servers = WatchedRedis(folder)
    redis_servers.start()
    yield redis_servers
    redis_servers.stop()


@asynccontextmanager
async def _served(folder: Path, watched: WatchedRedis) -> AsyncIterator[Disturbed]:
    settings = (
        f'topology = "sentinel"\nsentinels = ["{watched.sentinel}"]\nsentinel_service = "{SERVICE}"'
    )
    store = RedisStore(watched.servers[0].url, new_prefix(), settings)
    with disturbed(folder, store=store) as server:
        yield server
        assert not [word for word in DEFECTS if word in server.process.log], server.process.log
    end_keys(watched.servers[1].url, store.prefix)
    store.client.close()


async def _some_more(journal: IndexJournal) -> None:
    begun = len(journal.executions)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(journal.executions) < begun + EXECUTIONS:
            await asyncio.sleep(0.01)


async def _fail_over(podium: PodiumClient, watched: WatchedRedis, store: RedisStore) -> None:
    """The primary dies, once its replica has everything: what it alone had would be lost with it."""
    first, second = watched.servers
    assert int(str(store.client.wait(1, PATIENCE_MS))) == 1
    store.client.close()
    first.kill()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await podium.queues.push("probe", PushMessage(id="m"))
            except AWAY:
                await asyncio.sleep(0.05)
            else:
                break
    assert watched.primary_port() == second.port
    store.client = redis.Redis.from_url(second.url)


async def _until_gone(podium: PodiumClient, workflow_id: str) -> float:
    while await podium.executions.get_workflow(workflow_id) is not None:
        await asyncio.sleep(0.02)
    return time.monotonic()


async def _until_delivered(podium: PodiumClient) -> float:
    messages = await podium.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
    assert [(message.id, message.delivery_count) for message in messages] == [("m1", 2)]
    return time.monotonic()


@pytest.mark.parametrize("offset", [-STEP_SECONDS, STEP_SECONDS], ids=["behind", "ahead"])
async def test_tokens_and_stamps_grow_and_nothing_ends_early_by_more_than_the_step(
    tmp_path: Path, watched: WatchedRedis, offset: float
) -> None:
    early = max(0.0, offset) + SLACK
    journal = IndexJournal()
    kept = journal.new_execution()
    async with _served(tmp_path, watched) as server, server.client() as podium:
        store = server.process.store
        assert isinstance(store, RedisStore)
        store.client.hset(CLOCK_KEY, str(watched.servers[1].port), int(offset * 1000))
        async with written_meanwhile(podium, journal, seed=1):
            await _some_more(journal)
        await kept.create(podium)
        await podium.executions.create_workflow(
            make_workflow("expiring", status=WorkflowStatus.COMPLETED)
        )
        await podium.queues.push(QUEUE, PushMessage(id="m1"))
        leased_at = time.monotonic()
        assert await podium.queues.poll_messages(
            QUEUE, count=1, unack_timeout_ms=LEASE_SECONDS * 1000
        )
        expires_from = time.monotonic()
        assert await podium.executions.remove_workflow_with_expiry(
            "expiring", ttl_seconds=TTL_SECONDS
        )
        token = store.last_token()
        await _fail_over(podium, watched, store)
        # It asserts that its stamp has grown.
        await kept.update_workflow(podium)
        assert store.last_token() > token
        waiting = asyncio.gather(_until_gone(podium, "expiring"), _until_delivered(podium))
        async with written_meanwhile(podium, journal, seed=2):
            gone_at, delivered_at = await waiting
        assert gone_at - expires_from >= TTL_SECONDS - early
        assert delivered_at - leased_at >= LEASE_SECONDS - early
        await soon_at_rest(podium, journal, store)
