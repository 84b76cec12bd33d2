"""The multiplexed connection: replies in order, cuts, silences, cancelled callers, error replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from podium_backends.redis.connection import Link, RedisReplyError, Script, Target
from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    OutcomeUnknownError,
    OverloadedError,
)
from tests.backends.redis.scripted_redis import Answer, scripted_redis
from tests.services.ports import free_ports

LONG = 60.0
SHORT = 0.2


def link_to(url: str, **changes: Any) -> Link:
    target = Target(store="main", url=url, connect_timeout=LONG, reply_timeout=LONG)
    return Link(msgspec.structs.replace(target, **changes))


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[Link]:
    opened = link_to(redis_url)
    yield opened
    await opened.close()


@pytest.fixture
def key() -> str:
    return f"test-{uuid4().hex}"


class Hung:
    """Answers nothing, and says when a request is there."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def __call__(self, request: list[bytes], writer: asyncio.StreamWriter) -> None:
        del request, writer
        self.asked.set()


async def cut(request: list[bytes], writer: asyncio.StreamWriter) -> None:
    del request
    writer.transport.abort()


def first(once: Answer, then: bytes) -> Answer:
    """One answer for the first request, another for all others."""
    answered: list[bool] = []

    async def answer(request: list[bytes], writer: asyncio.StreamWriter) -> None:
        if answered:
            writer.write(then)
        else:
            answered.append(True)
            await once(request, writer)

    return answer


def saying(reply: bytes) -> Answer:
    async def answer(request: list[bytes], writer: asyncio.StreamWriter) -> None:
        del request
        writer.write(reply)

    return answer


