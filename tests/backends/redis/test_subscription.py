"""Listening to channels: what is heard, and what becomes of a connection that is refused, silent or cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from podium_backends.redis.connection import Link, Subscription, Target
from podium_core.errors import BackendUnavailableError
from tests.backends.redis.scripted_redis import scripted_redis
from tests.patience import PATIENCE_SECONDS
from tests.services.ports import free_ports


class Heard:
    """What a subscription says."""

    def __init__(self, url: str, *, reply_timeout: float = PATIENCE_SECONDS) -> None:
        self.channels: asyncio.Queue[bytes] = asyncio.Queue()
        self.resumed = asyncio.Event()
        self.target = Target(store="queues", url=url, reply_timeout=reply_timeout)
        self.subscription = Subscription(self.target, self.channels.put_nowait, self.resumed.set)

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.channels.get(), PATIENCE_SECONDS)


@pytest.fixture
async def heard(redis_url: str) -> AsyncIterator[Heard]:
    listening = Heard(redis_url)
    yield listening
    await listening.subscription.close()


@pytest.fixture
async def link(heard: Heard) -> AsyncIterator[Link]:
    opened = Link(heard.target)
    yield opened
    await opened.close()


async def confirm(request: list[bytes], writer: asyncio.StreamWriter) -> None:
    if request[0] == b"SUBSCRIBE":
        writer.write(
            b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n" % (len(request[1]), request[1])
        )


class TestOnARealRedis:
    async def test_hears_what_it_listens_to(self, heard: Heard, link: Link) -> None:
        await asyncio.gather(*(heard.subscription.add(name) for name in ("a", "b", "c")))
        heard.subscription.drop("b")
        await heard.subscription.add("d")  # what is sent in order is done in order
        for name in ("a", "b", "c", "d"):
            await link.write("PUBLISH", name, "")
        assert [await heard.next() for _ in range(3)] == [b"a", b"c", b"d"]

    async def test_dropped_and_added_again(self, heard: Heard, link: Link) -> None:
        for _ in range(3):
            await heard.subscription.add("a")
            heard.subscription.drop("a")
        await heard.subscription.add("a")
        await link.write("PUBLISH", "a", "")
        assert await heard.next() == b"a"
        assert heard.channels.empty()

    async def test_a_cut_connection_comes_back_with_all_channels(
        self, heard: Heard, link: Link
    ) -> None:
        await heard.subscription.add("a")
        await heard.subscription.add("b")
        for _ in range(3):
            heard.resumed.clear()
            await link.write("CLIENT", "KILL", "TYPE", "pubsub")
            await asyncio.wait_for(heard.resumed.wait(), PATIENCE_SECONDS)
            await link.write("PUBLISH", "a", "")
            await link.write("PUBLISH", "b", "")
            assert [await heard.next(), await heard.next()] == [b"a", b"b"]

    async def test_answers_of_a_check_are_not_heard(self, heard: Heard, link: Link) -> None:
        await heard.subscription.add("a")
        for _ in range(3):
            heard.subscription.check()
            await link.write("PUBLISH", "a", "")
            assert await heard.next() == b"a"
        heard.subscription.drop("a")
        heard.subscription.check()
        await heard.subscription.add("b")


class TestTrouble:
    async def test_nobody_listens_there(self) -> None:
        heard = Heard(f"redis://127.0.0.1:{free_ports(1)[0]}/0")
        for _ in range(2):
            with pytest.raises(BackendUnavailableError):
                await heard.subscription.add("a")
        heard.subscription.drop("a")
        await heard.subscription.close()

    async def test_a_refusal_is_of_the_channel_that_was_refused(self) -> None:
        async def answer(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            if request[1] == b"b":
                writer.write(b"-NOPERM this user has no permissions\r\n")
            else:
                await confirm(request, writer)

        async with scripted_redis(answer) as server:
            heard = Heard(server.url)
            added = [heard.subscription.add(name) for name in ("a", "c")]
            await heard.subscription.add("first")
            await asyncio.gather(*added)
            with pytest.raises(BackendUnavailableError, match="ACL"):
                await heard.subscription.add("b")
            heard.subscription.drop("b")
            await heard.subscription.close()

    async def test_a_connection_cut_before_the_confirmation(self) -> None:
        async def cut(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            del request
            writer.transport.abort()

        async with scripted_redis(cut) as server:
            heard = Heard(server.url)
            with pytest.raises(BackendUnavailableError, match="broke off"):
                await heard.subscription.add("a")
            heard.subscription.drop("a")
            server.answer = confirm
            await heard.subscription.add("a")
            await heard.subscription.close()

    async def test_a_silent_connection_is_given_up(self) -> None:
        async with scripted_redis(confirm) as server:
            heard = Heard(server.url, reply_timeout=0.05)
            await heard.subscription.add("a")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not heard.resumed.is_set():
                    heard.subscription.check()
                    await asyncio.sleep(0.01)
            assert server.connections == 2
            await heard.subscription.close()

    async def test_what_is_no_reply_cuts_the_connection(self) -> None:
        async def garble(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            del request
            writer.write(b"HTTP/1.1 400\r\n")

        async with scripted_redis(garble) as server:
            heard = Heard(server.url)
            with pytest.raises(BackendUnavailableError):
                await heard.subscription.add("a")
            await heard.subscription.close()

    async def test_closing_ends_the_attempts_to_come_back(self) -> None:
        cut = asyncio.Event()

        async def abort(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            del request
            writer.transport.abort()
            cut.set()

        async with scripted_redis(confirm) as server:
            heard = Heard(server.url)
            await heard.subscription.add("a")
            server.answer = abort
        heard.subscription.check()  # asks on the connection; nobody takes another one
        await asyncio.wait_for(cut.wait(), PATIENCE_SECONDS)
        await asyncio.sleep(0.1)
        await asyncio.wait_for(heard.subscription.close(), PATIENCE_SECONDS)
        assert not heard.resumed.is_set()
        with pytest.raises(BackendUnavailableError, match="closed"):
            await heard.subscription.add("b")
