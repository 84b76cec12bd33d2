"""A workflow or a task as it is stored now, for those who make entries of the index from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from podium_core.index.changes import EntryKind
from podium_core.models import Task, Workflow

# What one scan reads: bytes of documents.
SCAN_SIZE = 4 * 1024 * 1024


# An id, and the workflow that it belongs to: a workflow's own id, or empty where nobody knows: the store looks for it.
OwnedId = tuple[str, str]


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow or task that an entry of the index is made from.

    Attributes:
        owner: The workflow that it belongs to: a workflow's own id; of a document that is gone, as it was asked for.
        record: The document; None where it is gone, or can't be read.
        text: The document as it is stored; empty where it is gone.
        removing: Its workflow is being removed, or is to be archived: the entry is the removal's to write.
        leaving: Its workflow carries a removal record, due or not: nothing of it is queued any more.
        unreadable: Why it can't be read.
    """

    kind: EntryKind
    id: str
    owner: str
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
    """Some documents, and the cursor with which the scan goes on; None after the last document."""

    documents: Sequence[StoredDocument]
    cursor: str | None