class TestOnARealRedis:
    async def test_each_caller_gets_its_own_reply(self, link: Link, key: str) -> None:
        await asyncio.gather(*(link.write("SET", f"{key}:{n}", n) for n in range(500)))
        found = await asyncio.gather(*(link.read("GET", f"{key}:{n}") for n in range(500)))
        assert found == [str(n).encode() for n in range(500)]
        assert await link.write("DEL", *(f"{key}:{n}" for n in range(500))) == 500

    async def test_commands_together_give_a_list(self, link: Link, key: str) -> None:
        commands = [("MULTI",), ("SET", key, "1"), ("GET", key), ("DEL", key), ("EXEC",)]
        assert (await link.write_all(commands))[-1] == [b"OK", b"1", 1]
        assert await link.read_all([("GET", key)]) == [None]

    async def test_a_script_that_redis_has_forgotten(self, link: Link, key: str) -> None:
        script = Script("return {KEYS[1], ARGV[1]}")
        for _ in range(2):
            assert await link.run(script, [key], ["a"]) == [key.encode(), b"a"]
            assert await link.run_reading(script, [key], ["a"]) == [key.encode(), b"a"]
            await link.write("SCRIPT", "FLUSH")

    async def test_scripts_that_redis_forgets_between_calls_that_leave_together(
        self, link: Link, key: str
    ) -> None:
        script = Script("return ARGV[1]")
        calls = [
            link.write("SCRIPT", "FLUSH") if n % 10 == 5 else link.run(script, [key], [n])
            for n in range(100)
        ]
        answers = await asyncio.gather(*calls)
        assert answers == [b"OK" if n % 10 == 5 else f"{n}".encode() for n in range(100)]

    async def test_a_cancelled_caller_takes_no_reply_of_another(self, link: Link, key: str) -> None:
        await link.write("SET", key, "mine")
        calls = [asyncio.create_task(link.read("ECHO", f"{n}")) for n in range(1_000)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        assert await link.read("GET", key) == b"mine"
        assert await asyncio.gather(*calls[1::2]) == [f"{n}".encode() for n in range(1, 1_000, 2)]
        await link.write("DEL", key)

    async def test_a_key_of_another_type_is_named(self, link: Link, key: str) -> None:
        script = Script("return redis.call('GET', KEYS[2])")
        await link.write("LPUSH", key, "x")
        with pytest.raises(CorruptRecordError, match=f"'{key}'"):
            await link.read("GET", key)
        with pytest.raises(CorruptRecordError, match=f"'a or {key}'"):
            await link.run_reading(script, ["a", key], ["argument"])
        with pytest.raises(CorruptRecordError, match=f"'{key}'"):
            await link.read_all([("PING", "a"), ("GET", key.encode()), ("PING", "b")])
        with pytest.raises(CorruptRecordError, match=f"'a or {key}'"):
            await link.read("SINTER", "a", key)
        await link.write("DEL", key)

    async def test_an_error_within_a_transaction(self, link: Link, key: str) -> None:
        await link.write("LPUSH", key, "x")
        with pytest.raises(CorruptRecordError, match=key):
            await link.read_all([("MULTI",), ("LLEN", key), ("GET", key), ("EXEC",)])
        await link.write("DEL", key)

    async def test_what_no_command_of_ours_brings(self, link: Link) -> None:
        with pytest.raises(RedisReplyError):
            await link.read("NOSUCHCOMMAND")

    async def test_a_large_reply_comes_whole(self, link: Link, key: str) -> None:
        text = b"x" * (8 * 1024 * 1024)
        await link.write("SET", key, text)
        large, *small = await asyncio.gather(
            link.read("GET", key), *(link.read("PING") for _ in range(50))
        )
        assert large == text
        assert small == [b"PONG"] * 50
        await link.write("DEL", key)


class TestWhatIsLost:
    async def test_nobody_listens(self) -> None:
        link = link_to(f"redis://127.0.0.1:{free_ports(1)[0]}/0")
        for _ in range(2):
            with pytest.raises(BackendUnavailableError, match=r"Redis at 127\.0\.0\.1:\d+"):
                await link.write("SET", "a", "1")

    async def test_a_connection_that_nobody_accepts(self) -> None:
        async with scripted_redis(cut) as server:
            link = link_to(server.url, options={"username": "u", "password": "p"})
            server.answer = cut
            with pytest.raises(OutcomeUnknownError):
                await link.write("SET", "a", "1")
            await link.close()

    async def test_a_write_without_a_reply_may_have_happened(self) -> None:
        async with scripted_redis(cut) as server:
            link = link_to(server.url)
            with pytest.raises(OutcomeUnknownError):
                await link.write("SET", "a", "1")
            assert [request[0] for request in server.requests] == [b"SET"]
            await link.close()

    async def test_a_read_without_a_reply_is_repeated_once(self) -> None:
        async with scripted_redis(first(cut, b"$1\r\nx\r\n")) as server:
            link = link_to(server.url)
            assert await link.read("GET", "a") == b"x"
            assert server.connections == 2
            assert len(server.requests) == 2
            server.answer = cut
            with pytest.raises(BackendUnavailableError):
                await link.read("GET", "a")
            assert len(server.requests) == 4
            await link.close()

    async def test_a_reply_cut_in_the_middle(self) -> None:
        async def half(request: list[bytes], writer: asyncio.StreamWriter) -> None:
            del request
            writer.write(b"$10\r\nabc")
            await writer.drain()
            writer.close()

        async with scripted_redis(half) as server:
            link = link_to(server.url)
            with pytest.raises(OutcomeUnknownError):
                await link.write("SET", "a", "1")
            await link.close()

    async def test_what_is_no_reply_at_all(self) -> None:
        async with scripted_redis(saying(b"HTTP/1.1 400\r\n")) as server:
            link = link_to(server.url)
            with pytest.raises(OutcomeUnknownError, match="isn't a reply"):
                await link.write("SET", "a", "1")
            await link.close()

    async def test_a_silent_server_is_given_up(self) -> None:
        hung = Hung()
        async with scripted_redis(hung) as server:
            link = link_to(server.url, reply_timeout=SHORT)
            calls = [asyncio.create_task(link.write("SET", "a", n)) for n in range(10)]
            await hung.asked.wait()
            for call in calls:
                with pytest.raises(OutcomeUnknownError, match="didn't answer"):
                    await call
            server.answer = saying(b"+OK\r\n")
            assert await link.write("SET", "a", "1") == b"OK"
            await link.close()

    async def test_a_late_reply_goes_to_nobody(self) -> None:
        hung = Hung()
        async with scripted_redis(hung) as server:
            link = link_to(server.url)
            call = asyncio.create_task(link.read("GET", "a"))
            await hung.asked.wait()
            call.cancel()
            server.answer = saying(b"$5\r\nfirst\r\n$6\r\nsecond\r\n")
            assert await link.read("GET", "b") == b"second"
            await link.close()

    async def test_a_closed_store(self) -> None:
        hung = Hung()
        async with scripted_redis(hung) as server:
            link = link_to(server.url)
            call = asyncio.create_task(link.write("SET", "a", "1"))
            await hung.asked.wait()
            await link.close()
            with pytest.raises(OutcomeUnknownError):
                await call
            with pytest.raises(BackendUnavailableError, match="closed"):
                await link.write("SET", "a", "1")

    async def test_a_store_that_is_closed_while_it_connects(self) -> None:
        asked = asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            asked.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        link = link_to(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        calls = [asyncio.create_task(link.read("GET", "a")) for _ in range(2)]
        calls.append(asyncio.create_task(link.write("SET", "a", "1")))
        await asked.wait()
        calls[0].cancel()
        await link.close()
        for call in calls[1:]:
            with pytest.raises(BackendUnavailableError, match="closed"):
                await call
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
        server.close()


class TestBounds:
    async def test_bytes_in_flight(self) -> None:
        hung = Hung()
        async with scripted_redis(hung) as server:
            link = link_to(server.url, max_bytes_in_flight=10_000)
            waiting = asyncio.create_task(link.write("SET", "a", "x" * 9_000))
            await hung.asked.wait()
            with pytest.raises(OverloadedError):
                await link.write("SET", "a", "x" * 9_000)
            small = asyncio.create_task(link.write("SET", "a", "x"))
            server.answer = saying(b"+OK\r\n+OK\r\n+OK\r\n")
            assert await link.write("SET", "b", "x") == b"OK"
            assert list(await asyncio.gather(waiting, small)) == [b"OK", b"OK"]
            await link.close()

    async def test_one_command_may_be_above_the_bound(self, redis_url: str, key: str) -> None:
        link = link_to(redis_url, max_bytes_in_flight=1_000)
        assert await link.write("SET", key, "x" * 100_000) == b"OK"
        await link.write("DEL", key)
        await link.close()


REFUSALS = [
    b"-LOADING Redis is loading the dataset in memory",
    b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    b"-READONLY You can't write against a read only replica.",
    b"-OOM command not allowed when used memory > 'maxmemory'.",
    b"-MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
    b"-NOREPLICAS Not enough good replicas to write.",
    b"-NOAUTH Authentication required.",
    b"-NOPERM this user has no permissions to run the 'set' command",
    b"-EXECABORT Transaction discarded because of: OOM command not allowed",
    b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
]
# As Redis 6.2 wraps an error that a script meets.
WITHIN = b"-ERR Error running script (call to f_0123abcd): @user_script:7: @user_script: 7: "
WITHIN_OF_7 = b" script: 0123abcd, on @user_script:7."


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (WITHIN, b""), (b"", WITHIN_OF_7)],
    ids=["bare", "within a script", "within a script of Redis 7"],
)
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda text: text[1:].split()[0].decode())
async def test_what_redis_refuses_was_not_written(
    refusal: bytes, before: bytes, after: bytes
) -> None:
    async with scripted_redis(saying(before + refusal + after + b"\r\n")) as server:
        link = link_to(server.url)
        with pytest.raises(BackendUnavailableError, match="Redis"):
            await link.write("SET", "a", "1")
        await link.close()


