"""Queues on Redis in both layouts: what only Redis has. What every queue promises is in the contract suite and the model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from podium_core.errors import BackendUnavailableError
from podium_core.models import Message, PushMessage
from podium_core.write_set import PushOp
from tests.backends.redis.queue_calls import AN_HOUR_MS, CALLS, QUEUE, fill, push
from tests.backends.redis.stores import Layout, RedisParts, redis_parts
from tests.clock import FakeClock
from tests.patience import PATIENCE_MS, PATIENCE_SECONDS


async def waiting(store: RedisParts) -> asyncio.Task[list[Message]]:
    """A poll that waits, and that Redis knows to listen."""
    poll = store.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
    task = asyncio.create_task(poll)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await listeners(store):
            await asyncio.sleep(0.01)
    return task


async def listeners(store: RedisParts) -> int:
    """How many connections listen to the queue."""
    _, count = await store.link.read("PUBSUB", "NUMSUB", store.keys.queue_channel(QUEUE))
    return int(count)


async def ids_of(poll: asyncio.Task[list[Message]]) -> list[str]:
    messages = await asyncio.wait_for(poll, PATIENCE_SECONDS)
    return [message.id for message in messages]


class TestOneTrip:
    async def trips(self, store: RedisParts) -> dict[str, int]:
        """How often each command was called on this Redis, but for the question itself."""
        info = (await store.link.read("INFO", "commandstats")).decode()
        lines = [line.partition(":") for line in info.splitlines() if line.startswith("cmdstat_")]
        calls = {name: int(counts.partition("=")[2].partition(",")[0]) for name, _, counts in lines}
        return {name: calls.get(name, 0) for name in ("cmdstat_evalsha", "cmdstat_eval")}

    @pytest.mark.parametrize("call", CALLS)
    async def test_is_all_that_a_call_takes(self, store: RedisParts, call: str) -> None:
        for _ in range(2):  # the first time brings the script
            await fill(store)
            before = await self.trips(store)
            await CALLS[call](store)
            after = await self.trips(store)
            await store.queues.flush(QUEUE)
        assert after["cmdstat_evalsha"] - before["cmdstat_evalsha"] == 1
        assert after["cmdstat_eval"] == before["cmdstat_eval"]

    async def test_scripts_that_redis_has_forgotten_are_sent_again(self, store: RedisParts) -> None:
        for number in range(3):
            await store.link.write("SCRIPT", "FLUSH")
            await push(store, f"m{number}")
            await store.link.write("SCRIPT", "FLUSH")
            (message,) = await store.queues.poll_messages(QUEUE, count=1)
            assert await store.queues.ack(QUEUE, message.id, receipt=message.receipt)


class TestTokens:
    @pytest.mark.parametrize("token", [2**53 + 1, 2**62, 10**18 - 1, 9, 8_999_999])
    async def test_keep_their_digits(self, store: RedisParts, token: int) -> None:
        push_op = PushOp(queue_name=QUEUE, message_id="m1")
        await store.queue_table.deliver(push_op, token)
        assert await store.queue_table.tokens_of([(QUEUE, "m1"), (QUEUE, "m2")]) == [token, 0]
        await store.queue_table.deliver(push_op, token - 1)
        assert await store.queue_table.tokens_of([(QUEUE, "m1")]) == [token]
        assert await store.queue_table.remove_seen([(QUEUE, "m1", token - 1)]) == [False]
        assert not await store.queue_table.remove_older(QUEUE, "m1", token)
        assert await store.queue_table.remove_older(QUEUE, "m1", token + 1)

    @pytest.mark.parametrize("token", [2**62, 10**18 - 1, 2**60 // 10 * 10 + 9])
    async def test_grow_with_each_push(self, store: RedisParts, token: int) -> None:
        await store.queue_table.deliver(PushOp(queue_name=QUEUE, message_id="m1"), token)
        await push(store, "m1")
        assert await store.queue_table.tokens_of([(QUEUE, "m1")]) == [token + 1]
        await store.queues.postpone(QUEUE, "m1")
        assert await store.queue_table.tokens_of([(QUEUE, "m1")]) == [token + 2]

    async def test_of_several_queues_in_one_step(self, store: RedisParts) -> None:
        for name in ("a", "b"):
            for id_ in ("m1", "m2"):
                await store.queue_table.deliver(PushOp(queue_name=name, message_id=id_), 7)
        seen = [("a", "m1", 7), ("b", "m1", 8), ("a", "m2", 7), ("a", "m2", 7)]
        assert await store.queue_table.remove_seen(seen) == [True, False, True, False]
        assert await store.queues.queues_detail() == {"b": 2}


class TestThoseWhoWait:
    async def test_nobody_listens_unless_somebody_waits(self, store: RedisParts) -> None:
        assert await listeners(store) == 0
        poll = await waiting(store)
        assert await listeners(store) == 1
        await push(store, "m1")
        assert await ids_of(poll) == ["m1"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await listeners(store):
                await asyncio.sleep(0.01)

    async def test_hear_of_another_server(
        self, redis_url: str, prefix: str, layout: Layout, another_server: RedisParts
    ) -> None:
        async with redis_parts(
            redis_url, prefix=prefix, layout=layout, look_seconds=PATIENCE_SECONDS
        ) as store:
            poll = await waiting(store)
            await push(another_server, "m1")
            assert await ids_of(poll) == ["m1"]

    async def test_hear_after_their_connection_was_cut(
        self, redis_url: str, prefix: str, layout: Layout
    ) -> None:
        async with redis_parts(
            redis_url, prefix=prefix, layout=layout, look_seconds=PATIENCE_SECONDS
        ) as store:
            for number in range(3):
                poll = await waiting(store)
                await store.link.write("CLIENT", "KILL", "TYPE", "pubsub")
                # While nobody listens, or once somebody does again: either way it must be found.
                await push(store, f"m{number}")
                assert await ids_of(poll) == [f"m{number}"]

    async def test_find_what_nobody_told_them_of(
        self, redis_url: str, prefix: str, layout: Layout
    ) -> None:
        async with redis_parts(redis_url, prefix=prefix, layout=layout, look_seconds=0.1) as store:
            await push(store, "m1", offset_ms=AN_HOUR_MS)
            poll = await waiting(store)
            keys = store.keys.queue(QUEUE)
            due = keys[0] if layout == "conductor" else f"{keys[-1]}0"
            await store.link.write("ZADD", due, 0, "m1")
            assert await ids_of(poll) == ["m1"]

    async def test_are_told_when_redis_is_gone(
        self, redis_url: str, prefix: str, layout: Layout
    ) -> None:
        async with redis_parts(redis_url, prefix=prefix, layout=layout) as store:
            await store.changes.close()
            with pytest.raises(BackendUnavailableError, match="closed"):
                await store.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)


class TestTheClock:
    async def test_set_back_loses_nothing(
        self, redis_url: str, prefix: str, layout: Layout
    ) -> None:
        clock = FakeClock()
        async with redis_parts(redis_url, clock, prefix=prefix, layout=layout) as store:
            await push(store, "leased")
            (held,) = await store.queues.poll_messages(QUEUE, count=1, unack_timeout_ms=1_000)
            await push(store, "before")
            clock.pass_by(-AN_HOUR_MS)
            await push(store, "after")
            assert await store.queues.pop(QUEUE, count=5) == ["after"]
            assert await store.queues.peek_first_ids(QUEUE, 5) == ["before"]
            assert await store.queues.ack(QUEUE, "leased", receipt=held.receipt)
            assert await store.queues.reset_offset_time(QUEUE, "before")
            assert await store.queues.pop(QUEUE, count=5) == ["before"]

    async def test_is_redis_s_own(self, store: RedisParts) -> None:
        seconds, _ = await store.link.read("TIME")
        take = await store.queue_table.take(QUEUE, [], _AnyRoom())
        assert 0 <= take.now_ms - int(seconds) * 1_000 < PATIENCE_MS


class _AnyRoom:
    max_bytes = 1_000

    def has_left(self) -> bool:
        return True

    def left_bytes(self) -> int:
        return 1_000

    def hold(self, size: int) -> None:
        del size


class TestUnreadable:
    async def test_a_payload_is_set_aside(
        self, store: RedisParts, caplog: pytest.LogCaptureFixture
    ) -> None:
        await push(store, "bad", "good")
        await store.link.write("HSET", store.keys.queue(QUEUE)[2], "bad", b"\xff")
        with caplog.at_level(logging.ERROR):
            messages = await store.queues.poll_messages(QUEUE, count=1, timeout_ms=PATIENCE_MS)
        assert [message.id for message in messages] == ["good"]
        assert "'bad' isn't UTF-8" in caplog.text
        assert await store.queues.peek_first_ids(QUEUE, 5) == []
        scan = await store.queue_table.scan_messages(cursor="", limit=10)
        assert (scan.messages, scan.unreadable) == ([(QUEUE, "good")], [(QUEUE, "bad")])
        await push(store, "bad")
        assert await store.queues.pop(QUEUE, count=5) == ["bad"]
        scan = await store.queue_table.scan_messages(cursor="", limit=10)
        assert (sorted(scan.messages), scan.unreadable) == ([(QUEUE, "bad"), (QUEUE, "good")], [])

    async def test_an_id_is_told_apart(self, store: RedisParts, layout: Layout) -> None:
        await push(store, "good")
        keys: Sequence[str] = store.keys.queue(QUEUE)
        if layout == "podium":
            await store.link.write("HSET", keys[1], b"\xff", "0 - 1 0 ")
            await store.link.write("ZADD", f"{keys[4]}0", 1, b"\xff")
        else:
            await store.link.write("ZADD", keys[0], 1, b"\xff")
        scan = await store.queue_table.scan_messages(cursor="", limit=10)
        assert (scan.messages, scan.unreadable) == ([(QUEUE, "good")], [(QUEUE, "\\xff")])


async def test_a_delayed_message_is_peeked_at_behind_many_leased_ones(store: RedisParts) -> None:
    ids = [f"m{n}" for n in range(250)]
    await store.queues.push_messages(QUEUE, [PushMessage(id=id_) for id_ in ids])
    assert len(await store.queues.pop(QUEUE, count=250)) == 250
    await push(store, "delayed", offset_ms=AN_HOUR_MS)
    assert await store.queues.peek_first_ids(QUEUE, 1) == ["delayed"]


class TestScan:
    async def test_what_stays_comes_though_priorities_change(self, store: RedisParts) -> None:
        for start in (0, 1_000):
            messages = [PushMessage(id=f"m{n}") for n in range(start, start + 1_000)]
            await store.queues.push_messages(QUEUE, messages)
        await store.queues.push("other", PushMessage(id="m1"))
        found: set[tuple[str, str]] = set()
        cursor: str | None = ""
        pages = 0
        while cursor is not None:
            scan = await store.queues.scan_messages(cursor=cursor, limit=100)
            found |= set(scan.messages)
            cursor = scan.cursor
            pages += 1
            for number in range(pages, 2_000, 37):
                await store.queues.postpone(QUEUE, f"m{number}", priority=pages % 100)
        assert found == {(QUEUE, f"m{n}") for n in range(2_000)} | {("other", "m1")}
        assert pages > 10


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.nightly)], ids=str)
async def test_four_consumers_of_two_servers_lose_nothing_and_hold_nothing_twice(
    store: RedisParts, another_server: RedisParts, count: int
) -> None:
    held: set[str] = set()
    done: list[str] = []

    async def consume(server: RedisParts) -> None:
        while len(done) < count:
            messages = await server.queues.poll_messages(QUEUE, count=7, timeout_ms=100)
            for message in messages:
                assert message.id not in held
                held.add(message.id)
            await asyncio.sleep(0)
            for message in messages:
                held.remove(message.id)
            acks = [(message.id, message.receipt) for message in messages]
            assert all(await server.queues.ack_messages(QUEUE, acks))
            done.extend(message.id for message in messages)

    async def produce() -> None:
        for start in range(0, count, 50):
            messages = [PushMessage(id=f"m{n}", priority=n % 3) for n in range(start, start + 50)]
            await store.queues.push_messages(QUEUE, messages)

    servers = (store, another_server, store, another_server)
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(produce())
        for server in servers:
            group.create_task(consume(server))
    assert sorted(done) == sorted(f"m{n}" for n in range(count))
    assert await store.queues.queues_detail() == {}
