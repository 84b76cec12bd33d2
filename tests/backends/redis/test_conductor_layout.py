"""The keys of queues in the layout "conductor": those that a real Conductor server left, and ours beside them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis

from podium_backends.redis.clocked import ClockedScripts
from podium_backends.redis.connection import Link
from podium_backends.redis.queue_keys import ConductorQueueKeys
from podium_backends.redis.queues.changes import QueueChanges
from podium_backends.redis.queues.conductor_layout import ConductorQueueTable
from podium_backends.redis.queues.open_table import open_queue_table
from podium_backends.redis.settings import RedisSettings
from podium_core.errors import CorruptRecordError, InvalidArgumentError
from podium_core.models import PushMessage
from podium_core.paging.resume_token import resume_token
from podium_core.ports import QueueTable
from podium_core.ports.queue_table import Ask, QueueCounts
from podium_core.queues.poll_room import OneTakeRoom, PollRoom
from podium_core.write_set import PushOp
from tests.backends.redis import keyspace
from tests.backends.redis.queue_calls import AN_HOUR_MS, CALLS, QUEUE, fill, own_keys, push
from tests.backends.redis.stores import Layout, RedisParts, end_keys, new_prefix, redis_parts
from tests.clock import FakeClock
from tests.golden.documents import FOLDER
from tests.services.redis_server import RedisServer

KEYS = ("due", "notes", "payloads")


@pytest.fixture
def layout() -> Layout:
    return "conductor"


class TestKeys:
    async def test_an_empty_queue_leaves_none(self, store: RedisParts, prefix: str) -> None:
        await push(store, "m1", "m2", priority=3)
        await push(store, "m3", offset_ms=AN_HOUR_MS)
        (message,) = await store.queues.poll_messages(QUEUE, count=1)
        await store.queues.ack(QUEUE, message.id)
        await store.queues.remove(QUEUE, "m2")
        await store.queues.remove(QUEUE, "m3")
        assert await own_keys(store.link, prefix) == {}
        await push(store, "m1")
        await store.queues.flush(QUEUE)
        assert await own_keys(store.link, prefix) == {}

    async def test_names_that_look_like_keys_of_others(self, store: RedisParts) -> None:
        names = ["a", "a.c", "a.c_payload", "a.", ".", " ", "QUEUE.a", "a*", "[a]"]
        for name in names:
            await store.queues.push(name, PushMessage(id=name, payload="p"))
        assert await store.queues.queues_detail() == dict.fromkeys(sorted(names), 1)
        for name in names:
            assert await store.queues.pop(name, count=5) == [name]

    async def test_those_of_others_are_not_listed(self, store: RedisParts, prefix: str) -> None:
        await push(store, "m1")
        await store.link.write("ZADD", f"{prefix}.test.QUEUE.other.d", 0, "m1")
        await store.link.write("HSET", f"{prefix}.test.QUEUE.hash.c", "m1", "x")
        assert await store.queues.queues_detail() == {QUEUE: 1}

    async def test_a_prefix_is_no_pattern(
        self, store: RedisParts, redis_url: str, prefix: str
    ) -> None:
        await push(store, "m1")
        pattern = f"{prefix}.[a]"
        async with redis_parts(redis_url, prefix=pattern, layout="conductor") as other:
            assert await other.queues.queues_detail() == {}
            await push(other, "m1")
            assert await other.queues.queues_detail() == {QUEUE: 1}
            await other.queues.flush(QUEUE)

    async def test_the_same_queue_with_two_prefixes_is_two(self) -> None:
        one, other = (RedisSettings(layout="conductor", queue_prefix=name) for name in "ab")
        assert one.queue_keys.queue("q")[0] != other.queue_keys.queue("q")[0]

    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("key", KEYS)
    async def test_one_of_another_type_is_found_before_anything_is_written(
        self, store: RedisParts, prefix: str, key: str, call: str
    ) -> None:
        await fill(store)
        name = store.keys.queue(QUEUE)[KEYS.index(key)]
        saved = await store.link.read("DUMP", name)
        await store.link.write("SET", name, "text")
        before = await own_keys(store.link, prefix)
        with pytest.raises(CorruptRecordError):
            await CALLS[call](store)
        assert await own_keys(store.link, prefix) == before
        await store.link.write("DEL", name)
        await store.link.write("RESTORE", name, 0, saved)

    @pytest.mark.parametrize(
        ("settings", "key"),
        [
            ({}, ".test.QUEUE.q.c"),
            ({"queue_prefix": "conductor_queues"}, "conductor_queues.test.QUEUE.q.c"),
            ({"queue_prefix": "a", "stack": "prod", "queue_shard": "e"}, "a.prod.QUEUE.q.e"),
            ({"domain": "us", "workflow_prefix": "conductor"}, ".test.QUEUE.q.c"),
        ],
    )
    def test_have_conductors_names(self, settings: dict[str, Any], key: str) -> None:
        keys = RedisSettings.model_validate({"layout": "conductor", **settings}).queue_keys
        assert keys.queue("q")[0] == key
        assert keys.queue("q")[2] == f"{key}_payload"


class TestListsOfQueues:
    async def test_have_all_of_many(self, store: RedisParts) -> None:
        names = {f"q{n}" for n in range(1_500)}
        await asyncio.gather(*(store.queues.push(name, PushMessage(id="m1")) for name in names))
        assert await store.queues.queues_detail() == dict.fromkeys(names, 1)
        found: list[tuple[str, str]] = []
        cursor: str | None = ""
        while cursor is not None:
            scan = await store.queues.scan_messages(cursor=cursor, limit=100)
            found += scan.messages
            cursor = scan.cursor
        assert set(found) == {(name, "m1") for name in names}

    async def test_have_each_once_though_a_scan_finds_it_twice(self, store: RedisParts) -> None:
        await push(store, "m1")
        key = store.keys.queue(QUEUE)[0].encode()
        bulk = _Bulk([[b"7", [key, key]], [b"0", [key]]])
        assert isinstance(store.keys, ConductorQueueKeys)
        scripts = ClockedScripts(store.link)
        table = ConductorQueueTable(scripts, store.keys, store.changes, bulk)
        counts = [one for page in [page async for page in table.all_counts()] for one in page]
        assert counts == [QueueCounts(QUEUE, 1, 0, 0)]

    @pytest.mark.parametrize("cursor", ["x", resume_token("a"), resume_token(0, "q", "x")])
    async def test_go_on_from_their_own_cursors_only(self, store: RedisParts, cursor: str) -> None:
        with pytest.raises(InvalidArgumentError):
            await store.queues.scan_messages(cursor=cursor)


class _Bulk(Link):
    """Answers each SCAN with the next of these."""

    def __init__(self, pages: list[Any]) -> None:
        self._pages = iter(pages)

    async def read(self, *command: Any) -> Any:
        assert command[0] == "SCAN"
        return next(self._pages)


class TestScores:
    """Where Java looks for them, and never one that Java would write."""

    @pytest.mark.parametrize(
        ("priority", "offset_ms", "score"),
        [(0, 0, 1_000_000), (0, 500, 1_000_500), (7, 0, 7), (99, 0, 99), (7, 500, 1_000_500)],
    )
    async def test_of_a_push(
        self, store: RedisParts, priority: int, offset_ms: int, score: int
    ) -> None:
        clock = FakeClock()
        clock.now_ms = 1_000_000
        table = table_on(store, clock)
        op = PushOp(queue_name=QUEUE, message_id="m1", priority=priority, offset_ms=offset_ms)
        await table.push([op])
        assert await self.score(store) == score + 0.125

    async def test_of_a_lease(self, store: RedisParts) -> None:
        clock = FakeClock()
        table = table_on(store, clock)
        await table.push([PushOp(queue_name=QUEUE, message_id="m1")])
        await table.take(QUEUE, [Ask(1, 300)], OneTakeRoom(PollRoom()))
        assert await self.score(store) == clock.now_ms + 300.125

    async def score(self, store: RedisParts) -> float:
        return float(await store.link.read("ZSCORE", store.keys.queue(QUEUE)[0], "m1"))


def table_on(store: RedisParts, clock: FakeClock) -> QueueTable:
    scripts = ClockedScripts(store.link, clock)
    return open_queue_table(scripts, store.keys, store.changes, store.link)


# What a real server left behind


def golden_queues() -> keyspace.Keyspace:
    """The keys of queues, as they are stored."""
    recorded = json.loads((FOLDER / "server-golden.json").read_text("utf-8"))["redis"]
    return {key: stored for key, stored in recorded.items() if ".QUEUE." in key}


GOLDEN = golden_queues()
DUE_MS = {id_: int(score) for stored in GOLDEN.values() for id_, score in stored["value"]}
SETTINGS: dict[str, Any] = {
    "layout": "conductor",
    "workflow_prefix": "conductor",
    "queue_prefix": "conductor_queues",
}


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def link(own_redis: RedisServer) -> AsyncIterator[Link]:
    link = Link(RedisSettings(url=own_redis.url).target("queues"))
    await link.write("FLUSHALL")
    yield link
    await link.close()


class TestGolden:
    def table(self, link: Link, clock: FakeClock, url: str) -> QueueTable:
        settings = RedisSettings.model_validate({"url": url, **SETTINGS})
        changes = QueueChanges(settings.target("queues"), settings.queue_keys)
        return open_queue_table(ClockedScripts(link, clock), settings.queue_keys, changes, link)

    async def test_what_a_server_left_is_read(self, link: Link, own_redis: RedisServer) -> None:
        await keyspace.load(link, GOLDEN)
        clock = FakeClock()
        table = self.table(link, clock, own_redis.url)
        counts = [one for page in [page async for page in table.all_counts()] for one in page]
        assert sorted(one[:2] for one in counts) == [("_deciderQueue", 1), ("charge", 1)]
        scan = await table.scan_messages(cursor="", limit=100)
        found = set(scan.messages)
        while scan.cursor:
            scan = await table.scan_messages(cursor=scan.cursor, limit=100)
            found |= set(scan.messages)
        assert {id_ for _, id_ in found} == DUE_MS.keys()
        for queue_name, id_ in found:
            assert await table.contains_message(queue_name, id_)
            clock.now_ms = DUE_MS[id_] - 1
            early = await table.take(queue_name, [Ask(1, 100)], OneTakeRoom(PollRoom()))
            assert (early.messages, early.next_due_ms) == ([[]], DUE_MS[id_])
            clock.now_ms = DUE_MS[id_]
            take = await table.take(queue_name, [Ask(1, 100)], OneTakeRoom(PollRoom()))
            ((message,),) = take.messages
            assert await table.ack(queue_name, [(id_, message.receipt)]) == [True]
        assert await keyspace.read(link) == {}

    async def test_what_we_push_lies_where_a_server_has_it(
        self, link: Link, own_redis: RedisServer
    ) -> None:
        clock = FakeClock()
        table = self.table(link, clock, own_redis.url)
        for key, stored in GOLDEN.items():
            name = key.removeprefix("conductor_queues.test.QUEUE.").removesuffix(".c")
            for id_, _ in stored["value"]:
                clock.now_ms = DUE_MS[id_] - 30_000
                await table.push([PushOp(queue_name=name, message_id=id_, offset_ms=30_000)])
        left = {
            key: stored
            for key, stored in (await keyspace.read(link)).items()
            if not key.startswith("conductor.test.PODIUM.")
        }
        assert left.keys() == GOLDEN.keys()
        for key, stored in left.items():
            due = [[id_, int(float(score))] for id_, score in stored["value"]]
            assert due == [[id_, int(score)] for id_, score in GOLDEN[key]["value"]]
            assert stored["type"] == GOLDEN[key]["type"]


@pytest.mark.parametrize(
    ("kind", "note"), [("note", "5 0 0 1 "), ("payload", ""), ("note of a wrong score", "5 0 0 1 ")]
)
def test_keys_that_do_not_fit_together_are_found(redis_url: str, kind: str, note: str) -> None:
    """The check at the end of every test can fail."""
    prefix = new_prefix()
    with redis.Redis.from_url(redis_url) as client:
        if kind == "payload":
            client.hset(f"{prefix}.test.QUEUE.q.c_payload", "m1", "left over")
        else:
            client.hset(f"{prefix}.test.PODIUM.NOTES.q", "m1", note)
        if "wrong" in kind:
            client.zadd(f"{prefix}.test.QUEUE.q.c", {"m1": 6})
    with pytest.raises(AssertionError):
        end_keys(redis_url, prefix)
