"""The life of a server process: open, bind, serve, drain, close."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType
from typing import Any, TypeVar

import structlog

from podium_core.errors import StorageError
from podium_server.app_shape import App, OpenFacade
from podium_server.config.addresses import ListenAddress, TcpAddress
from podium_server.config.config import Config
from podium_server.health import HEALTH_SERVICE, PROCESS, Health, StoreMonitor, add_health
from podium_server.idle_connections import cut_off_idle_connections
from podium_server.interceptors import InFlight, Pipeline
from podium_server.process_memory import give_memory_back
from podium_server.reflection import add_reflection
from podium_server.services_beside import limits_beside
from podium_server.startup_errors import StartupError
from podium_server.transport import bind, build_server, require_free

T = TypeVar("T")
Announce = Callable[[Sequence[ListenAddress]], None]

# After the last call; a store that hangs doesn't keep the process.
CLOSE_SECONDS = 10.0
# For clients to close their connections, once no call is left.
HANG_UP_SECONDS = 0.5
# What grpc needs to end the calls that outlive the drain.
CUT_OFF_SECONDS = 5.0

_log = structlog.get_logger("podium.server")


class StopSignals:
    """SIGTERM and SIGINT: the first asks the server to stop, the second ends the process at once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()
        self.name = ""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_signal)

    @property
    def asked(self) -> bool:
        """Whether the server was asked to stop."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Wait until the server is asked to stop."""
        await self._asked.wait()

    def _note_signal(self, number: int, _: FrameType | None) -> None:
        # A plain handler runs even while the loop is stuck, which is when a second signal is sent.
        if self.name:
            os._exit(128 + number)
        self.name = signal.Signals(number).name
        self._loop.call_soon_threadsafe(self._asked.set)


async def serve(config: Config, app: App[Any], announce: Announce) -> None:
    """Serve until a signal asks to stop; returns when everything is closed.

    Args:
        config: The configuration.
        app: What is served.
        announce: Called with the addresses once they are bound and each store was asked for a sign of life.

    Raises:
        StartupError: The server can't start.
    """
    signals = StopSignals()
    require_free(config.server.addresses)
    handle = await _unless_stopped(app.open_facade(config), signals)
    if handle is None:
        return
    try:
        await _Server(config, app, handle, signals).run(announce)
    finally:
        await _close(handle)


async def _unless_stopped(
    opening: Coroutine[Any, Any, OpenFacade], signals: StopSignals
) -> OpenFacade | None:
    """The open facade; None if the server was asked to stop meanwhile."""
    open_task = asyncio.ensure_future(opening)
    stop_task = asyncio.ensure_future(signals.wait())
    await asyncio.wait({open_task, stop_task}, return_when=asyncio.FIRST_COMPLETED)
    stop_task.cancel()
    open_task.cancel()
    try:
        return await open_task
    except asyncio.CancelledError:
        return None
    except StorageError as error:
        raise StartupError(error.message) from error


async def _close(handle: OpenFacade) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await handle.close()
    except TimeoutError:
        _log.error("stores did not close", seconds=CLOSE_SECONDS)
        logging.shutdown()
        # What hangs may be a thread, which the interpreter would wait for. A store survives a kill, so this one too.
        os._exit(1)
    except StorageError:
        _log.exception("stores did not close well")
        raise SystemExit(1) from None


class _Server:
    """One server over an open facade."""

    def __init__(
        self, config: Config, app: App[Any], handle: OpenFacade, signals: StopSignals
    ) -> None:
        self._config = config
        self._handle = handle
        self._signals = signals
        self._draining = asyncio.Event()
        self._health = Health()
        self._grpc = build_server(config.server)
        services = tuple(app.register_services(self._grpc, handle, config))
        self._monitor = StoreMonitor(self._health, handle.stores, config.routing, services)
        self._beside = InFlight()
        pipeline = Pipeline(limits_beside(config.server), self._beside)
        self._refusals_beside = pipeline.failures.refusals
        add_health(self._grpc, self._health, pipeline)
        add_reflection(self._grpc, (*services, HEALTH_SERVICE), self._draining, pipeline)

    async def run(self, announce: Announce) -> None:
        # One that is away keeps no server from starting: health and the log tell, and the others are served.
        await self._monitor.look()
        addresses = bind(self._grpc, self._config.server.addresses)
        await self._grpc.start()
        # What is loaded stays: a full collection, which holds the loop, needn't look at all of it each time.
        gc.collect()
        gc.freeze()
        beside = [
            asyncio.create_task(self._monitor.run()),
            asyncio.create_task(give_memory_back(self._handle.in_flight)),
            asyncio.create_task(
                cut_off_idle_connections(
                    [address.port for address in addresses if isinstance(address, TcpAddress)],
                    (self._handle.in_flight, self._beside),
                )
            ),
        ]
        try:
            self._health.set(PROCESS, serving=True)
            if not self._signals.asked:
                announce(addresses)
            await self._signals.wait()
        finally:
            await self._drain()
            for task in beside:
                task.cancel()

    async def _drain(self) -> None:
        """Take no new calls, let those in flight end, cut off what outlives the time given."""
        seconds = self._config.server.drain_seconds
        _log.info("stopping", signal=self._signals.name, drain_seconds=seconds)
        self._health.drain()
        self._draining.set()
        self._handle.begin_drain()
        loop = asyncio.get_running_loop()
        started = loop.time()
        stopping = asyncio.create_task(self._grpc.stop(seconds))
        ended = await self._calls_ended(stopping, seconds)
        try:
            async with asyncio.timeout(CUT_OFF_SECONDS):
                await asyncio.gather(stopping, self._grpc.stop(None))
        except TimeoutError:
            _log.error("calls did not end when cut off", seconds=CUT_OFF_SECONDS)
            return
        if not ended:
            _log.warning("calls in flight were cut off", drain_seconds=seconds)
        self._refusals_beside.finish()
        _log.info("stopped", seconds=round(loop.time() - started, 3))

    async def _calls_ended(self, stopping: asyncio.Task[None], seconds: float) -> bool:
        """Wait until the calls in flight have ended; False where they take longer."""
        idle = asyncio.create_task(self._wait_until_idle())
        await asyncio.wait({stopping, idle}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if idle.done() and not stopping.done():
            # The last answers leave, and clients hang up. One that never does must not hold up the rest.
            await asyncio.wait({stopping}, timeout=HANG_UP_SECONDS)
        ended = idle.done() or stopping.done()
        idle.cancel()
        return ended

    async def _wait_until_idle(self) -> None:
        for in_flight in (self._handle.in_flight, self._beside):
            await in_flight.wait_until_idle()
