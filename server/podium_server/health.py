"""grpc.health.v1: one entry for each service, one for each store (``store/<name>``), and ``""`` for the process.

A service is as healthy as the stores that its data types are routed to. The process's own entry doesn't follow them: a
restart mends no store, and other services go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import grpc
import structlog
from grpc_health.v1 import health_pb2

from podium_core.backend import DataType
from podium_core.errors import NotFoundError
from podium_server.app_shape import StoreHandle
from podium_server.interceptors import Call, Pipeline
from podium_server.services_beside import add_service

HEALTH_SERVICE = "grpc.health.v1.Health"
PROCESS = ""
STORE_PREFIX = "store/"
PING_SECONDS = 1.0
PING_TIMEOUT_SECONDS = 2.0

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

# AdminService asks no store.
DATA_TYPES: Mapping[str, tuple[DataType, ...]] = {
    "podium.v1.ExecutionService": (DataType.EXECUTIONS,),
    "podium.v1.MetadataService": (DataType.METADATA,),
    "podium.v1.IndexService": (DataType.INDEX,),
    "podium.v1.QueueService": (DataType.QUEUES,),
    "podium.v1.EventHandlerService": (DataType.EVENT_HANDLERS,),
    "podium.v1.PollDataService": (DataType.POLL_DATA,),
    "podium.v1.ConcurrentExecutionLimitService": (DataType.CONCURRENCY_LIMITS,),
    "podium.v1.RateLimitingService": (DataType.RATE_LIMITS,),
    "podium.v1.ExternalPayloadService": (DataType.PAYLOADS,),
}

_log = structlog.get_logger("podium.health")


class Health:
    """The entries, and those who watch them."""

    def __init__(self) -> None:
        self._serving: dict[str, bool] = {PROCESS: False}
        self._changed = asyncio.Event()
        self._draining = False

    def status(self, entry: str) -> health_pb2.HealthCheckResponse.ServingStatus | None:
        """The status of an entry, None where there is no such entry."""
        serving = self._serving.get(entry)
        return (
            None if serving is None else SERVING if serving and not self._draining else NOT_SERVING
        )

    def set(self, entry: str, *, serving: bool) -> None:
        """Set an entry; while draining, every entry is NOT_SERVING."""
        if self._serving.get(entry) is not serving:
            self._serving[entry] = serving
            self._wake()

    def drain(self) -> None:
        """Turn every entry to NOT_SERVING for good; those who watch are told and their streams end."""
        self._draining = True
        self._wake()

    async def watch(
        self, entry: str
    ) -> AsyncIterator[health_pb2.HealthCheckResponse.ServingStatus]:
        """The status of an entry now and at each change, until the server drains."""
        last = None
        while True:
            changed, draining = self._changed, self._draining
            status = self.status(entry)
            now = SERVICE_UNKNOWN if status is None else status
            if now != last:
                yield now
            if draining:
                return
            last = now
            await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class HealthServicer:
    """The service over the entries. Unlike grpcio's own, its watchers don't hold up a server that stops."""

    def __init__(self, health: Health) -> None:
        self._health = health

    async def check(
        self, request: health_pb2.HealthCheckRequest, call: Call
    ) -> health_pb2.HealthCheckResponse:
        """The status of an entry now; NOT_FOUND where there is no such entry."""
        del call
        status = self._health.status(request.service)
        if status is None:
            raise NotFoundError("health entry", request.service)
        return health_pb2.HealthCheckResponse(status=status)

    async def watch(
        self, request: health_pb2.HealthCheckRequest, call: Call
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The status of an entry now and at each change."""
        del call
        async for status in self._health.watch(request.service):
            yield health_pb2.HealthCheckResponse(status=status)


def add_health(server: grpc.aio.Server, health: Health, pipeline: Pipeline) -> None:
    """Add the service to a server."""
    servicer = HealthServicer(health)
    methods = {"Check": servicer.check, "Watch": servicer.watch}
    add_service(server, health_pb2.DESCRIPTOR.services_by_name["Health"], methods, pipeline)


class StoreMonitor:
    """Asks each store for a sign of life once a second, and sets its entry and those of the services on it."""

    def __init__(
        self,
        health: Health,
        stores: Mapping[str, StoreHandle],
        routing: Mapping[DataType, str],
        services: Sequence[str],
    ) -> None:
        self._health = health
        self._stores = stores
        self._failures: dict[str, str] = {}
        self._needs = {
            service: {
                routing[data_type]
                for data_type in DATA_TYPES.get(service, ())
                if data_type in routing
            }
            for service in services
        }

    async def check(self) -> dict[str, str]:
        """Ask every store once and set the entries. Returns what those that failed said, by store."""
        names = list(self._stores)
        answers = await asyncio.gather(*(self._ping(self._stores[name]) for name in names))
        self._failures = {
            name: failure
            for name, failure in zip(names, answers, strict=True)
            if failure is not None
        }
        self._publish()
        return self._failures

    async def run(self) -> None:
        """Check until cancelled, with a line in the log when a store fails and when it is back."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Check once, with the same lines."""
        before = self._failures
        self._report(before, await self.check())

    async def _ping(self, store: StoreHandle) -> str | None:
        try:
            async with asyncio.timeout(PING_TIMEOUT_SECONDS):
                await store.ping()
        except TimeoutError:
            return f"no answer in {PING_TIMEOUT_SECONDS:g} s"
        except Exception as error:  # any error: the store isn't healthy
            return str(error) or type(error).__name__
        return None

    def _report(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for name in after.keys() - before.keys():
            _log.error(
                "store failed", store=name, kind=self._stores[name].kind, failure=after[name]
            )
        for name in before.keys() - after.keys():
            _log.info("store is back", store=name, kind=self._stores[name].kind)

    def _publish(self) -> None:
        down = self._failures.keys()
        for name in self._stores:
            self._health.set(f"{STORE_PREFIX}{name}", serving=name not in down)
        for service, needs in self._needs.items():
            self._health.set(service, serving=not needs & down)
