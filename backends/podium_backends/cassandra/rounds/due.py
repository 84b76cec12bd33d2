"""Entries that are delayed for long: a hint in a partition of their time, since no process is sure to live so long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_backends.cassandra.partition.sets import SHARDS, shard_of
from podium_backends.cassandra.rounds.windows import SOON_WINDOWS, due_window, is_soon

Changes = Sequence[tuple[str, StoredEntry | None]]

_HINT = "INSERT INTO due (shard, window, workflow_id) VALUES (?, ?, ?)"
_HINT_WINDOW = "INSERT INTO due_windows (shard, window) VALUES (?, ?)"
_WINDOWS = "SELECT window FROM due_windows WHERE shard = ?"
_WORKFLOWS = "SELECT workflow_id FROM due WHERE shard = ? AND window = ?"
_DROP = "DELETE FROM due WHERE shard = ? AND window = ?"
_DROP_WINDOW = "DELETE FROM due_windows WHERE shard = ? AND window = ?"
_HINT_ASIDE = "INSERT INTO aside (shard, workflow_id) VALUES (?, ?)"


_LOOK_SECONDS = 30.0


class DueHints:
    """Hints at workflows with a delayed entry, or one that was set aside."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._windows: dict[int, list[int]] = {}
        self._look_again = 0.0

    async def write(self, workflow_id: str, changes: Changes, now_ms: int) -> None:
        """Write the hints for entries that are about to be written. Raises as ``Session.write``."""
        shard = shard_of(workflow_id)
        writes: list[Write] = []
        for _, entry in changes:
            if entry is None:
                continue
            if entry.aside:
                writes.append(Write(_HINT_ASIDE, (shard, workflow_id)))
            elif not is_soon(entry.due_ms, now_ms):
                window = due_window(entry.due_ms)
                writes.append(Write(_HINT, (shard, window, workflow_id)))
                writes.append(Write(_HINT_WINDOW, (shard, window)))
        if writes:
            await self._session.write_all(list(dict.fromkeys(writes)))
            self._look_again = 0.0

    @staticmethod
    def soon(changes: Changes, now_ms: int, windows: int = SOON_WINDOWS) -> Changes:
        """The changes as this process's memory has to follow them: entries that are delayed for long leave it."""
        return [
            (id_, entry if entry is None or is_soon(entry.due_ms, now_ms, windows) else None)
            for id_, entry in changes
        ]

    async def windows(self, shard: int, now_ms: int) -> list[int]:
        """The windows of a shard that have come."""
        found = [int(row[0]) for row in await self._session.rows(_WINDOWS, shard)]
        return sorted(window for window in found if window <= due_window(now_ms))

    async def next_windows(self, shards: Sequence[int]) -> list[tuple[int, int]]:
        """The next shards and windows with hints, all of one window. As they were half a minute ago, or later."""
        now = time.monotonic()
        if now >= self._look_again:
            found = await asyncio.gather(
                *(self._session.rows(_WINDOWS, shard) for shard in range(SHARDS))
            )
            self._windows = {
                shard: sorted(row[0] for row in there) for shard, there in enumerate(found)
            }
            self._look_again = now + _LOOK_SECONDS
        firsts = [(self._windows[shard][0], shard) for shard in shards if self._windows[shard]]
        return [(shard, window) for window, shard in firsts if window == min(firsts)[0]]

    async def workflows(self, shard: int, window: int) -> list[str]:
        """The workflows that a window names."""
        return [row[0] for row in await self._session.rows(_WORKFLOWS, shard, window)]

    async def drop(self, shard: int, window: int) -> None:
        """Delete a window's hints."""
        await self._session.write(_DROP, shard, window)
        await self._session.write(_DROP_WINDOW, shard, window)
        self._look_again = 0.0
