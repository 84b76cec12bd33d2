"""The only place that wires: stores from the configuration, the facade on them, the services on the facade."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

import grpc
import structlog

from podium_core.backend import ConnectedStore, DataType, QueueDefaults, StoreContext
from podium_core.errors import StorageError
from podium_server.config.config import Config
from podium_server.facade.executions import ExecutionFacade, SideEffects
from podium_server.facade.facade import Facade
from podium_server.facade.payload_limits import PayloadLimits
from podium_server.outbox.drainer import Drainer
from podium_server.outbox.targets import queue_targets, removal_target
from podium_server.server_info import call_limits, server_info
from podium_server.services.registration import Services, register

T = TypeVar("T")

MAINTENANCE_SECONDS = 15.0

_log = structlog.get_logger("podium.app")


class FacadeHandle:
    """The facade and the stores under it, open; with the drainer and the housekeeping that run beside the calls."""

    def __init__(
        self, facade: Facade, stores: Mapping[str, ConnectedStore], drainer: Drainer | None
    ) -> None:
        self.facade = facade
        self.stores = stores
        self.services: list[Services] = []
        self._tasks = [
            asyncio.create_task(_housekeeping(store))
            for store in stores.values()
            if store.maintain is not None
        ]
        if drainer is not None:
            self._tasks.append(asyncio.create_task(drainer.run()))

    def begin_drain(self) -> None:
        """End the waiting of those who wait for messages."""
        self.facade.draining.set()

    async def close(self) -> None:
        """End what runs beside the calls and behind ended ones, and close the stores."""
        await asyncio.gather(*(services.finish() for services in self.services))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(store.close() for store in self.stores.values()))


async def _housekeeping(store: ConnectedStore) -> None:
    while True:
        await asyncio.sleep(MAINTENANCE_SECONDS)
        try:
            if store.maintain is not None:
                await store.maintain()
        except StorageError as error:
            _log.warning("housekeeping failed", store=store.context.name, error=str(error))
        except Exception:
            _log.exception("housekeeping met a defect", store=store.context.name)


async def open_facade(config: Config) -> FacadeHandle:
    """Open the stores in use and put the facade on them.

    Raises:
        StorageError: A store can't be opened; those that were are closed again.
    """
    stores: dict[str, ConnectedStore] = {}
    try:
        for store in config.stores_in_use:
            context = StoreContext(
                name=store.name,
                serves=frozenset(config.data_types_of(store.name)),
                queue_defaults=_queue_defaults(config),
            )
            stores[store.name] = await store.spec.connect(context, store.settings)
    except BaseException:
        await asyncio.gather(*(opened.close() for opened in stores.values()))
        raise
    return _assembled(config, stores)


def _queue_defaults(config: Config) -> QueueDefaults:
    return QueueDefaults(
        unack_timeout_ms=config.queues.unack_timeout_ms,
        by_queue={name: own.unack_timeout_ms for name, own in config.queues.per_queue.items()},
    )


def _assembled(config: Config, stores: Mapping[str, ConnectedStore]) -> FacadeHandle:
    def serving(data_type: DataType) -> ConnectedStore:
        return stores[config.routing[data_type]]

    executions, queues = serving(DataType.EXECUTIONS), serving(DataType.QUEUES)
    target = None if executions is queues else _served(queues.queue_target)
    drainer = _drainer(executions, queues)
    limits = _served(serving(DataType.CONCURRENCY_LIMITS).concurrency_limits)
    facade = Facade(
        executions=ExecutionFacade(
            _served(executions.executions),
            _served(queues.queues),
            limits=limits,
            queue_target=target,
            side_effects=SideEffects(
                decider_queue=config.facade.push_to_decider_queue,
                decider_offset_ms=config.facade.decider_offset_ms,
            ),
            payload_limits=PayloadLimits(
                workflow_bytes=config.payloads.workflow_hard_limit_bytes,
                task_bytes=config.payloads.task_hard_limit_bytes,
            ),
            wake_drainer=drainer.wake if drainer else None,
        ),
        metadata=_served(serving(DataType.METADATA).metadata),
        queues=_served(queues.queues),
        event_handlers=_served(serving(DataType.EVENT_HANDLERS).event_handlers),
        poll_data=_served(serving(DataType.POLL_DATA).poll_data),
        concurrency_limits=limits,
        rate_limits=_served(serving(DataType.RATE_LIMITS).rate_limits),
        server_info=server_info(config),
    )
    return FacadeHandle(facade, stores, drainer)


def _drainer(executions: ConnectedStore, queues: ConnectedStore) -> Drainer | None:
    if executions.outbox is None:
        return None
    targets = dict(removal_target(_served(executions.executions)))
    if executions is not queues:
        targets |= queue_targets(_served(queues.queues), _served(queues.queue_target))
    return Drainer(executions.outbox, targets)


def _served(adapter: T | None) -> T:
    """The adapter; the configuration has made sure that the store's kind serves it."""
    if adapter is None:
        raise LookupError("a store lacks an adapter that its kind declares")
    return adapter


def register_services(
    server: grpc.aio.Server, handle: FacadeHandle, config: Config
) -> Sequence[str]:
    """Add the services to a server; their full names, as ``podium.v1.QueueService``."""
    services = register(
        server, handle.facade, call_limits(config), log_calls=config.logging.log_calls
    )
    handle.services.append(services)
    return services.names
