"""Consumers that wait for a message: nobody polls.

Each queue has its waiters in order of arrival. A commit that touches the queue, in this process or another, and the queue's
next due time lead to one look at what is ready, which wakes as many waiters as that feeds. Everything here runs on the
event loop.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from typing import Self

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.queues import counts as queue_counts, statements as queue_statements
from podium_core.errors import StorageError

# The timer of a due time goes by the store's clock, which may be set: look again after a while at the latest.
_MAX_TIMER_SECONDS = 60.0
_MIN_TIMER_SECONDS = 0.001


class QueueWaiters:
    """The waiting consumers of one database file in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queues: dict[str, _WaitingQueue] = {}
        self._touched: set[str] = set()
        self._unsubscribe: Callable[[], None] | None = None

    def changed(self, queue_name: str) -> None:
        """Say, after a commit, that a message may be ready sooner or later than before."""
        if queue_name in self._queues:
            # Once for all commits of a group.
            if not self._touched:
                asyncio.get_running_loop().call_soon(self._look_at_touched)
            self._touched.add(queue_name)

    def enter(self, queue_name: str, count: int) -> Waiter:
        """A place behind those who wait already; use it as a context manager."""
        queue = self._queues.get(queue_name)
        if queue is None:
            queue = self._queues[queue_name] = _WaitingQueue(self._database, queue_name)
        if self._unsubscribe is None:
            self._unsubscribe = self._database.subscribe(self._changed_elsewhere)
        return Waiter(self, queue, count)

    def left(self, queue: _WaitingQueue) -> None:
        """A waiter is gone; with the last one the queue is forgotten."""
        if queue.members:
            return
        queue.stop()
        self._queues.pop(queue.name, None)
        if not self._queues and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _look_at_touched(self) -> None:
        touched, self._touched = self._touched, set()
        for name in touched:
            if (queue := self._queues.get(name)) is not None:
                queue.look()

    def _changed_elsewhere(self) -> None:
        names = list(self._queues)
        try:
            changes = self._database.read(lambda conn: queue_counts.changes_of(conn, names))
        except StorageError:
            changes = {}  # each look meets the error itself
        for name in names:
            queue = self._queues[name]
            if queue.changes is None or queue.changes != changes.get(name, 0):
                queue.changes = changes.get(name, 0)
                queue.look()


class _WaitingQueue:
    """A queue that somebody waits for.

    Attributes:
        members: How many are in here, waiting or on their way to a message.
        changes: The queue's counter of changes when another process last committed.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name
        self.members = 0
        self.changes: int | None = None
        self._waiting: OrderedDict[Waiter, int] = OrderedDict()
        self._wanted = 0
        self._on_their_way = 0
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Wake as many waiters as there is something ready for, and set the timer for what is due next."""
        try:
            ready = self.readiness(self._wanted + self._on_their_way) - self._on_their_way
        except (StorageError, sqlite3.Error):
            ready = self._wanted  # whoever asks for a message meets the error himself
        while ready > 0 and self._waiting:
            waiter, count = self._waiting.popitem(last=False)
            ready -= count
            self._wanted -= count
            self._on_their_way += count
            waiter.wake()

    def readiness(self, wanted: int) -> int:
        """How many messages are ready, counted up to ``wanted`` or a little more; sets the timer."""
        now_ms = self._database.now_ms()
        state = self._database.read(
            lambda conn: queue_statements.readiness(
                conn, self.name, limit=max(wanted, 1), now_ms=now_ms
            )
        )
        self._set_timer(state.next_due_ms, now_ms)
        return state.ready

    def wait(self, waiter: Waiter, count: int, *, first: bool) -> None:
        """Put a waiter in; ``first`` if it was woken before and got nothing."""
        self._waiting[waiter] = count
        self._wanted += count
        if first:
            self._waiting.move_to_end(waiter, last=False)

    def withdraw(self, waiter: Waiter) -> None:
        """Take a waiter out, if it is still there."""
        self._wanted -= self._waiting.pop(waiter, 0)

    def arrived(self, count: int) -> None:
        """A woken waiter has taken what it found."""
        self._on_their_way -= count

    def stop(self) -> None:
        """Nobody is left."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, due_ms: int | None, now_ms: int) -> None:
        self.stop()
        if due_ms is not None:
            delay = min(max((due_ms - now_ms) / 1000, _MIN_TIMER_SECONDS), _MAX_TIMER_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(delay, self.look)


class Waiter:
    """One waiting consumer."""

    def __init__(self, waiters: QueueWaiters, queue: _WaitingQueue, count: int) -> None:
        self._waiters = waiters
        self._queue = queue
        self._count = count
        self._future: asyncio.Future[bool] | None = None
        self._woken = False
        self._was_woken = False

    def __enter__(self) -> Self:
        self._queue.members += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.members -= 1
        if self._woken:
            self._settle()
        self._waiters.left(self._queue)

    async def something_ready(self, deadline: float) -> bool:
        """Wait until there may be a message for this waiter; false once the loop's time is past the deadline.

        Between the look at the queue and the waiting nothing else runs, so no commit is missed.
        """
        if self._woken:
            self._settle()
        loop = asyncio.get_running_loop()
        if loop.time() >= deadline:
            return False
        if self._queue.readiness(1):
            return True
        future = self._future = loop.create_future()
        timer = loop.call_at(deadline, self._time_out)
        self._queue.wait(self, self._count, first=self._was_woken)
        try:
            woken: bool = await future
        finally:
            timer.cancel()
            self._queue.withdraw(self)
        return woken

    def wake(self) -> None:
        """Something is ready for this one."""
        self._woken = self._was_woken = True
        self._finish(woken=True)

    def _time_out(self) -> None:
        self._finish(woken=False)

    def _finish(self, *, woken: bool) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(woken)

    def _settle(self) -> None:
        # While it was on its way others weren't woken for what it may have left.
        self._woken = False
        self._queue.arrived(self._count)
        self._waiters.changed(self._queue.name)
