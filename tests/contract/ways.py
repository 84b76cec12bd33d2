"""The ways to reach a store that the contract suite runs on. One more is one more entry in ``WAYS``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium_backends.sqlite.settings import SqliteSettings
from podium_backends.sqlite.spec import SPEC
from podium_client import PodiumClient
from podium_core.backend import StoreContext
from podium_core.dao import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionService,
    MetadataDAO,
    PollDataDAO,
    QueueDAO,
    RateLimitingDAO,
)
from podium_server.app import FacadeHandle, open_facade, register_services
from podium_server.config.config import Config
from podium_server.config.load import load_config
from podium_server.facade.executions import ExecutionFacade
from podium_server.transport import build_server


@dataclass(frozen=True)
class Daos:
    """One store's DAOs, however they are reached."""

    executions: ExecutionService
    metadata: MetadataDAO
    queues: QueueDAO
    event_handlers: EventHandlerDAO
    poll_data: PollDataDAO
    concurrency_limits: ConcurrentExecutionLimitDAO
    rate_limits: RateLimitingDAO


Way = Callable[[Path], AbstractAsyncContextManager[Daos]]


@asynccontextmanager
async def sqlite_in_process(folder: Path) -> AsyncIterator[Daos]:
    """A fresh file, its adapters called directly, executions through their facade."""
    context = StoreContext(name="main", serves=SPEC.serves)
    store = await SPEC.connect(context, SqliteSettings(path=folder / "podium.db"))
    try:
        assert store.executions is not None
        assert store.metadata is not None
        assert store.queues is not None
        assert store.event_handlers is not None
        assert store.poll_data is not None
        assert store.concurrency_limits is not None
        assert store.rate_limits is not None
        yield Daos(
            executions=ExecutionFacade(
                store.executions, store.queues, limits=store.concurrency_limits
            ),
            metadata=store.metadata,
            queues=store.queues,
            event_handlers=store.event_handlers,
            poll_data=store.poll_data,
            concurrency_limits=store.concurrency_limits,
            rate_limits=store.rate_limits,
        )
    finally:
        await store.close()


@asynccontextmanager
async def sqlite_over_grpc(folder: Path) -> AsyncIterator[Daos]:
    """A fresh file behind a server of our own, reached through the Python client."""
    config = load_config(environment={"PODIUM_DATA_DIR": str(folder)})
    handle = await open_facade(config)
    try:
        async with _listening(handle, config) as address, PodiumClient(address) as podium:
            yield Daos(
                executions=podium.executions,
                metadata=podium.metadata,
                queues=podium.queues,
                event_handlers=podium.event_handlers,
                poll_data=podium.poll_data,
                concurrency_limits=podium.concurrency_limits,
                rate_limits=podium.rate_limits,
            )
            handle.begin_drain()
    finally:
        await handle.close()


@asynccontextmanager
async def _listening(handle: FacadeHandle, config: Config) -> AsyncIterator[str]:
    server = build_server(config.server)
    register_services(server, handle, config)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


WAYS: dict[str, Way] = {"sqlite": sqlite_in_process, "sqlite-grpc": sqlite_over_grpc}
