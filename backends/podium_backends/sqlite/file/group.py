"""A group of jobs in one transaction."""

from __future__ import annotations

import sqlite3
from asyncio import Future
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from podium_backends.sqlite.file.open_statements import end_statements
from podium_backends.sqlite.file.tokens import begin_tokens, save_tokens
from podium_backends.sqlite.file.translation import translate

T = TypeVar("T")


class Job(Generic[T]):
    """A caller's job, and where its answer goes.

    Attributes:
        callbacks: What it wants to be called once it is durable.
        durable: It is: no later failure changes its answer.
        committing: Its error came from COMMIT.
    """

    __slots__ = ("callbacks", "committing", "durable", "error", "future", "result", "run", "weight")

    def __init__(
        self, run: Callable[[sqlite3.Connection], T], future: Future[T], weight: int
    ) -> None:
        self.run = run
        self.future = future
        self.weight = weight
        self.result: Any = None
        self.error: BaseException | None = None
        self.callbacks: list[Callable[[], None]] = []
        self.durable = False
        self.committing = False


class Group:
    """Jobs that share a transaction.

    Attributes:
        open: The transaction waits for its COMMIT.
        lost: SQLite rolled the whole transaction back (a full disk does that, also inside a savepoint): every job without
            an answer has to run again, alone.
        failures: What jobs were answered with, where that came from SQLite or the disk.
    """

    def __init__(
        self, jobs: list[Job[Any]], weight: int, callbacks: list[Callable[[], None]]
    ) -> None:
        """Takes the jobs, and the list to which a running job adds its callbacks."""
        self.jobs = jobs
        self.weight = weight
        self.open = False
        self.lost = False
        self.failures: list[BaseException] = []
        self._callbacks = callbacks

    def run_and_commit(self, conn: sqlite3.Connection) -> None:
        """``run`` and ``commit`` in one go."""
        self.run(conn)
        if self.open:
            self.commit(conn)

    def run(self, conn: sqlite3.Connection) -> None:
        """Run all jobs in the transaction that has begun, each in a savepoint; leave it open."""
        self.open = True
        begin_tokens(conn)
        for job in self.jobs:
            if not self._run_one(conn, job, alone=len(self.jobs) == 1):
                self.open, self.lost = False, True
                return

    def _run_one(self, conn: sqlite3.Connection, job: Job[Any], *, alone: bool) -> bool:
        """Run a job; its failure undoes it alone. Says whether the transaction is still there."""
        self._callbacks.clear()
        try:
            if not alone:
                conn.execute("SAVEPOINT job")
            job.result = job.run(conn)
            if not alone:
                conn.execute("RELEASE job")
            job.callbacks = self._callbacks[:]
        except Exception as error:
            end_statements(error)
            job.error = error
            # After some errors SQLite has rolled everything back, and the next RELEASE would commit by itself.
            if not conn.in_transaction:
                return False
            self._undo(conn, alone=alone)
        return True

    def _undo(self, conn: sqlite3.Connection, *, alone: bool) -> None:
        if alone:
            conn.execute("ROLLBACK")
            self.open = False
        else:
            conn.execute("ROLLBACK TO job")
            conn.execute("RELEASE job")

    def commit(self, conn: sqlite3.Connection) -> None:
        """Make the transaction durable."""
        self.open = False
        try:
            save_tokens(conn)
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            for job in self._unanswered_jobs():
                job.error, job.committing = error, True
            return
        for job in self._unanswered_jobs():
            job.durable = True

    def _unanswered_jobs(self) -> list[Job[Any]]:
        return [job for job in self.jobs if job.error is None and not job.durable]

    def run_one_by_one(self, conn: sqlite3.Connection) -> None:
        """Give each job that has no answer yet a transaction of its own."""
        self.lost = False
        for job in self._unanswered_jobs():
            try:
                conn.execute("BEGIN IMMEDIATE")
                Group([job], job.weight, self._callbacks).run_and_commit(conn)
            except sqlite3.Error as error:
                job.error = job.error or error

    def fail(self, error: Exception) -> None:
        """Give every job that isn't durable, and has no error yet, this one."""
        for job in self._unanswered_jobs():
            job.error = error

    def answer(self, store: str) -> None:
        """Hand out results and errors, and call back for what is durable. On the event loop."""
        for job in self.jobs:
            if not job.future.done():
                if job.error is None:
                    job.future.set_result(job.result)
                else:
                    error = translate(job.error, store, committing=job.committing)
                    job.future.set_exception(error)
                    if error is not job.error:
                        self.failures.append(error)
        for job in self.jobs:
            if job.error is None:
                for callback in job.callbacks:
                    callback()