@pytest.mark.parametrize("refusal", [b"-READONLY x\r\n", b"-NOAUTH x\r\n"])
async def test_after_a_fail_over_the_next_call_connects_afresh(refusal: bytes) -> None:
    async with scripted_redis(first(saying(refusal), b"+OK\r\n")) as server:
        link = link_to(server.url)
        with pytest.raises(BackendUnavailableError):
            await link.write("SET", "a", "1")
        reply = await link.write("SET", "a", "1")
        assert reply == b"OK"
        assert server.connections == 2
        await link.close()


async def test_callers_share_one_connection(link: Link) -> None:
    async with scripted_redis(saying(b"+OK\r\n")) as server:
        shared = link_to(server.url)
        await asyncio.gather(*(shared.write("SET", "a", n) for n in range(100)))
        assert server.connections == 1
        await shared.close()


async def test_nothing_waits_behind_a_cancelled_connect() -> None:
    async def slowly(request: list[bytes], writer: asyncio.StreamWriter) -> None:
        del request
        writer.write(b"+OK\r\n")

    async with scripted_redis(slowly) as server:
        link = link_to(server.url)
        one = asyncio.create_task(link.write("SET", "a", "1"))
        two = asyncio.create_task(link.write("SET", "a", "2"))
        await asyncio.sleep(0)
        one.cancel()
        assert await two == b"OK"
        assert server.connections == 1
        await link.close()
