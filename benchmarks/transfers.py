"""Jobs of the load generator that send or read one long stream."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from benchmarks.generator import Connections
from benchmarks.jobs import Driven
from benchmarks.machine import busy_seconds

_SECONDS = 60.0


async def upload(
    connections: Connections, address: str, path: str, header: bytes, chunk: bytes, count: int
) -> Driven:
    """Send the header, and so many times the chunk."""

    async def send() -> int:
        call = connections.to(address).stream_unary(path)(timeout=_SECONDS)
        if header:
            await call.write(header)
        for _ in range(count):
            await call.write(chunk)
        await call.done_writing()
        await call
        return count * len(chunk)

    return await _time(send)


async def download(connections: Connections, address: str, path: str, request: bytes) -> Driven:
    """Read a stream to its end."""

    async def read() -> int:
        call = connections.to(address).unary_stream(path)(request, timeout=_SECONDS)
        return sum([len(chunk) async for chunk in call])

    return await _time(read)


async def _time(transfer: Callable[[], Awaitable[int]]) -> Driven:
    began, own, machine = time.perf_counter(), time.process_time(), busy_seconds()
    count = await transfer()
    seconds = time.perf_counter() - began
    return Driven(
        chains=1,
        seconds=seconds,
        answer_bytes=count,
        p50_ms=seconds * 1000,
        p99_ms=seconds * 1000,
        generator_seconds=time.process_time() - own,
        machine_seconds=busy_seconds() - machine,
    )
