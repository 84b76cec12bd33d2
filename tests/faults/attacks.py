"""What one client can do to a server's memory and places, each in the size that is asked for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc

from podium.v1 import (
    consume_pb2,
    execution_tasks_pb2,
    external_payload_service_pb2,
    queue_messages_pb2,
)
from podium_client import PodiumClient, RetryPolicy
from podium_core.errors import StorageError
from podium_core.models import PushMessage
from podium_core.models.json_text import to_raw
from podium_protocol.rpcs import Rpc, rpc
from podium_protocol.status import error_of_call
from tests.contract.records import make_task, make_workflow
from tests.faults.wire import Wire, message_head, wire_to

PUSH = rpc("QueueService", "Push")
CONSUME = rpc("QueueService", "Consume")
UPLOAD = rpc("ExternalPayloadService", "Upload")
DOWNLOAD = rpc("ExternalPayloadService", "Download")
POLL = rpc("QueueService", "PollMessages")
GET_TASKS = rpc("ExecutionService", "GetTasks")
GET_TASK = rpc("ExecutionService", "GetTask")
GET_TASKS_OF_WORKFLOW = rpc("ExecutionService", "GetTasksForWorkflow")
YEAR_SECONDS = 365 * 86_400

Outcomes = Counter[str]

_OPTIONS = (
    # What nobody reads stays with the server.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 65_535),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


def connect(address: str, **how: Any) -> Any:
    """A channel with a connection of its own."""
    return grpc.aio.insecure_channel(address, _OPTIONS, **how)


async def outcomes(calls: Iterable[Awaitable[object]]) -> Outcomes:
    """How calls ended, counted: ``OK``, or the name of the error that was raised."""
    return Counter(await asyncio.gather(*(_outcome(call) for call in calls)))


async def _outcome(call: Awaitable[object]) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as failure:
        return type(error_of_call(failure)).__name__
    except StorageError as error:
        return type(error).__name__
    return "OK"


async def burst(address: str, calls: int) -> Outcomes:
    """Pushes, all at once, on one connection, without repeats."""
    async with connect(address) as channel:
        push = channel.unary_unary(PUSH.path)
        return await outcomes(
            push(_push("burst", f"m{number}"), timeout=120) for number in range(calls)
        )


def _push(queue: str, message_id: str, payload: str = "") -> bytes:
    request = queue_messages_pb2.PushRequest(
        queue_name=queue, message_id=message_id, payload=payload
    )
    return request.SerializeToString()


async def large_writes(address: str, calls: int, size: int, seconds: float) -> Outcomes:
    """Pushes of large messages, all at once, through the Python client with its repeats."""
    payload = "x" * size
    async with PodiumClient(address, timeout_seconds=seconds, retry=RetryPolicy()) as podium:
        return await outcomes(
            podium.queues.push("large", PushMessage(id=f"m{number}", payload=payload))
            for number in range(calls)
        )


@asynccontextmanager
async def halves(
    address: str, calls: int, size: int, *, path: str = PUSH.path, first: bytes = b""
) -> AsyncIterator[Wire]:
    """Messages that lack their last byte, sent at once on one connection, after a whole first one; then silence."""
    async with wire_to(address) as wire:
        data = message_head(size) + bytes(size - 1)
        streams = [wire.open_stream(path) for _ in range(calls)]
        if first:
            for stream in streams:
                await wire.send(stream, message_head(len(first)) + first)
            await asyncio.sleep(1)  # they are open by then
        sending = asyncio.gather(*(wire.send(stream, data) for stream in streams))
        try:
            await asyncio.wait({sending}, timeout=20)
            yield wire
        finally:
            sending.cancel()


@asynccontextmanager
async def silent(address: str, calls: int, *, path: str = PUSH.path) -> AsyncIterator[Wire]:
    """Calls that say nothing after their headers, on one connection."""
    async with wire_to(address) as wire:
        for _ in range(calls):
            wire.open_stream(path)
        yield wire


async def compressed(address: str, calls: int, size: int) -> Outcomes:
    """Requests that are small only on the wire."""
    request = _push("compressed", "m", "x" * size)
    async with connect(address, compression=grpc.Compression.Gzip) as channel:
        push = channel.unary_unary(PUSH.path)
        return await outcomes(push(request, timeout=60) for _ in range(calls))


@asynccontextmanager
async def unread(address: str, entry: Rpc, requests: Iterable[bytes]) -> AsyncIterator[list[Any]]:
    """Calls whose answers nobody reads, on one connection."""
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(connect(address))
        method = channel.unary_stream(entry.path)
        calls = [method(request, timeout=YEAR_SECONDS) for request in requests]
        yield calls
        for call in calls:
            call.cancel()


async def fill_queues(address: str, queues: int, messages: int, size: int) -> None:
    """Queues whose messages make large answers."""
    async with PodiumClient(address, timeout_seconds=120) as podium:
        payload = "x" * size
        for queue in range(queues):
            await asyncio.gather(
                *(
                    podium.queues.push(f"q{queue}", PushMessage(id=f"m{number}", payload=payload))
                    for number in range(messages)
                )
            )


async def fill_tasks(address: str, tasks: int, size: int) -> bytes:
    """Tasks that make a large answer together; the GetTasks request for all of them."""
    output = to_raw({"data": "x" * size})
    ids = [f"t{number}" for number in range(tasks)]
    async with PodiumClient(address, timeout_seconds=120) as podium:
        await podium.executions.create_workflow(make_workflow())
        for id_ in ids:
            await podium.executions.create_tasks([make_task(id_, output_data=output)])
    return execution_tasks_pb2.GetTasksRequest(task_ids=ids).SerializeToString()


async def fill_payload(address: str, size: int) -> tuple[bytes, bytes]:
    """A task whose input is stored outside; the requests of GetTask and of GetTasksForWorkflow that put it back."""
    path = "task/input/large.json"
    await upload(address, path, size, first=b'{"a":"', last=b'"}')
    async with PodiumClient(address, timeout_seconds=120) as podium:
        await podium.executions.create_workflow(make_workflow())
        task = make_task("t1", external_input_payload_storage_path=path)
        await podium.executions.create_tasks([task])
    return (
        execution_tasks_pb2.GetTaskRequest(task_id="t1", include_payloads=True).SerializeToString(),
        execution_tasks_pb2.GetTasksForWorkflowRequest(
            workflow_id="w1", include_payloads=True
        ).SerializeToString(),
    )


def polls(queues: int, messages: int) -> list[bytes]:
    """Requests of those answers."""
    return [
        queue_messages_pb2.PollMessagesRequest(
            queue_name=f"q{queue}", count=messages
        ).SerializeToString()
        for queue in range(queues)
    ]


async def upload(
    address: str, path: str, size: int, *, first: bytes = b"", last: bytes = b""
) -> None:
    """Store one payload: so many letters, and what stands around them."""
    part = external_payload_service_pb2.UploadRequest
    async with connect(address) as channel:
        call = channel.stream_unary(UPLOAD.path)()
        await call.write(part(header={"path": path, "payload_type": 4}).SerializeToString())
        for chunk in (first, *[b"x" * 2**18] * (size // 2**18), last):
            await call.write(part(chunk=chunk).SerializeToString())
        await call.done_writing()
        await call


def downloads(path: str, calls: int) -> list[bytes]:
    """Requests for one payload."""
    request = external_payload_service_pb2.DownloadRequest(path=path)
    return [request.SerializeToString()] * calls


@asynccontextmanager
async def half_streams(
    address: str, entry: Rpc, first: bytes, calls: int
) -> AsyncIterator[list[Any]]:
    """Streams that send their first message and then nothing, with a deadline of a year, on one connection."""
    async with connect(address) as channel:
        kind: Callable[..., Any] = (
            channel.stream_stream if entry is CONSUME else channel.stream_unary
        )
        method = kind(entry.path)
        streams = [method(timeout=YEAR_SECONDS) for _ in range(calls)]
        # Those above the most streams of a connection wait in the client.
        writing = asyncio.gather(
            *(stream.write(first) for stream in streams), return_exceptions=True
        )
        await asyncio.wait({writing}, timeout=2)
        try:
            yield streams
        finally:
            writing.cancel()
            for stream in streams:
                stream.cancel()


OPEN_WITHOUT_CREDIT = consume_pb2.ConsumeRequest(open={"queue_name": "idle"}).SerializeToString()
UPLOAD_HEADER = external_payload_service_pb2.UploadRequest(
    header={"path": "task/output/half.json", "payload_type": 4}
).SerializeToString()
