"""Removals of workflows, seen through: archived first where that was asked for, then deleted."""

from __future__ import annotations

from podium_core.backend import ExecutionAdapter
from podium_core.errors import BackendUnavailableError
from podium_core.removal import RemovalMachine, StoredRemoval
from podium_server.outbox.archive import Archive


class Removals:
    """Goes on with removals as far as they can go now.

    Attributes:
        machine: Carries them out.
    """

    def __init__(self, store: ExecutionAdapter, archive: Archive | None) -> None:
        self._store = store
        self._archive = archive
        self.machine = RemovalMachine(store, self._archive_workflow)

    async def carry_out(self, workflow_id: str) -> bool:
        """Archive and delete, or archive and wait; says whether there was anything to do.

        Raises:
            StorageError: As ``Archive.store``; the removal record stands.
        """
        return await self.machine.carry_out(workflow_id)

    async def _archive_workflow(self, removal: StoredRemoval) -> bool:
        if self._archive is None:
            # It was asked for when an index was routed.
            raise BackendUnavailableError(
                "", f"workflow '{removal.workflow_id}' is to be archived, and no index is routed"
            )
        return await self._archive.store(self._store, removal)
