"""What an executions adapter implements beside the reads of ExecutionDAO: WriteSets, and the steps of removals."""

from __future__ import annotations

from typing import Protocol

from podium_core.ports.removal_store import RemovalStore
from podium_core.write_set import WriteOutcome, WriteSet


class ExecutionStore(RemovalStore, Protocol):
    """A store of executions. ``podium_core.decide`` decides what a WriteSet does; the store looks up and carries out."""

    async def apply(self, write_set: WriteSet) -> WriteOutcome:
        """Carry out a WriteSet wholly or not at all.

        Raises:
            NotFoundError, ConflictError, FailedPreconditionError: A guard doesn't hold, or the request id was used for
                another request; nothing was written.
            UploadLostError: An uploaded payload is being deleted: upload it again.
            RemovalUnderWayError: The id belongs to a workflow that is being removed: that has to end first.
        """
        ...
