"""A server's DAOs, in process or over gRPC, and the adapters of its stores without the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from podium_client import PodiumClient
from podium_core.backend import ConnectedStore, DataType, ExecutionAdapter
from podium_core.clock import Clock
from podium_core.execution_service import ExecutionService
from podium_core.models import Guarantee
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExternalPayloadStorage,
    IndexDAO,
    MetadataDAO,
    Outbox,
    PollDataDAO,
    QueueDAO,
    QueueStore,
    QueueTarget,
    RateLimitingDAO,
    StoredDocuments,
)
from podium_core.searching import IndexReads
from podium_server.app import FacadeHandle, open_facade, open_stores, register_services
from podium_server.config.config import Config
from podium_server.transport import build_server

T = TypeVar("T")


@dataclass(frozen=True)
class Daos:
    """What clients of a server see, however they reach it; and its outbox."""

    executions: ExecutionService
    metadata: MetadataDAO
    queues: QueueDAO
    event_handlers: EventHandlerDAO
    poll_data: PollDataDAO
    concurrency_limits: ConcurrentExecutionLimitDAO
    rate_limits: RateLimitingDAO
    index: IndexDAO
    payloads: ExternalPayloadStorage
    outbox: Outbox


@dataclass(frozen=True)
class Adapters:
    """What backends give, without a facade and without drainers: a test puts on them what it needs."""

    guarantee: Guarantee
    executions: ExecutionAdapter
    outbox: Outbox
    stored_documents: StoredDocuments
    metadata: MetadataDAO
    queues: QueueStore
    queue_target: QueueTarget
    event_handlers: EventHandlerDAO
    poll_data: PollDataDAO
    concurrency_limits: ConcurrentExecutionLimitDAO
    rate_limits: RateLimitingDAO
    index: IndexReads
    payloads: ExternalPayloadStorage
    stores: tuple[ConnectedStore, ...]

    async def maintain(self) -> None:
        """One piece of housekeeping in each store."""
        for store in self.stores:
            if store.maintain is not None:
                await store.maintain()


@asynccontextmanager
async def opened_in_process(config: Config, clock: Clock) -> AsyncIterator[Daos]:
    """The facade that a server puts on its stores."""
    handle = await open_facade(config, clock=clock)
    facade = handle.facade
    try:
        yield Daos(
            executions=facade.executions,
            metadata=facade.metadata,
            queues=facade.queues,
            event_handlers=facade.event_handlers,
            poll_data=facade.poll_data,
            concurrency_limits=facade.concurrency_limits,
            rate_limits=facade.rate_limits,
            index=_there(facade.index),
            payloads=_there(facade.payloads),
            outbox=_outbox(config, handle),
        )
    finally:
        await handle.close()


@asynccontextmanager
async def opened_over_grpc(config: Config, clock: Clock) -> AsyncIterator[Daos]:
    """A server of our own, reached through the Python client."""
    handle = await open_facade(config, clock=clock)
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
                outbox=_outbox(config, handle),
            )
            handle.begin_drain()
    finally:
        await handle.close()


@asynccontextmanager
async def opened_adapters(config: Config, clock: Clock) -> AsyncIterator[Adapters]:
    """The stores alone."""
    stores = await open_stores(config, clock=clock)
    of = {data_type: stores[name] for data_type, name in config.routing.items()}
    executions, queues, index = (
        of[data_type] for data_type in (DataType.EXECUTIONS, DataType.QUEUES, DataType.INDEX)
    )
    try:
        yield Adapters(
            guarantee=config.commit_guarantee,
            executions=_there(executions.executions),
            outbox=_there(executions.outbox),
            stored_documents=_there(executions.stored_documents),
            metadata=_there(of[DataType.METADATA].metadata),
            queues=_there(queues.queues),
            queue_target=_there(queues.queue_target),
            event_handlers=_there(of[DataType.EVENT_HANDLERS].event_handlers),
            poll_data=_there(of[DataType.POLL_DATA].poll_data),
            concurrency_limits=_there(of[DataType.CONCURRENCY_LIMITS].concurrency_limits),
            rate_limits=_there(of[DataType.RATE_LIMITS].rate_limits),
            index=_there(index.index),
            payloads=_there(of[DataType.PAYLOADS].payloads),
            stores=tuple(stores.values()),
        )
    finally:
        await asyncio.gather(*(store.close() for store in stores.values()))


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


def _outbox(config: Config, handle: FacadeHandle) -> Outbox:
    return _there(handle.stores[config.routing[DataType.EXECUTIONS]].outbox)


def _there(adapter: T | None) -> T:
    assert adapter is not None
    return adapter
