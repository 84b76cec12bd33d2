"""What a store that serves executions offers to the indexer and to checks: its documents, as they are stored now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.index import EntryKind
from podium_core.index.stored_document import DocumentScan, OwnedId, StoredDocument


class StoredDocuments(Protocol):
    """Reads beside those of ExecutionDAO, which know nothing of removal records."""

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        """The documents of the first ids, in order: at least one, and no more once ``max_size`` bytes are reached."""
        ...

    async def stored_ids(self, kind: EntryKind, ids: Sequence[OwnedId]) -> frozenset[str]:
        """Those of the ids that have a document, without reading it."""
        ...

    async def scan_documents(
        self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000
    ) -> DocumentScan:
        """The next documents in the store's own order. One that is there throughout a scan comes at least once.

        About ``limit`` of them; no more once ``SCAN_SIZE`` is reached. ``cursor`` is that of the page before, opaque; empty
        for the first.
        """
        ...

    async def tasks_of(
        self, workflow_id: str, *, after: str = "", max_size: int, limit: int = 1_000
    ) -> list[StoredDocument]:
        """The next tasks of a workflow in order of id, after ``after``, whatever its removal record says.

        At most ``limit``: at least one, and no more once ``max_size`` bytes are reached.
        """
        ...
