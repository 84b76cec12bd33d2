"""Says when a queue has changed: commits of this process, and of others on the same file."""

from __future__ import annotations

from collections.abc import Callable

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.queues import counts as queue_counts
from podium_core.errors import StorageError
from podium_core.queues import Subscriptions


class QueueChanges:
    """The subscriptions to the queues of one database file. On the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscriptions = Subscriptions()
        # Each queue's counter of changes when another process last committed.
        self._counters: dict[str, int] = {}
        self._unwatch: Callable[[], None] | None = None

    def notify(self, queue_name: str) -> None:
        """Say, after a commit, that a message may be ready sooner than before."""
        self._subscriptions.notify(queue_name)

    def subscribe(self, queue_name: str, changed: Callable[[], None]) -> Callable[[], None]:
        """As ``QueueTable.subscribe``."""
        if self._unwatch is None:
            self._unwatch = self._database.subscribe(self._notice_others)
        unsubscribe = self._subscriptions.subscribe(queue_name, changed)

        def end() -> None:
            unsubscribe()
            self._end_watch()

        return end

    def _end_watch(self) -> None:
        if self._unwatch is not None and not self._subscriptions.queue_names():
            self._unwatch()
            self._unwatch = None
            self._counters.clear()

    def _notice_others(self) -> None:
        names = self._subscriptions.queue_names()
        try:
            counters = self._database.read(lambda conn: queue_counts.changes_of(conn, names))
        except StorageError:
            counters = None  # each look meets the error itself
        before, self._counters = self._counters, {}
        for name in names:
            counter = -1 if counters is None else counters.get(name, 0)
            self._counters[name] = counter
            if counters is None or before.get(name) != counter:
                self._subscriptions.notify(name)
