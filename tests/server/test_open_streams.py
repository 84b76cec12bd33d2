"""What a client sends into an open stream and leaves unfinished is bounded in bytes and in time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from podium.v1 import consume_pb2, queue_messages_pb2
from podium_core import errors
from podium_protocol.rpcs import rpc
from podium_protocol.status import error_of_call
from podium_server.interceptors import Call, CallLimits
from podium_server.interceptors.limits import MIB
from podium_server.interceptors.open_streams import SLACK_BYTES
from podium_server.interceptors.pipeline import Send
from tests.faults.attacks import connect
from tests.faults.wire import Wire, message_head, wire_to
from tests.server.test_client_limits import SECONDS, Server, pushed, serving

CONSUME = rpc("QueueService", "Consume")
PUSH = rpc("QueueService", "Push")
OPEN = consume_pb2.ConsumeRequest(open={"queue_name": "q"}).SerializeToString()
GRANT = consume_pb2.ConsumeRequest(grant={"credit": 1}).SerializeToString()
LIMITS = CallLimits(max_message_bytes=32 * MIB, max_bytes_in_flight=32 * MIB)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts on Linux only")


class Streams:
    """A method that reads a stream to its end, answering each message.

    Attributes:
        open: Streams that have had their first message.
        read: Messages that came.
    """

    def __init__(self) -> None:
        self.open = 0
        self.read = 0

    async def __call__(self, requests: AsyncIterator[Any], call: Call, send: Send) -> None:
        try:
            async for _ in requests:
                self.open += not self.read
                self.read += 1
                await send(consume_pb2.ConsumeResponse())
        finally:
            self.open -= 1


async def until(condition: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def half_sent(server: Server, streams: int, size: int) -> AsyncIterator[Wire]:
    """Open streams, each with a message that lacks its last byte."""
    async with wire_to(server.address) as wire:
        numbers = [wire.open_stream(CONSUME.path) for _ in range(streams)]
        for number in numbers:
            await wire.send(number, message_head(len(OPEN)) + OPEN)
        (connection,) = await found(server)
        await until(lambda: connection.read_count is not None)
        data = message_head(size) + bytes(size - 1)
        sending = asyncio.gather(*(wire.send(number, data) for number in numbers))
        yield wire
        sending.cancel()


async def found(server: Server) -> list[Any]:
    await server.until(lambda counted: counted.connections)
    return list(server.in_flight.connections.values())


async def test_its_bytes_are_bounded() -> None:
    async with (
        serving({CONSUME: Streams(), PUSH: pushed}, LIMITS) as server,
        half_sent(server, 8, 16 * MIB) as wire,
        connect(server.address) as channel,
    ):
        await until(lambda: len(wire.ended) == 8)
        await server.until(lambda counted: not counted.bytes and not counted.connections)
        await channel.unary_unary(PUSH.path)(b"", timeout=SECONDS)


async def test_below_the_bound_they_count_and_have_a_time_limit() -> None:
    limits = CallLimits(client_timeout_ms=1_000)
    async with (
        serving({CONSUME: Streams()}, limits) as server,
        half_sent(server, 1, 16 * MIB) as wire,
    ):
        await server.until(lambda counted: counted.bytes)
        assert not wire.ended
        await until(lambda: len(wire.ended) == 1)
        await server.until(lambda counted: not counted.bytes and not counted.connections)


async def test_a_message_that_becomes_whole_counts_no_longer() -> None:
    streams = Streams()
    async with serving({CONSUME: streams}, CallLimits()) as server, wire_to(server.address) as wire:
        number = wire.open_stream(CONSUME.path)
        await wire.send(number, message_head(len(OPEN)) + OPEN)
        (connection,) = await found(server)
        await until(lambda: streams.read == 1 and connection.read_count is not None)
        # A field that nobody knows, of 12 MiB.
        data = bytes((0xFA, 0x3F)) + _varint(12 * MIB) + bytes(12 * MIB)
        whole = message_head(len(data)) + data
        await wire.send(number, whole[:-1])
        await server.until(lambda counted: counted.bytes > 7 * MIB)
        await wire.send(number, whole[-1:])
        await until(lambda: streams.read == 2)
        await server.until(lambda counted: not counted.bytes)
        assert not wire.ended


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*data, value))


async def test_a_quiet_stream_beside_busy_calls_stays() -> None:
    streams = Streams()
    limits = CallLimits(max_bytes_in_flight=8 * MIB, client_timeout_ms=500)
    push = queue_messages_pb2.PushRequest(queue_name="q", message_id="m", payload="x" * MIB)
    data = push.SerializeToString()
    async with (
        serving({CONSUME: streams, PUSH: pushed}, limits) as server,
        connect(server.address) as channel,
    ):
        quiet = channel.stream_stream(CONSUME.path)()
        await quiet.write(OPEN)
        assert await quiet.read() is not grpc.aio.EOF
        method = channel.unary_unary(PUSH.path)
        for _ in range(8 * SLACK_BYTES // MIB):
            await method(data, timeout=SECONDS, metadata=[("x-token", "t" * 2_000)])
        for _ in range(2_000):
            await method(b"", timeout=SECONDS)
        await asyncio.sleep(1)  # two time limits
        await quiet.write(GRANT)
        assert await quiet.read() is not grpc.aio.EOF
        assert server.in_flight.bytes == 0
        await quiet.done_writing()


async def test_its_client_is_told_to_come_back() -> None:
    streams = Streams()
    async with (
        serving({CONSUME: streams}, LIMITS) as server,
        connect(server.address) as channel,
    ):
        quiet = channel.stream_stream(CONSUME.path)()
        await quiet.write(OPEN)
        assert await quiet.read() is not grpc.aio.EOF
        (connection,) = await found(server)
        reading = asyncio.ensure_future(quiet.read())
        while not reading.done():
            # As if so much had come and nothing had been read; counting may not have begun.
            if connection.read_count is not None:
                connection.read_count.bytes = -64 * MIB
            await asyncio.sleep(0.01)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await reading
        error = error_of_call(raised.value)
        assert isinstance(error, errors.OverloadedError)
        assert error.retry_after_ms
        await server.until(lambda counted: not counted.connections)
        assert streams.open == 0
