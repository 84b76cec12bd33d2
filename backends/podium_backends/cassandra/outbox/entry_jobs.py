"""Changes of single entries of the outbox, as jobs on their partition."""

from __future__ import annotations

from msgspec.structs import replace

from podium_backends.cassandra.partition import rows
from podium_backends.cassandra.partition.jobs import EntryJob
from podium_backends.cassandra.partition.partition import Partition
from podium_backends.cassandra.partition.rows import StoredEntry
from podium_core.index.merging import entry_put, is_combined
from podium_core.outbox import CLAIMED, KIND_PAYLOAD, NewEntry, OutboxEntry


class PutEntry(EntryJob):
    """Write an entry beside the one that waits there."""

    def __init__(self, entry: NewEntry) -> None:
        super().__init__(entry.kind, entry.id)
        self._entry = entry
        self.size = len(entry.body)

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        del partition
        waiting = before.body if before is not None and is_combined(self._entry.kind) else None
        put = entry_put(self._entry, waiting, now_ms=now_ms)
        since_ms = before.since_ms if before else now_ms
        return StoredEntry(token=0, since_ms=since_ms, due_ms=put.due_ms, body=put.body)


class _ChangeEntry(EntryJob):
    """A change of an entry whose token is unchanged."""

    def __init__(self, entry: OutboxEntry) -> None:
        super().__init__(entry.kind, entry.id)
        self._entry = entry

    def _current(self, before: StoredEntry | None) -> StoredEntry | None:
        return before if before is not None and before.token == self._entry.token else None


class RaiseToken(_ChangeEntry):
    """Give an entry a fresh token above another."""

    def __init__(self, entry: OutboxEntry, above: int) -> None:
        super().__init__(entry)
        self._above = above

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        del now_ms
        current = self._current(before)
        if current is None:
            return None
        partition.above = max(partition.above, self._above)
        return replace(current, token=0)


class ClaimEntry(_ChangeEntry):
    """Make an entry final; but a payload to which a document refers stays, and its entry goes."""

    def __init__(self, entry: OutboxEntry, delay_ms: int) -> None:
        super().__init__(entry)
        self._delay_ms = delay_ms
        self.wants_all_facts = entry.kind == KIND_PAYLOAD

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        current = self._current(before)
        if current is None:
            return None
        if self.wants_all_facts and self._is_referred_to(partition):
            partition.delete(rows.entry_row(self._entry.kind, self._entry.id))
            return None
        return replace(current, body=CLAIMED, due_ms=now_ms + self._delay_ms)

    def _is_referred_to(self, partition: Partition) -> bool:
        key, workflow = self._entry.id, partition.workflow()
        if workflow is not None and key in workflow.payload_keys:
            return True
        return any(key in task.payload_keys for task in partition.tasks_read())


class RetryEntry(_ChangeEntry):
    """Try an entry again later."""

    def __init__(self, entry: OutboxEntry, delay_ms: int, reason: str) -> None:
        super().__init__(entry)
        self._delay_ms = delay_ms
        self._reason = reason

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        del partition
        current = self._current(before)
        if current is None:
            return None
        attempts, due_ms = current.attempts + 1, now_ms + self._delay_ms
        return replace(current, attempts=attempts, due_ms=due_ms, reason=self._reason)


class SetAside(_ChangeEntry):
    """Take an entry out of the way."""

    def __init__(self, entry: OutboxEntry, reason: str) -> None:
        super().__init__(entry)
        self._reason = reason

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        del partition, now_ms
        current = self._current(before)
        if current is None:
            return None
        return replace(current, attempts=current.attempts + 1, aside=True, reason=self._reason)


class TryAgain(_ChangeEntry):
    """Make an entry due that was set aside."""

    def changed(
        self, before: StoredEntry | None, partition: Partition, now_ms: int
    ) -> StoredEntry | None:
        del partition, now_ms
        current = self._current(before)
        return None if current is None else replace(current, attempts=0, due_ms=0, aside=False)
