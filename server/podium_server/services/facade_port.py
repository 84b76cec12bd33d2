"""What the services need of the facade; ``podium_server.facade`` implements it without knowing the services."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from podium_core.backend import Durability
from podium_core.dao import (
    ConcurrentExecutionLimitDAO,
    EventHandlerDAO,
    ExecutionService,
    Guarantee,
    MetadataDAO,
    PollDataDAO,
    QueueStore,
    RateLimitingDAO,
)


class DataTypeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One data type and the store that serves it; an empty ``store_name``: none does."""

    data_type: str
    store_name: str = ""
    backend_kind: str = ""
    capabilities: tuple[str, ...] = ()
    durability: Durability | None = None
    guarantees: tuple[str, ...] = ()


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that the server holds to, as admin_service.proto explains them. 0: no limit."""

    max_message_bytes: int
    max_write_items: int
    max_write_bytes: int
    max_read_ids: int
    max_json_depth: int
    max_calls_in_flight: int
    default_deadline_ms: int
    workflow_payload_soft_limit_bytes: int = 0
    workflow_payload_hard_limit_bytes: int = 0
    task_payload_soft_limit_bytes: int = 0
    task_payload_hard_limit_bytes: int = 0


class ServerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What GetServerInfo answers."""

    version: str
    data_types: tuple[DataTypeInfo, ...]
    limits: ServerLimits
    commit_guarantee: Guarantee


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
