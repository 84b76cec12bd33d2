"""What the load generator can be asked to do. Requests are bytes, so that no codec runs beside the measured server."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from benchmarks.generator import Connections
from benchmarks.machine import busy_seconds

Chain = tuple[tuple[str, bytes], ...]
"""Calls (path, request) that follow each other: the next is sent when the answer is there."""

_HELD_BY_ONE_CONNECTION = 100


async def nothing(connections: Connections) -> None:
    """Shows that the process is there and has imported what it needs."""
    import grpc

    del connections, grpc


@dataclass(frozen=True)
class Driven:
    """What a load came to.

    Attributes:
        seconds: From the first request to the last answer.
        answer_bytes: Of one call, on average.
        generator_seconds: Processor time of the generator.
        machine_seconds: Processor time of everything on the machine.
    """

    chains: int
    seconds: float
    answer_bytes: float
    p50_ms: float
    p99_ms: float
    generator_seconds: float
    machine_seconds: float

    @property
    def rate(self) -> float:
        """Chains per second."""
        return self.chains / self.seconds


async def drive(
    connections: Connections, address: str, chains: Sequence[Chain], in_flight: int
) -> Driven:
    """Carry out every chain, so many at a time."""
    return await Load(_prepared(connections, address, chains)).run(in_flight)


async def drive_many(
    connections: Connections, addresses: Sequence[str], chains: Sequence[Chain], in_flight: int
) -> Driven:
    """Carry out every chain, so many at a time in all, on several servers at once."""
    count = len(addresses)
    parts = [
        _prepared(connections, address, chains[at::count]) for at, address in enumerate(addresses)
    ]
    load = Load([chain for part in parts for chain in part])
    todos = [iter(part) for part in parts]
    return await load.measured(load.work(todos[at % count]) for at in range(in_flight))


async def read_streams(
    connections: Connections, address: str, path: str, requests: Sequence[bytes], in_flight: int
) -> Driven:
    """Read streams to their ends, so many at a time."""
    stream = connections.to(address).unary_stream(path)

    async def read(request: bytes) -> bytes:
        return b"".join([chunk async for chunk in stream(request)])

    return await Load([[(read, request)] for request in requests]).run(in_flight)


async def pace(
    connections: Connections, address: str, chains: Sequence[Chain], rate: float
) -> Driven:
    """Begin so many chains a second, without waiting for earlier ones; times count from when each was to begin."""
    load = Load(_prepared(connections, address, chains))
    first = time.perf_counter() + 0.05

    async def begin(chain: Prepared, due: float) -> None:
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        await load.carry_out(chain, due)

    return await load.measured(
        begin(chain, first + at / rate) for at, chain in enumerate(load.prepared)
    )


Prepared = Sequence[tuple[Callable[[Any], Awaitable[bytes]], Any]]
"""Calls that follow each other, each ready to be sent: what takes a request and gives an answer, and the request."""


def _prepared(connections: Connections, address: str, chains: Sequence[Chain]) -> list[Prepared]:
    channel = connections.to(address)
    calls = {path: channel.unary_unary(path) for chain in chains for path, _ in chain}
    return [[(calls[path], request) for path, request in chain] for chain in chains]


class Load:
    """Calls, ready to be sent, and what they came to."""

    def __init__(self, prepared: Sequence[Prepared]) -> None:
        self.prepared = prepared
        self._times: list[float] = []
        self._answer_bytes = 0

    async def run(self, in_flight: int) -> Driven:
        """Carry out every chain, so many at a time."""
        todo = iter(self.prepared)
        return await self.measured(self.work(todo) for _ in range(in_flight))

    async def work(self, todo: Iterator[Prepared]) -> None:
        """Carry out chains, one after the other, as long as there are some."""
        for chain in todo:
            await self.carry_out(chain, time.perf_counter())

    async def carry_out(self, chain: Prepared, began: float) -> None:
        """Carry out a chain that was to begin then."""
        for call, request in chain:
            # Not in the sum itself, which would then be read before the wait.
            answer = await call(request)
            self._answer_bytes += len(answer)
        self._times.append(time.perf_counter() - began)

    async def measured(self, work: Iterable[Coroutine[Any, Any, None]]) -> Driven:
        """What it comes to, carried out by this work."""
        began, own, machine = time.perf_counter(), time.process_time(), busy_seconds()
        await asyncio.gather(*work)
        seconds = time.perf_counter() - began
        own, machine = time.process_time() - own, busy_seconds() - machine
        times = sorted(self._times)
        return self._driven(times, seconds, own, machine)

    def _driven(self, times: list[float], seconds: float, own: float, machine: float) -> Driven:
        return Driven(
            chains=len(self.prepared),
            seconds=seconds,
            answer_bytes=self._answer_bytes / sum(map(len, self.prepared)),
            p50_ms=times[len(times) // 2] * 1000,
            p99_ms=times[len(times) * 99 // 100] * 1000,
            generator_seconds=own,
            machine_seconds=machine,
        )


async def until_healthy(connections: Connections, address: str) -> float:
    """When a server said SERVING, by the monotonic clock, which processes share."""
    from grpc import StatusCode
    from grpc.aio import AioRpcError

    check = connections.to(address).unary_unary("/grpc.health.v1.Health/Check")
    serving = b"\x08\x01"
    while True:
        try:
            if await check(b"", timeout=10.0) == serving:
                return time.monotonic()
        except AioRpcError as error:
            if error.code() is not StatusCode.UNAVAILABLE:
                raise
        await asyncio.sleep(0.005)


async def create_tasks(
    connections: Connections, address: str, workflow_id: str, count: int, per_call: int
) -> None:
    """Fill a workflow with tasks of 1 kB; not measured, so made as they are sent."""
    from benchmarks import data

    path, channel = data.path("CreateTasks"), connections.to(address)
    call = channel.unary_unary(path)

    async def work(requests: Iterator[bytes]) -> None:
        for request in requests:
            await call(request, timeout=60.0)

    names = iter(data.task_names(workflow_id, count))
    requests = (
        data.create_tasks(workflow_id, batch)
        for batch in iter(lambda: list(islice(names, per_call)), [])
    )
    await asyncio.gather(*(work(requests) for _ in range(4)))


@dataclass(frozen=True)
class Streamed:
    """The bytes and messages of a stream."""

    tasks: int
    bytes: int
    seconds: float


async def stream_tasks(connections: Connections, address: str, workflow_id: str) -> Streamed:
    """Read GetTasksForWorkflow to its end, and count."""
    from benchmarks import data
    from podium.v1 import execution_tasks_pb2 as pb

    call = connections.to(address).unary_stream(data.path("GetTasksForWorkflow"))
    request = pb.GetTasksForWorkflowRequest(workflow_id=workflow_id).SerializeToString()
    tasks = size = 0
    began = time.perf_counter()
    async for chunk in call(request, timeout=120.0):
        size += len(chunk)
        tasks += len(pb.GetTasksForWorkflowResponse.FromString(chunk).tasks)
    return Streamed(tasks, size, time.perf_counter() - began)


async def hold(
    connections: Connections, address: str, path: str, requests: Sequence[bytes], seconds: float
) -> None:
    """Begin calls and leave them waiting, on connections of their own: a server takes only so many from one."""
    channels = connections.further(address, -(-len(requests) // _HELD_BY_ONE_CONNECTION))
    calls = cycle([channel.unary_unary(path) for channel in channels])

    async def wait(call: Any, request: bytes) -> None:
        await call(request, timeout=seconds)

    connections.held += [
        asyncio.ensure_future(wait(call, request))
        for call, request in zip(calls, requests, strict=False)
    ]
    await asyncio.sleep(1.0)
    if ended := [task for task in connections.held if task.done()]:
        raise RuntimeError(f"{len(ended)} calls did not wait; the first: {ended[0].exception()}")


async def let_go(connections: Connections) -> None:
    """End the calls that wait."""
    for task in connections.held:
        task.cancel()
    await asyncio.gather(*connections.held, return_exceptions=True)
    connections.held.clear()


async def deliver(
    connections: Connections, consumer_at: str, producer_at: str, queue: str, count: int
) -> list[float]:
    """Milliseconds from sending a Push to having it from a Pop that waits: one message after the other."""
    from benchmarks import data

    pop = connections.to(consumer_at).unary_unary(data.path("Pop"))
    push = connections.to(producer_at).unary_unary(data.path("Push"))
    times = []
    for number in range(count):
        waiting = asyncio.ensure_future(pop(data.pop(queue, timeout_ms=5_000), timeout=10.0))
        # A component that polls must be met at any moment between two polls.
        await asyncio.sleep(0.03 + random.random() * 0.03)
        began = time.perf_counter()
        await push(data.push(queue, f"{queue}-{number}"))
        if not await waiting:
            raise RuntimeError("a waiting Pop came back empty")
        times.append((time.perf_counter() - began) * 1000)
    return times
