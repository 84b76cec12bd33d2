"""What one client may take of the server: places, bytes, time. The mechanism, with small limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from podium.v1 import execution_tasks_pb2, queue_messages_pb2
from podium_core import errors
from podium_protocol.rpcs import Rpc, rpc
from podium_protocol.status import error_of_call
from podium_server.config.settings import ServerSettings
from podium_server.interceptors import Call, CallLimits, InFlight, Pipeline
from podium_server.interceptors.limits import MIB
from podium_server.transport import build_server
from tests.faults.attacks import connect, outcomes
from tests.faults.wire import message_head, wire_to

GET_TASK = rpc("ExecutionService", "GetTask")
STREAM = rpc("ExecutionService", "GetTasksForWorkflow")
PUSH = rpc("QueueService", "Push")
SECONDS = 20


class Server:
    """A server of some methods, with the counters behind it."""

    def __init__(self, address: str, in_flight: InFlight) -> None:
        self.address = address
        self.in_flight = in_flight

    async def until(self, condition: Callable[[InFlight], object]) -> None:
        """Wait until the counters are so."""
        async with asyncio.timeout(SECONDS):
            while not condition(self.in_flight):
                await asyncio.sleep(0.002)


@asynccontextmanager
async def serving(
    methods: dict[Rpc, Callable[..., Any]],
    limits: CallLimits,
    settings: ServerSettings | None = None,
) -> AsyncIterator[Server]:
    in_flight = InFlight()
    pipeline = Pipeline(limits, in_flight)
    server = build_server(settings or ServerSettings())
    for entry, method in methods.items():
        handlers = {entry.name: pipeline.handler(entry, method)}
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(entry.service, handlers),)
        )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield Server(f"127.0.0.1:{port}", in_flight)
    finally:
        await server.stop(0)


async def pushed(request: Any, call: Call) -> queue_messages_pb2.PushResponse:
    return queue_messages_pb2.PushResponse()


async def failure(call: Any) -> errors.StorageError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return error_of_call(raised.value)


class TestSilence:
    async def test_a_call_that_says_nothing_takes_no_place(self) -> None:
        async with (
            serving({PUSH: pushed}, CallLimits(max_calls_in_flight=1)) as server,
            wire_to(server.address) as wire,
            connect(server.address) as channel,
        ):
            for _ in range(3):
                wire.open_stream(PUSH.path)
            await server.until(lambda counted: len(counted.connections) == 1)
            await channel.unary_unary(PUSH.path)(b"", timeout=SECONDS)

    async def test_the_first_message_has_a_time_limit(self) -> None:
        limits = CallLimits(client_timeout_ms=50)
        async with serving({PUSH: pushed}, limits) as server, connect(server.address) as channel:
            silent = channel.stream_unary(PUSH.path)(timeout=86_400)
            await silent.wait_for_connection()
            error = await failure(silent)
            assert isinstance(error, errors.DeadlineExceededError)
            await server.until(lambda counted: not counted.connections and not counted.bytes)

    async def test_a_call_without_a_request(self) -> None:
        async with (
            serving({PUSH: pushed}, CallLimits()) as server,
            connect(server.address) as channel,
        ):
            empty = channel.stream_unary(PUSH.path)(timeout=SECONDS)
            await empty.done_writing()
            assert isinstance(await failure(empty), errors.InvalidArgumentError)


class TestHalfMessages:
    async def test_they_count_and_are_refused_where_there_is_no_room(self) -> None:
        limits = CallLimits(max_message_bytes=8 * MIB, max_bytes_in_flight=16 * MIB)
        async with (
            serving({PUSH: pushed}, limits) as server,
            wire_to(server.address) as wire,
            connect(server.address) as channel,
        ):
            streams = [wire.open_stream(PUSH.path) for _ in range(40)]
            for stream in streams:
                await wire.send(stream, message_head(MIB) + b"x")
            async with asyncio.timeout(SECONDS):
                while len(wire.ended) < 39:
                    await asyncio.sleep(0.005)
            # What is left holds the whole share of its connection, and nobody else's.
            await server.until(lambda counted: counted.bytes == 8 * MIB)
            await channel.unary_unary(PUSH.path)(b"", timeout=SECONDS)
            # A client that leaves gives everything back.
            wire.close()
            await server.until(lambda counted: not counted.bytes and not counted.connections)


class TestShares:
    async def test_one_connection_leaves_places_to_others(self) -> None:
        release = asyncio.Event()

        async def method(request: Any, call: Call) -> queue_messages_pb2.PushResponse:
            await release.wait()
            return queue_messages_pb2.PushResponse()

        limits = CallLimits(max_calls_in_flight=4, retry_after_ms=70)
        async with (
            serving({PUSH: method}, limits) as server,
            connect(server.address) as greedy,
            connect(server.address) as other,
        ):
            working = [greedy.unary_unary(PUSH.path)(b"", timeout=SECONDS) for _ in range(2)]
            await server.until(lambda counted: counted.calls == 2)
            refused = await failure(greedy.unary_unary(PUSH.path)(b"", timeout=SECONDS))
            assert isinstance(refused, errors.OverloadedError)
            assert refused.retry_after_ms == 70
            working.append(other.unary_unary(PUSH.path)(b"", timeout=SECONDS))
            await server.until(lambda counted: counted.calls == 3)
            release.set()
            await asyncio.gather(*working)
            await server.until(lambda counted: not counted.connections)


class TestUnreadAnswers:
    @pytest.mark.parametrize("entry", [GET_TASK, STREAM], ids=["unary", "stream"])
    async def test_they_count_until_their_client_leaves(self, entry: Rpc) -> None:
        text = "x" * (2 * MIB)

        async def unary(request: Any, call: Call) -> execution_tasks_pb2.GetTaskResponse:
            return execution_tasks_pb2.GetTaskResponse(task={"task_id": text})

        async def stream(request: Any, call: Call) -> AsyncIterator[Any]:
            yield execution_tasks_pb2.GetTasksForWorkflowResponse(resume_token=text)

        method = unary if entry is GET_TASK else stream
        limits = CallLimits(max_bytes_in_flight=20 * MIB, max_message_bytes=4 * MIB)
        async with (
            serving({entry: method}, limits) as server,
            connect(server.address) as greedy,
            connect(server.address) as other,
        ):
            unread = [greedy.unary_stream(entry.path)(b"") for _ in range(2)]
            await server.until(lambda counted: counted.bytes > 8 * MIB)
            refused = greedy.unary_stream(entry.path)(b"", timeout=SECONDS)
            assert isinstance(await failure(refused.read()), errors.OverloadedError)
            assert await other.unary_stream(entry.path)(b"", timeout=SECONDS).read()
            for call in unread:
                call.cancel()
            await server.until(lambda counted: not counted.bytes)

    async def test_a_chunk_that_nobody_takes_ends_its_stream(self) -> None:
        async def method(request: Any, call: Call) -> AsyncIterator[Any]:
            while True:
                yield execution_tasks_pb2.GetTasksForWorkflowResponse(resume_token="x" * MIB)

        limits = CallLimits(client_timeout_ms=50)
        async with serving({STREAM: method}, limits) as server, connect(server.address) as channel:
            unread = channel.unary_stream(STREAM.path)(b"", timeout=86_400)
            with capture_logs() as lines:
                await server.until(lambda _: [line for line in lines if "code" in line])
            (failed,) = (line for line in lines if "code" in line)
            assert failed["code"] == "DEADLINE_EXCEEDED"
            assert "took no answer" in failed["message"]
            unread.cancel()
            await server.until(lambda counted: not counted.bytes)

    async def test_a_client_that_takes_none_is_cut_off_when_others_need_the_room(self) -> None:
        async def method(request: Any, call: Call) -> execution_tasks_pb2.GetTaskResponse:
            return execution_tasks_pb2.GetTaskResponse(task={"task_id": "x" * MIB})

        limits = CallLimits(max_bytes_in_flight=3 * MIB, connection_share=1, client_timeout_ms=50)
        async with (
            serving({GET_TASK: method}, limits) as server,
            connect(server.address) as channel,
        ):
            unread = channel.unary_stream(GET_TASK.path)(b"", timeout=86_400)
            await server.until(lambda counted: counted.bytes)
            await server.until(lambda counted: not counted.connections)
            assert unread.done()


class TestLeaving:
    async def test_clients_that_leave_while_they_are_written_to_are_no_defects(self) -> None:
        began = asyncio.Event()

        async def method(request: Any, call: Call) -> AsyncIterator[Any]:
            while True:
                began.set()
                yield execution_tasks_pb2.GetTasksForWorkflowResponse(resume_token="x" * 50_000)

        async with serving({STREAM: method}, CallLimits()) as server:
            with capture_logs() as lines:
                for _ in range(5):
                    async with connect(server.address) as channel:
                        calls = [channel.unary_stream(STREAM.path)(b"") for _ in range(20)]
                        await began.wait()
                        await asyncio.gather(*(call.read() for call in calls))
                    await server.until(lambda counted: not counted.connections)
        assert {line["log_level"] for line in lines} <= {"debug"}

    async def test_nor_is_one_that_leaves_its_only_answer(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def method(request: Any, call: Call) -> execution_tasks_pb2.GetTaskResponse:
            return execution_tasks_pb2.GetTaskResponse(task={"task_id": "x" * MIB})

        async with serving({GET_TASK: method}, CallLimits()) as server:
            async with connect(server.address) as channel:
                calls = [channel.unary_stream(GET_TASK.path)(b"") for _ in range(20)]
                await server.until(lambda counted: counted.bytes > 20 * MIB)
                for call in calls:
                    call.cancel()
            await server.until(lambda counted: not counted.connections)
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []


class TestTheTransport:
    async def test_more_calls_than_streams_wait_in_their_client(self) -> None:
        settings = ServerSettings(max_streams_per_connection=20)
        async with (
            serving({PUSH: pushed}, CallLimits(), settings) as server,
            connect(server.address) as channel,
        ):
            push = channel.unary_unary(PUSH.path)
            found = await outcomes(push(b"", timeout=SECONDS) for _ in range(2_500))
        assert found == {"OK": 2_500}

    async def test_a_burst_is_served_or_told_when_to_come_back(self) -> None:
        settings = ServerSettings(max_streams_per_connection=100_000)
        async with (
            serving({PUSH: pushed}, CallLimits(max_calls_in_flight=4), settings) as server,
            connect(server.address) as channel,
        ):
            push = channel.unary_unary(PUSH.path)
            found = await outcomes(push(b"", timeout=SECONDS) for _ in range(2_500))
        assert set(found) <= {"OK", "OverloadedError"}

    async def test_a_compressed_request_is_refused(self) -> None:
        async with (
            serving({PUSH: pushed}, CallLimits()) as server,
            connect(server.address, compression=grpc.Compression.Gzip) as channel,
        ):
            request = PUSH.request(queue_name="x" * 100_000).SerializeToString()
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await channel.unary_unary(PUSH.path)(request, timeout=SECONDS)
        assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
