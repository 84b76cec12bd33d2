"""What the services need of the facade; ``podium_server.facade`` implements it without knowing the services."""

from __future__ import annotations

import asyncio
from typing import Protocol

from podium_core.dao import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionService,
    MetadataDAO,
    PollDataDAO,
    QueueStore,
    RateLimitingDAO,
)
from podium_core.server_info import ServerInfo


class Facade(Protocol):
    """One DAO for each data type, each with the facade's side effects."""

    @property
    def executions(self) -> ExecutionService:
        """Workflows, tasks, event executions, Commit."""
        ...

    @property
    def metadata(self) -> MetadataDAO:
        """Definitions."""
        ...

    @property
    def queues(self) -> QueueStore:
        """Queues."""
        ...

    @property
    def event_handlers(self) -> EventHandlerDAO:
        """Event handlers."""
        ...

    @property
    def poll_data(self) -> PollDataDAO:
        """Poll data."""
        ...

    @property
    def concurrency_limits(self) -> ConcurrentExecutionLimitDAO:
        """Places of running tasks."""
        ...

    @property
    def rate_limits(self) -> RateLimitingDAO:
        """Grants of starting tasks."""
        ...

    @property
    def draining(self) -> asyncio.Event:
        """Set when the server stops: who waits for messages is answered at once, endless streams end."""
        ...

    def server_info(self) -> ServerInfo:
        """What this server is. Asks no store."""
        ...
