"""The parts that an execution facade works with, and the rules that it follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from podium_core.backend import Capability
from podium_core.errors import UnsupportedOperationError
from podium_core.write_set.write_limits import UNLIMITED, WriteLimits
from podium_server.facade.archive_reads import ArchiveReads
from podium_server.facade.payload_limits import PayloadLimits
from podium_server.facade.payload_reads import PayloadReads
from podium_server.facade.payload_writes import PayloadWrites
from podium_server.facade.removal import RemovalFacade
from podium_server.facade.side_effects import SideEffects
from podium_server.facade.two_stores import QueueDelivery


@dataclass(frozen=True, kw_only=True)
class ExecutionRules:
    """What the store of executions declares, and what the configuration adds.

    Attributes:
        backend: The kind of the store, for errors.
        capabilities: What the store can do.
        write_limits: The limits of one write to the store.
        side_effects: What the facade adds to writes.
    """

    backend: str = ""
    capabilities: frozenset[Capability] = frozenset(Capability)
    write_limits: WriteLimits = UNLIMITED
    side_effects: SideEffects = field(default_factory=SideEffects)

    def require(self, capability: Capability, method: str) -> None:
        """Refuse a method that the store can't serve.

        Raises:
            UnsupportedOperationError: The store lacks the capability.
        """
        if capability not in self.capabilities:
            raise UnsupportedOperationError(self.backend, method)


@dataclass(frozen=True, kw_only=True)
class ExecutionParts:
    """What the facade works with; each part may be absent.

    Attributes:
        removals: Completes removals; None: without archive.
        queues_elsewhere: Set where a Commit is ORDERED: queues take no part in the step of a WriteSet.
        payload_writes: Checks the sizes of inputs and outputs, and moves large ones to the payload store.
        payload_reads: Reads them back.
        archive_reads: Reads workflows that were removed with archive.
        wake: Called after a removal record was set.
        wake_indexer: Called after something was marked for the index.
    """

    removals: RemovalFacade | None = None
    queues_elsewhere: QueueDelivery | None = None
    payload_writes: PayloadWrites = field(default_factory=lambda: PayloadWrites(PayloadLimits()))
    payload_reads: PayloadReads = field(default_factory=PayloadReads)
    archive_reads: ArchiveReads | None = None
    wake: Callable[[], None] = lambda: None
    wake_indexer: Callable[[], None] = lambda: None
