"""Marks of callers that wait, carried out together: one request to the index for all that came meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from podium_core.outbox import OutboxEntry
from podium_server.outbox.indexer import Indexed, Indexer


class SharedIndexing:
    """One go after the other. Who comes while one is under way shares the next."""

    def __init__(self, indexer: Indexer) -> None:
        self._indexer = indexer
        self._running: asyncio.Task[list[Indexed]] | None = None
        self._next: asyncio.Task[list[Indexed]] | None = None
        self._entries: list[OutboxEntry] = []

    async def index(self, entries: Sequence[OutboxEntry]) -> list[Indexed]:
        """As ``Indexer.index``. A caller that is cancelled takes it from no other."""
        if self._next is None:
            self._next = asyncio.create_task(self._index_after(self._running))
        start = len(self._entries)
        self._entries += entries
        results = await asyncio.shield(self._next)
        return results[start : start + len(entries)]

    async def _index_after(self, running: asyncio.Task[list[Indexed]] | None) -> list[Indexed]:
        if running is not None:
            await asyncio.wait({running})
        self._running, self._next = self._next, None
        entries, self._entries = self._entries, []
        return await self._indexer.index(entries)
