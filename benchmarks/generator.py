"""The load generator: a process of its own with one event loop, which carries out the jobs that it is sent."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

STOP_SECONDS = 10.0
_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
    # A server that is still starting is tried again at once, not after a second.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 100),
]


class Connections:
    """What the generator holds from one job to the next.

    Attributes:
        held: Calls that go on after the jobs.
    """

    def __init__(self) -> None:
        self._channels: dict[str, Any] = {}
        self.held: list[asyncio.Task[Any]] = []

    def to(self, address: str) -> Any:
        """The channel to a server: bytes in, bytes out, one connection."""
        # grpc is for the generator's process alone: the one that starts servers stays free of its threads.
        import grpc

        if address not in self._channels:
            self._channels[address] = grpc.aio.insecure_channel(address, options=_OPTIONS)
        return self._channels[address]

    def further(self, address: str, count: int) -> list[Any]:
        """Channels to a server that share no connection with any other."""
        import grpc

        return [grpc.aio.insecure_channel(address, options=_OPTIONS) for _ in range(count)]


Job = Callable[Concatenate[Connections, P], Awaitable[T]]


class Generator:
    """The other end of the generator's process."""

    def __init__(self, pipe: Connection[Any, Any]) -> None:
        self._pipe = pipe

    def run(self, job: Job[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Carry out a job (a function of a module) in the generator's process, and wait for what it returns."""
        self._pipe.send((job, args, kwargs))
        failure, result = self._pipe.recv()
        if failure:
            raise RuntimeError(f"the load generator failed: {failure}")
        answer: T = result
        return answer


@contextmanager
def load_generator() -> Iterator[Generator]:
    """Start the process; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Generator(ours)
    finally:
        ours.close()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()


def _main(pipe: Connection[Any, Any]) -> None:
    import uvloop

    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(pipe))


async def _serve(pipe: Connection[Any, Any]) -> None:
    connections = Connections()
    loop = asyncio.get_running_loop()
    while True:
        try:
            # In a thread, so that the calls held go on while no job runs.
            job, args, kwargs = await loop.run_in_executor(None, pipe.recv)
        except EOFError:
            return
        try:
            pipe.send(("", await job(connections, *args, **kwargs)))
        except Exception as error:
            pipe.send((f"{type(error).__name__}: {error}", None))
