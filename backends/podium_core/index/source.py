"""What a store that serves executions offers to the indexer: its documents, as they are stored now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.models import Task, Workflow

# What one scan reads: bytes of documents.
SCAN_SIZE = 4 * 1024 * 1024


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow or task that an entry of the index is made from.

    Attributes:
        record: The document; None where it is gone, or can't be read.
        text: The document as it is stored; empty where it is gone.
        removing: Its workflow is being removed, or is to be archived: the entry is the removal's to write.
        leaving: Its workflow carries a removal mark, due or not: nothing of it is queued any more.
        unreadable: Why it can't be read.
    """

    kind: EntryKind
    id: str
    record: Workflow | Task | None = None
    text: bytes = b""
    removing: bool = False
    leaving: bool = False
    unreadable: str = ""

    @property
    def size(self) -> int:
        """Of its text, in bytes."""
        return len(self.text)

    @property
    def gone(self) -> bool:
        """Whether there is no document at all."""
        return self.record is None and not self.unreadable


class DocumentScan(NamedTuple):
    """Some documents in order of id, and the id after which the next scan begins; None after the last document."""

    documents: Sequence[StoredDocument]
    after: str | None


class IndexSource(Protocol):
    """Reads beside those of ExecutionDAO, which know nothing of removal marks."""

    async def documents(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int
    ) -> list[StoredDocument]:
        """The documents of the first ids, in order: at least one, and no more once ``max_size`` bytes are reached."""
        ...

    async def scan_documents(
        self, kind: EntryKind, *, after: str = "", limit: int = 1_000
    ) -> DocumentScan:
        """The next documents in order of id (by code point), after ``after``.

        About ``limit`` of them; no more once ``SCAN_SIZE`` is reached.
        """
        ...

    async def tasks_of(
        self, workflow_id: str, *, after: str = "", max_size: int, limit: int = 1_000
    ) -> list[StoredDocument]:
        """The next tasks of a workflow in order of id, after ``after``, whatever its removal mark says.

        At most ``limit``: at least one, and no more once ``max_size`` bytes are reached.
        """
        ...
