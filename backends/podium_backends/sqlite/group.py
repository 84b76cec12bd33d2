"""A group of jobs in one transaction."""

from __future__ import annotations

import sqlite3
from asyncio import Future
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from podium_backends.sqlite.translation import translate

T = TypeVar("T")


class Job(Generic[T]):
    """A caller's job, and where its answer goes."""

    __slots__ = ("error", "future", "result", "run", "weight")

    def __init__(
        self, run: Callable[[sqlite3.Connection], T], future: Future[T], weight: int
    ) -> None:
        self.run = run
        self.future = future
        self.weight = weight
        self.result: Any = None
        self.error: BaseException | None = None


class Group:
    """Jobs that share a transaction.

    Attributes:
        open: The transaction waits for its COMMIT.
        lost: SQLite rolled the whole transaction back (a full disk does that, also inside a savepoint): every job without
            an answer has to run again, alone.
    """

    def __init__(
        self, jobs: list[Job[Any]], weight: int, callbacks: list[Callable[[], None]]
    ) -> None:
        self.jobs = jobs
        self.weight = weight
        self.open = False
        self.lost = False
        self._callbacks = callbacks
        self._commit_failed = False

    def begin_and_commit(self, conn: sqlite3.Connection) -> None:
        """Everything in one go."""
        conn.execute("BEGIN IMMEDIATE")
        self.run_and_commit(conn)

    def run_and_commit(self, conn: sqlite3.Connection) -> None:
        """``run`` and ``commit`` in one go."""
        self.run(conn)
        if self.open:
            self.commit(conn)

    def run(self, conn: sqlite3.Connection) -> None:
        """Run all jobs in the transaction that has begun, each in a savepoint; leave it open."""
        self.open = True
        for job in self.jobs:
            if not self._run_one(conn, job, alone=len(self.jobs) == 1):
                self.open, self.lost = False, True
                self._callbacks.clear()
                return

    def _run_one(self, conn: sqlite3.Connection, job: Job[Any], *, alone: bool) -> bool:
        """Run a job; its failure undoes it alone. Says whether the transaction is still there."""
        noted = len(self._callbacks)
        try:
            if not alone:
                conn.execute("SAVEPOINT job")
            job.result = job.run(conn)
            if not alone:
                conn.execute("RELEASE job")
        except Exception as error:
            job.error = error
            del self._callbacks[noted:]
            # After some errors SQLite has rolled everything back, and the next RELEASE would commit by itself.
            if not conn.in_transaction:
                return False
            conn.execute("ROLLBACK" if alone else "ROLLBACK TO job")
            if alone:
                self.open = False
            else:
                conn.execute("RELEASE job")
        return True

    def commit(self, conn: sqlite3.Connection) -> None:
        """Make the transaction durable."""
        self.open = False
        try:
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            self._commit_failed = True
            self._callbacks.clear()
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            for job in self.jobs:
                job.error = job.error or error

    def run_one_by_one(self, conn: sqlite3.Connection) -> None:
        """Give each job that has no answer yet a transaction of its own."""
        self.lost = False
        for job in self.jobs:
            if job.error is None:
                alone = Group([job], job.weight, self._callbacks)
                alone.begin_and_commit(conn)
                self._commit_failed |= alone._commit_failed
                alone.lost = False

    def fail(self, error: Exception) -> None:
        """Give every job that has none an error."""
        self._callbacks.clear()
        for job in self.jobs:
            job.error = job.error or error

    def answer(self, store: str) -> None:
        """Hand out results and errors, once the transaction is durable. On the event loop."""
        callbacks = self._callbacks[:]
        self._callbacks.clear()
        for job in self.jobs:
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(
                    translate(job.error, store, committing=self._commit_failed)
                )
        for callback in callbacks:
            callback()
