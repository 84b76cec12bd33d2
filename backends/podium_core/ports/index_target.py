"""The port to the index that the indexer sends to: whole documents with a token, the newer of two always staying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from podium_core.index import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)


class IndexTarget(Protocol):
    """The index, as far as what brings documents to it needs to know.

    Every method raises ``BackendUnavailableError`` where the index was not reached.
    """

    @property
    def tombstone_ms(self) -> int:
        """How long the token of a deleted entry is remembered: a write that comes later could raise it again."""
        ...

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        """Make writes durable, in order, those of one entry too. Searches find them after ``refresh``, if not before.

        A write takes effect if its token is at least the entry's, or the one remembered of a deleted entry.

        Returns:
            An answer for each write. One that is refused takes no other along.
        """
        ...

    async def refresh(self) -> None:
        """Return once searches find all that was sent before this call."""
        ...

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int = ENTRIES_SIZE
    ) -> list[IndexEntry | None]:
        """The entries of the first ids in their newest state, in this order; None where there is none.

        At least one, and no more once ``max_size`` bytes of documents are reached. Kinds that are only looked up may be
        as of the last ``refresh``.
        """
        ...

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        """The next ids of entries of a workflow's tasks, in order, after ``after``."""
        ...

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        """The heads of entries in their newest state, in this order; None where there is no entry."""
        ...

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        """The next heads of a kind in the index's own order. An entry that is there throughout comes at least once.

        Kinds that are only looked up come in the order in which they were sent, as far as they are of one owner.

        About ``limit`` of them. ``cursor`` is that of the page before, opaque; empty for the first.
        """
        ...
