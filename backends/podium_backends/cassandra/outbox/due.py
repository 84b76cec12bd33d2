"""Entries that are delayed for long: a hint in a partition of their time, since no process is sure to live so long."""

from __future__ import annotations

from collections.abc import Sequence

from podium_backends.cassandra.connection import Session, Write
from podium_backends.cassandra.executions.rows import StoredEntry
from podium_backends.cassandra.executions.sets import shard_of
from podium_backends.cassandra.outbox.windows import due_window, is_soon

Changes = Sequence[tuple[str, StoredEntry | None]]

_HINT = "INSERT INTO due (shard, window, workflow_id) VALUES (?, ?, ?)"
_HINT_WINDOW = "INSERT INTO due_windows (shard, window) VALUES (?, ?)"
_WINDOWS = "SELECT window FROM due_windows WHERE shard = ?"
_WORKFLOWS = "SELECT workflow_id FROM due WHERE shard = ? AND window = ?"
_DROP = "DELETE FROM due WHERE shard = ? AND window = ?"
_DROP_WINDOW = "DELETE FROM due_windows WHERE shard = ? AND window = ?"
_HINT_ASIDE = "INSERT INTO aside (shard, workflow_id) VALUES (?, ?)"


class DueHints:
    """Hints at workflows with a delayed entry, or one that was set aside."""

    def __init__(self, session: Session) -> None:
        self._session = session

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

    @staticmethod
    def soon(changes: Changes, now_ms: int) -> Changes:
        """The changes as this process's memory has to follow them: entries that are delayed for long leave it."""
        return [
            (id_, entry if entry is None or is_soon(entry.due_ms, now_ms) else None)
            for id_, entry in changes
        ]

    async def windows(self, shard: int, now_ms: int) -> list[int]:
        """The windows of a shard that have come."""
        found = [int(row[0]) for row in await self._session.rows(_WINDOWS, shard)]
        return sorted(window for window in found if window <= due_window(now_ms))

    async def next_window(self, shards: Sequence[int]) -> int | None:
        """The first window of shards that is still to come; None without any."""
        found = [row[0] for shard in shards for row in await self._session.rows(_WINDOWS, shard)]
        return min(found, default=None)

    async def workflows(self, shard: int, window: int) -> list[str]:
        """The workflows that a window names."""
        return [row[0] for row in await self._session.rows(_WORKFLOWS, shard, window)]

    async def drop(self, shard: int, window: int) -> None:
        """Delete a window's hints."""
        await self._session.write(_DROP, shard, window)
        await self._session.write(_DROP_WINDOW, shard, window)
