"""The life of a server's parts: stores from the configuration, the facade on them, the services on the facade."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import grpc
import structlog

from podium_core.backend import ConnectedStore, QueueDefaults, StoreContext
from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import StorageError
from podium_server.assembly import Assembly, assemble
from podium_server.config.config import Config
from podium_server.interceptors import InFlight
from podium_server.interceptors.long_answers import begin_long_answer
from podium_server.server_info import call_limits
from podium_server.services.registration import Services, register

MAINTENANCE_SECONDS = 15.0

_log = structlog.get_logger("podium.app")


class FacadeHandle:
    """The facade and the stores under it, open; with the drainer and the housekeeping that run beside the calls."""

    def __init__(self, assembly: Assembly, stores: Mapping[str, ConnectedStore]) -> None:
        self.facade = assembly.facade
        self.stores = stores
        self.in_flight = InFlight()
        self.services: list[Services] = []
        self._leases = assembly.leases
        self._tasks = [
            asyncio.create_task(_housekeeping(store))
            for store in stores.values()
            if store.maintain is not None
        ]
        self._tasks += [asyncio.create_task(drainer.run()) for drainer in assembly.drainers]

    def begin_drain(self) -> None:
        """End the waiting of those who wait for messages."""
        self.facade.draining.set()

    async def close(self) -> None:
        """End the background work, also that of ended calls, and close the stores."""
        await asyncio.gather(*(services.finish() for services in self.services))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._leases is not None:
            await self._leases.release()
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


async def open_facade(config: Config, *, clock: Clock = system_clock_ms) -> FacadeHandle:
    """Open the stores in use and put the facade on them.

    Raises:
        StorageError: A store can't be opened; those that were are closed again.
    """
    stores = await open_stores(config, clock=clock)
    return FacadeHandle(assemble(config, stores), stores)


async def open_stores(
    config: Config, *, clock: Clock = system_clock_ms
) -> dict[str, ConnectedStore]:
    """The stores in use by name, open.

    Args:
        config: What to open.
        clock: The time in milliseconds, for stores that have no clock of their own.
    Raises:
        StorageError: A store can't be opened; those that were are closed again.
    """
    stores: dict[str, ConnectedStore] = {}
    try:
        for store in config.stores_in_use:
            context = StoreContext(
                name=store.name,
                serves=frozenset(config.data_types_of(store.name)),
                commit_guarantee=config.commit_guarantee,
                clock=clock,
                queue_defaults=_queue_defaults(config),
                begin_long_answer=begin_long_answer,
                max_answer_bytes=config.server.max_message_bytes,
            )
            stores[store.name] = await store.spec.connect(context, store.settings)
    except BaseException:
        await asyncio.gather(*(opened.close() for opened in stores.values()))
        raise
    return stores


def _queue_defaults(config: Config) -> QueueDefaults:
    return QueueDefaults(
        unack_timeout_ms=config.queues.unack_timeout_ms,
        by_queue={name: own.unack_timeout_ms for name, own in config.queues.per_queue.items()},
    )


def register_services(
    server: grpc.aio.Server, handle: FacadeHandle, config: Config
) -> Sequence[str]:
    """Add the services to a server; their full names, as ``podium.v1.QueueService``."""
    services = register(
        server,
        handle.facade,
        call_limits(config),
        handle.in_flight,
        log_calls=config.logging.log_calls,
    )
    handle.services.append(services)
    return services.names
