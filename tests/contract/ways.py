"""The ways to reach a store that the contract suite runs on. One more is one more entry in ``WAYS``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from podium_client import PodiumClient
from podium_core.backend import ConnectedStore
from podium_core.execution_service import ExecutionService
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExternalPayloadStorage,
    IndexDAO,
    MetadataDAO,
    PollDataDAO,
    QueueDAO,
    RateLimitingDAO,
)
from podium_server.app import FacadeHandle, open_facade, register_services
from podium_server.config.config import Config
from podium_server.config.load import load_config
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
    index: IndexDAO
    payloads: ExternalPayloadStorage
    stores: Mapping[str, ConnectedStore]
    """What is behind them, for tests that look."""


Settings = Mapping[str, str]
"""The server's, as variables of its environment."""

Way = Callable[[Path, Settings], AbstractAsyncContextManager[Daos]]


@asynccontextmanager
async def sqlite_in_process(folder: Path, settings: Settings) -> AsyncIterator[Daos]:
    """Fresh files, through the facade that the server puts on them."""
    handle = await open_facade(_config(folder, settings))
    facade = handle.facade
    try:
        assert facade.index is not None
        assert facade.payloads is not None
        yield Daos(
            executions=facade.executions,
            metadata=facade.metadata,
            queues=facade.queues,
            event_handlers=facade.event_handlers,
            poll_data=facade.poll_data,
            concurrency_limits=facade.concurrency_limits,
            rate_limits=facade.rate_limits,
            index=facade.index,
            payloads=facade.payloads,
            stores=handle.stores,
        )
    finally:
        await handle.close()


@asynccontextmanager
async def sqlite_over_grpc(folder: Path, settings: Settings) -> AsyncIterator[Daos]:
    """A fresh file behind a server of our own, reached through the Python client."""
    config = _config(folder, settings)
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
                index=podium.index,
                payloads=podium.payloads,
                stores=handle.stores,
            )
            handle.begin_drain()
    finally:
        await handle.close()


def _config(folder: Path, settings: Settings) -> Config:
    return load_config(environment={"PODIUM_DATA_DIR": str(folder), **settings})


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
