"""What a store that serves executions offers to the indexer: its documents, as they are stored now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.models import Task, Workflow


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow or task that an entry of the index is made from.

    Attributes:
        record: The document; None where it is gone, or can't be read.
        size: Of its text, in characters.
        removing: Its workflow is being removed, or is to be archived: the entry is the removal's to write.
        leaving: Its workflow carries a removal mark, due or not: nothing of it is queued any more.
        unreadable: Why it can't be read.
    """

    kind: EntryKind
    id: str
    record: Workflow | Task | None = None
    size: int = 0
    removing: bool = False
    leaving: bool = False
    unreadable: str = ""

    @property
    def gone(self) -> bool:
        """Whether there is no document at all."""
        return self.record is None and not self.unreadable


class IndexSource(Protocol):
    """Reads beside those of ExecutionDAO, which know nothing of removal marks."""

    async def documents(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int
    ) -> list[StoredDocument]:
        """The documents of the first ids, in order: at least one, and no more once ``max_size`` characters are reached."""
        ...

    async def scan_documents(
        self, kind: EntryKind, *, after: str = "", limit: int = 1_000
    ) -> list[StoredDocument]:
        """The next documents in order of id (by code point), from behind ``after``."""
        ...

    async def whole_execution(self, workflow_id: str) -> Workflow | None:
        """A workflow with its tasks by ``seq``, whatever its removal mark says.

        Raises:
            CorruptRecordError: One of the documents can't be read.
        """
        ...
