"""One adapter for each data type: what the services call."""

from __future__ import annotations

import asyncio

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


class Facade:
    """Routing, resolved: executions behind their facade, every other data type its store's own adapter.

    Attributes:
        index: None where none is routed; so is ``payloads``.
        reconciliation: The checks of AdminService.
        draining: Set when the server stops.
    """

    def __init__(
        self,
        *,
        executions: ExecutionService,
        metadata: MetadataDAO,
        queues: QueueStore,
        event_handlers: EventHandlerDAO,
        poll_data: PollDataDAO,
        concurrency_limits: ConcurrentExecutionLimitDAO,
        rate_limits: RateLimitingDAO,
        index: IndexDAO | None = None,
        payloads: ExternalPayloadStorage | None = None,
        server_info: ServerInfo,
        reconciliation: Reconciliation,
    ) -> None:
        self.executions = executions
        self.metadata = metadata
        self.queues = queues
        self.event_handlers = event_handlers
        self.poll_data = poll_data
        self.concurrency_limits = concurrency_limits
        self.rate_limits = rate_limits
        self.index = index
        self.payloads = payloads
        self.reconciliation = reconciliation
        self.draining = asyncio.Event()
        self._server_info = server_info

    def server_info(self) -> ServerInfo:
        """What this server is. Asks no store."""
        return self._server_info
