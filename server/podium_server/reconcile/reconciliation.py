"""The checks that AdminService offers."""

from __future__ import annotations

from dataclasses import dataclass

from podium_server.reconcile.index_check import IndexCheck
from podium_server.reconcile.outbox_admin import OutboxAdmin
from podium_server.reconcile.queue_check import QueueCheck


@dataclass(frozen=True)
class Reconciliation:
    """The checks of one server.

    Attributes:
        index: None where no index is routed, or an engine indexes on its own.
        outbox: None where the store of executions has none.
    """

    queues: QueueCheck
    index: IndexCheck | None = None
    outbox: OutboxAdmin | None = None
