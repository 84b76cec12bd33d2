"""An index in memory that keeps the version rule, and does as a test says: refuses, is down, knows newer tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from podium_core.errors import BackendUnavailableError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import (
    ENTRIES_SIZE,
    EntryHead,
    EntryScan,
    IndexAnswer,
    IndexEntry,
    IndexWrite,
)
from podium_core.index.search import Hits, Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.ports import IndexTable

Key = tuple[EntryKind, str]


class ScriptedIndex:
    """Notes every write that it is sent.

    Attributes:
        entries_by_key: What it holds.
        tokens: The newest token of each entry, deleted ones too.
        batches: The writes of each call.
        refuses: Ids of entries that it can't take.
        is_down: Whether it can be reached.
        refreshes: How often searches were made to find what was sent.
    """

    def __init__(self) -> None:
        self.entries_by_key: dict[Key, bytes] = {}
        self.tokens: dict[Key, int] = {}
        self.batches: list[list[IndexWrite]] = []
        self.refuses: set[str] = set()
        self.is_down = False
        self.refreshes = 0

    @property
    def sent(self) -> list[IndexWrite]:
        """Every write, in order."""
        return [write for batch in self.batches for write in batch]

    def sent_ids(self) -> list[str]:
        """The id of every write, in order."""
        return [write.id for write in self.sent]

    def holds(self, kind: EntryKind, id_: str, document: bytes, *, token: int = 1) -> None:
        """An entry that is there from before."""
        self.entries_by_key[kind, id_] = document
        self.tokens[kind, id_] = token

    def document(self, kind: EntryKind, id_: str) -> dict[str, Any] | None:
        """The members of an entry; None without one."""
        text = self.entries_by_key.get((kind, id_))
        found: dict[str, Any] | None = None if text is None else json.loads(text)
        return found

    async def send(self, writes: Sequence[IndexWrite]) -> list[IndexAnswer]:
        self._require_up()
        self.batches.append(list(writes))
        return [self._made(write) for write in writes]

    def _made(self, write: IndexWrite) -> IndexAnswer:
        key = (write.kind, write.id)
        if write.id in self.refuses:
            return IndexAnswer(refused="it is too odd")
        was_there = key in self.entries_by_key
        newest = self.tokens.get(key, 0)
        if newest > write.token:
            return IndexAnswer(stale=True, was_there=was_there, token=newest)
        self.tokens[key] = write.token
        if write.document is None:
            self.entries_by_key.pop(key, None)
        else:
            self.entries_by_key[key] = write.document
        return IndexAnswer(was_there=was_there)

    @property
    def tombstone_ms(self) -> int:
        return 300_000

    async def refresh(self) -> None:
        self._require_up()
        self.refreshes += 1

    async def entries(
        self, kind: EntryKind, ids: Sequence[str], *, max_size: int = ENTRIES_SIZE
    ) -> list[IndexEntry | None]:
        self._require_up()
        return [self._entry(kind, id_) for id_ in ids]

    async def task_ids(self, workflow_id: str, *, after: str = "", limit: int = 1_000) -> list[str]:
        raise NotImplementedError

    def _entry(self, kind: EntryKind, id_: str) -> IndexEntry | None:
        document = self.entries_by_key.get((kind, id_))
        if document is None:
            return None
        return IndexEntry(
            kind=kind,
            id=id_,
            token=self.tokens[kind, id_],
            archived=b'"archived":true' in document,
            document=document,
        )

    async def heads(self, kind: EntryKind, ids: Sequence[str]) -> list[EntryHead | None]:
        raise NotImplementedError

    async def scan(self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000) -> EntryScan:
        raise NotImplementedError

    async def setup(self) -> None:
        raise NotImplementedError

    async def search(self, search: Search, budget: ReadBudget) -> Hits:
        raise NotImplementedError

    async def records(
        self, kind: EntryKind, owner: str, count: int, budget: ReadBudget
    ) -> list[tuple[str, bytes]]:
        raise NotImplementedError

    def _require_up(self) -> None:
        if self.is_down:
            raise BackendUnavailableError("index", "down")


_: type[IndexTable] = ScriptedIndex
