"""Completes a removal for an RPC; cancels it if archiving can't start."""

from __future__ import annotations

from podium_core.backend import ExecutionAdapter
from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    FailedPreconditionError,
    OutcomeUnknownError,
    StorageError,
)
from podium_core.removal import StoredRemoval
from podium_server.facade.archive_removal import ArchiveRemoval
from podium_server.outbox.archive import Archive
from podium_server.outbox.handlers import PoisonError
from podium_server.outbox.removals import Removals


class RemovalFacade:
    """Removals for RPCs. The drainer finishes a removal that a call can't finish."""

    def __init__(
        self,
        store: ExecutionAdapter,
        archive: Archive | None = None,
        archived: ArchiveRemoval | None = None,
    ) -> None:
        """Takes the store, the archive and its removal; both None where no index is routed."""
        self._store = store
        self._archived = archived
        self._can_archive = archive is not None
        self._removals = Removals(store, archive)

    def require_archive(self, workflow_id: str) -> None:
        """Raise FailedPreconditionError where no index is routed."""
        if not self._can_archive:
            raise FailedPreconditionError(
                "NO_INDEX",
                f"workflow/{workflow_id}",
                "archiving needs an index, and routing.index is none",
            )

    async def complete(self, workflow_id: str, *, cancel_on_failure: bool = False) -> None:
        """End a removal for an RPC, as ``end``. After one with archive, check that the workflow is gone.

        Raises:
            OutcomeUnknownError: As ``end``; or another call for the same removal has cancelled it.
        """
        removal = await self.end(workflow_id, cancel_on_failure=cancel_on_failure)
        if removal is not None and removal.record.archives:
            await self._require_gone(workflow_id)

    async def leave_sets(self, workflow_id: str) -> None:
        """Take the tasks of a workflow that expires out of sets, slots, limits and queues.

        After a failure the drainer does the rest.
        """
        try:
            await self._removals.machine.finish_sweep(workflow_id)
        except BackendUnavailableError as error:
            message = f"workflow '{workflow_id}' expires; its tasks leave the queues by themselves: {error}"
            raise OutcomeUnknownError(error.store, message) from error

    async def remove_archived(self, workflow_id: str, *, delete_payloads: bool) -> bool:
        """Remove what only the archive holds, as ``ArchiveRemoval.remove``."""
        if self._archived is None:
            return False
        return await self._archived.remove(workflow_id, delete_payloads=delete_payloads)

    async def end(
        self, workflow_id: str, *, cancel_on_failure: bool = False
    ) -> StoredRemoval | None:
        """Archive if that was asked for, then delete.

        Args:
            workflow_id: Whose removal.
            cancel_on_failure: If the archive can't be written, cancel the removal: nothing is removed.
        Returns:
            The removal as it was found; None if there is none.
        Raises:
            BackendUnavailableError: Nothing was removed.
            OutcomeUnknownError: The removal has begun, and the drainer continues it.
            CorruptRecordError, FailedPreconditionError: It can't be archived; nothing was removed.
        """
        try:
            removal = await self._removals.machine.look(workflow_id)
            await self._removals.machine.go_on(removal)
        except (BackendUnavailableError, CorruptRecordError, PoisonError) as error:
            if cancel_on_failure and await self._cancel(workflow_id):
                raise _nothing_removed(error, workflow_id) from error
            message = (
                f"the removal of workflow '{workflow_id}' has begun, and goes on by itself: {error}"
            )
            raise OutcomeUnknownError(getattr(error, "store", ""), message) from error
        return removal

    async def _require_gone(self, workflow_id: str) -> None:
        """Another call may have cancelled the same removal, or the id may already have its next workflow."""
        try:
            there = await self._store.get_workflow(workflow_id) is not None
            why = "it exists: its removal was cancelled, or it was created again"
        except StorageError as error:
            there, why = True, f"whether it is gone isn't known: {error}"
        if there:
            raise OutcomeUnknownError("", f"workflow '{workflow_id}': {why}")

    async def _cancel(self, workflow_id: str) -> bool:
        try:
            removal = await self._store.removal(workflow_id)
            return removal is not None and await self._removals.machine.cancel(removal)
        except StorageError:
            return False  # the store itself can't be reached: the removal record stands


def _nothing_removed(error: StorageError, workflow_id: str) -> StorageError:
    if isinstance(error, PoisonError):
        return FailedPreconditionError("NOT_ARCHIVABLE", f"workflow/{workflow_id}", error.message)
    return error
