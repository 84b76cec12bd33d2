"""Removals of workflows, seen through: archived first where that was asked for, then deleted."""

from __future__ import annotations

from podium_core.backend import ExecutionAdapter
from podium_core.errors import BackendUnavailableError
from podium_core.write_set import Removal, RemovalStage
from podium_server.outbox.archive import Archive


class Removals:
    """Goes on with removals as far as they can go now."""

    def __init__(self, store: ExecutionAdapter, archive: Archive | None) -> None:
        self._store = store
        self._archive = archive

    async def carry_out(self, workflow_id: str) -> bool:
        """Archive and delete, or archive and wait; says whether there was anything to do.

        Raises:
            StorageError: As ``Archive.store``; the mark stands.
        """
        began = False
        while (removal := await self._store.removal(workflow_id)) is not None:
            match removal.stage:
                case RemovalStage.WAIT:
                    return began
                case RemovalStage.DELETE:
                    return await self._store.carry_out_removal(workflow_id) or began
                case RemovalStage.ARCHIVE:
                    began = True
                    await self._archived(removal)
        return began

    async def _archived(self, removal: Removal) -> None:
        if self._archive is None:
            # It was asked for when an index was routed.
            raise BackendUnavailableError(
                "", f"workflow '{removal.workflow_id}' is to be archived, and no index is routed"
            )
        if await self._archive.store(self._store, removal):
            await self._store.archived(removal)
