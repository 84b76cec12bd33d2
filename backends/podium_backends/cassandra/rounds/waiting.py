"""The entries that this process is to drain, in memory: those that it wrote, and those of processes that died."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_core.outbox import OutboxEntry

# Kind, id and owner.
EntryKey = tuple[str, str, str]


def key_of(entry: OutboxEntry) -> EntryKey:
    """What makes an entry one."""
    return entry.kind, entry.id, entry.owner


class WaitingEntries:
    """Entries by kind, the next that is due first."""

    def __init__(self) -> None:
        self._entries: dict[EntryKey, OutboxEntry] = {}
        self._due: dict[str, list[tuple[int, int, EntryKey]]] = defaultdict(list)
        self._owners: Counter[str] = Counter()

    def written(self, owner: str, entries: Iterable[tuple[str, StoredEntry | None]]) -> None:
        """Entries of a partition were written, or are gone (None)."""
        for row_id, stored in entries:
            if stored is None or stored.aside:
                kind, _, id_ = row_id.partition("\x00")
                self._take((kind, id_, owner))
            else:
                self.add(rows.outbox_entry(row_id, owner, stored))

    def add(self, entry: OutboxEntry) -> None:
        """An entry waits, in place of an older one of its id."""
        key = key_of(entry)
        before = self._entries.get(key)
        if before is None:
            self._owners[entry.owner] += 1
        elif before.token > entry.token:
            return
        elif before.token != entry.token:
            entry = replace(entry, since_ms=min(before.since_ms, entry.since_ms))
        self._entries[key] = entry
        if before is None or (before.due_ms, before.token) != (entry.due_ms, entry.token):
            heapq.heappush(self._due[entry.kind], (entry.due_ms, entry.token, key))

    def remove(self, entry: OutboxEntry) -> None:
        """An entry is settled, unless it was written again."""
        key = key_of(entry)
        there = self._entries.get(key)
        if there is not None and there.token <= entry.token:
            self._take(key)

    def _take(self, key: EntryKey) -> None:
        owner = key[2]
        if self._entries.pop(key, None) is not None:
            self._owners[owner] -= 1
            if not self._owners[owner]:
                del self._owners[owner]

    def has_of(self, owner: str) -> bool:
        """Whether an entry of this owner waits here."""
        return owner in self._owners

    def due(self, kinds: Sequence[str], now_ms: int, limit: int) -> list[OutboxEntry]:
        """The entries that are due, oldest first. They stay."""
        found: list[OutboxEntry] = []
        for kind in kinds:
            found += self._due_of(self._due[kind], now_ms, limit)
        return sorted(found, key=lambda entry: (entry.due_ms, entry.token))[:limit]

    def _due_of(
        self, heap: list[tuple[int, int, EntryKey]], now_ms: int, limit: int
    ) -> list[OutboxEntry]:
        # An entry that is due again at the same time may stand in the heap twice.
        found: dict[EntryKey, tuple[tuple[int, int, EntryKey], OutboxEntry]] = {}
        while heap and heap[0][0] <= now_ms and len(found) < limit:
            place = heapq.heappop(heap)
            entry = self._current(place)
            if entry is not None:
                found[place[2]] = place, entry
        for place, _ in found.values():
            heapq.heappush(heap, place)
        return [entry for _, entry in found.values()]

    def _current(self, place: tuple[int, int, EntryKey]) -> OutboxEntry | None:
        entry = self._entries.get(place[2])
        return entry if entry is not None and (entry.due_ms, entry.token) == place[:2] else None

    def next_due_ms(self, kinds: Sequence[str]) -> int | None:
        """When the next one is due; None without any."""
        firsts = []
        for kind in kinds:
            heap = self._due[kind]
            while heap and self._current(heap[0]) is None:
                heapq.heappop(heap)
            if heap:
                firsts.append(heap[0][0])
        return min(firsts, default=None)

    def all_due(self, now_ms: int) -> list[OutboxEntry]:
        """Every entry that is due, of any kind."""
        return [entry for entry in self._entries.values() if entry.due_ms <= now_ms]

    def due_after(self, time_ms: int) -> list[OutboxEntry]:
        """The entries that wait for longer than until this time."""
        return [entry for entry in self._entries.values() if entry.due_ms > time_ms]

    def make_due(self, entry: OutboxEntry) -> None:
        """An entry that waits too long is due now, unless it was written again."""
        key = key_of(entry)
        if self._entries.get(key) == entry:
            self._entries[key] = replace(entry, due_ms=0)
            heapq.heappush(self._due[entry.kind], (0, entry.token, key))
