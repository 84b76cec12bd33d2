"""One adapter for each data type: what the services call."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from podium_core.execution_service import ExecutionService
from podium_core.ports import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExternalPayloadStorage,
    IndexDAO,
    MetadataDAO,
    PollDataDAO,
    QueueStore,
    RateLimitingDAO,
)
from podium_core.server_info import ServerInfo
from podium_server.reconcile.reconciliation import Reconciliation


@dataclass(frozen=True, kw_only=True)
class Facade:
    """The routing, resolved: executions through their facade, each other data type through its store's own adapter.

    Attributes:
        server_info: What this server is; reading it asks no store.
        reconciliation: The checks of AdminService.
        index: None where no index is routed; ``payloads`` likewise.
        draining: Set when the server stops.
    """

    executions: ExecutionService
    metadata: MetadataDAO
    queues: QueueStore
    event_handlers: EventHandlerDAO
    poll_data: PollDataDAO
    concurrency_limits: ConcurrentExecutionLimitDAO
    rate_limits: RateLimitingDAO
    server_info: ServerInfo
    reconciliation: Reconciliation
    index: IndexDAO | None = None
    payloads: ExternalPayloadStorage | None = None
    draining: asyncio.Event = field(default_factory=asyncio.Event)
