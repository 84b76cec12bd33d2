"""Removals of workflows, seen through: archived first where that was asked for, then deleted."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

from podium_core.backend import ExecutionAdapter
from podium_core.errors import BackendUnavailableError
from podium_core.index.source import IndexSource
from podium_core.index.target import TOMBSTONE_MS, IndexTarget, IndexWrite
from podium_core.outbox import KIND_REMOVAL, Outbox
from podium_core.removal import RemovalMachine, StoredRemoval
from podium_server.outbox.entries import archive_writes
from podium_server.outbox.handlers import PoisonError

SLICE = 500
# From reading the documents to the last send: well before the index forgets the tokens of what is deleted meanwhile.
ARCHIVE_SECONDS = TOMBSTONE_MS / 1000 / 4


class Archive:
    """Brings whole executions into the index."""

    def __init__(
        self,
        source: IndexSource,
        target: IndexTarget,
        outbox: Outbox,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._target = target
        self._outbox = outbox
        self._monotonic = monotonic

    async def store(self, store: ExecutionAdapter, removal: StoredRemoval) -> bool:
        """Archive an execution under the token of its removal mark; whether the index now holds it as that mark saw it.

        Raises:
            CorruptRecordError: A document can't be read.
            PoisonError: The index refuses an entry.
            BackendUnavailableError: The index was not reached, or it took too long.
        """
        deadline = self._monotonic() + ARCHIVE_SECONDS
        workflow = await self._source.whole_execution(removal.workflow_id)
        # Read again behind the documents: a write that came between has set the mark anew.
        if workflow is None or await store.removal(removal.workflow_id) != removal:
            return False
        writes = archive_writes(workflow, token=removal.token)
        while part := list(islice(writes, SLICE)):
            if self._monotonic() > deadline:
                # So late that the index may have forgotten the token of what was deleted meanwhile.
                message = f"the archive of workflow '{removal.workflow_id}' took too long"
                raise BackendUnavailableError("", message)
            if not await self._sent(part, removal):
                return False
        return True

    async def _sent(self, part: list[IndexWrite], removal: StoredRemoval) -> bool:
        answers = await self._target.send(part)
        for write, answer in zip(part, answers, strict=True):
            if answer.refused:
                raise PoisonError(
                    f"the index refuses {write.kind.value} '{write.id}': {answer.refused}"
                )
        newest = max((answer.token for answer in answers if answer.stale), default=0)
        if newest:
            await self._outbox.raise_token(
                KIND_REMOVAL, removal.workflow_id, removal.token, above=newest
            )
        return not newest


class Removals:
    """Goes on with removals as far as they can go now.

    Attributes:
        machine: Carries them out.
    """

    def __init__(self, store: ExecutionAdapter, archive: Archive | None) -> None:
        self._store = store
        self._archive = archive
        self.machine = RemovalMachine(store, self._archived)

    async def carry_out(self, workflow_id: str) -> bool:
        """Archive and delete, or archive and wait; says whether there was anything to do.

        Raises:
            StorageError: As ``Archive.store``; the mark stands.
        """
        return await self.machine.carry_out(workflow_id)

    async def _archived(self, removal: StoredRemoval) -> bool:
        if self._archive is None:
            # It was asked for when an index was routed.
            raise BackendUnavailableError(
                "", f"workflow '{removal.workflow_id}' is to be archived, and no index is routed"
            )
        return await self._archive.store(self._store, removal)
