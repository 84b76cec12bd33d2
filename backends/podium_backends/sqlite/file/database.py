"""One SQLite file: a writer that groups concurrent calls into one durable transaction, and a reader beside it.

Statements of small groups run on the event loop, which costs less than handing each to a thread; what blocks (the fsync of
COMMIT, waiting for another process, large groups) runs in one thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from podium_backends.sqlite.file.commit_window import CommitWindow
from podium_backends.sqlite.file.connection import (
    RECORDS,
    FileFormat,
    open_connection,
    prepare_file,
)
from podium_backends.sqlite.file.disk_check import DiskCheck
from podium_backends.sqlite.file.group import Group, Job
from podium_backends.sqlite.file.long_reads import LongReads
from podium_backends.sqlite.file.open_statements import end_statements
from podium_backends.sqlite.file.short_read import LongReadError, ShortRead
from podium_backends.sqlite.file.translation import translate, translated
from podium_backends.sqlite.file.write_lock import WriteLock
from podium_core.backend import begin_at_once
from podium_core.clock import Clock, system_clock_ms
from podium_core.errors import BackendUnavailableError
from podium_core.paging.read_budget import ReadBudget
from podium_core.private_files import make_private_file, make_private_folder

T = TypeVar("T")

MAX_GROUP_WEIGHT = 4_000
# Above so many statements a group runs in the thread: three or four milliseconds of the event loop.
INLINE_WEIGHT = 600
WATCH_SECONDS = 0.03

_log = logging.getLogger(__name__)


class Database:
    """One database file, open in this process.

    Attributes:
        name: The store's configured name, for errors.
        begin_long_answer: As ``StoreContext`` has it.
    """

    def __init__(
        self,
        path: Path,
        name: str = "main",
        *,
        lock_timeout_ms: int = 5_000,
        clock: Clock = system_clock_ms,
        file_format: FileFormat = RECORDS,
        begin_long_answer: Callable[[], Awaitable[None]] = begin_at_once,
    ) -> None:
        self.path = path
        self.begin_long_answer = begin_long_answer
        self._format = file_format
        self.name = name
        self._lock_timeout_seconds = lock_timeout_ms / 1000
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite-{name}")
        self._long_reads = LongReads(path, name)
        self._disk = DiskCheck(path, name)
        self._pending: list[Job[Any]] = []
        self._commit_window = CommitWindow()
        self._flusher: asyncio.Task[None] | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._subscribers: dict[object, Callable[[], None]] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._closing = False

    # life

    async def open(self) -> None:
        """Create or migrate the file and open its connections.

        Raises:
            IncompatibleStoreError: The file has a newer format, or isn't a database of Podium's.
            BackendUnavailableError: The folder can't be written.
        """
        loop = asyncio.get_running_loop()
        with translated(self.name):
            make_private_folder(self.path.parent)
            # SQLite gives its log and its index of the log the mode of the file.
            make_private_file(self.path)
            self._lock = WriteLock(self.path)
            await loop.run_in_executor(self._thread, self._prepare)
            self._writer = open_connection(self.path)
            # Never wait for a lock on the event loop.
            self._writer.execute("PRAGMA busy_timeout = 0")
            self._reader = open_connection(self.path, read_only=True)
        self._version = self._data_version()

    def _prepare(self) -> None:
        if not self._lock.take(self._lock_timeout_seconds):
            raise BackendUnavailableError(self.name, f"{self.path} is locked by another process")
        try:
            prepare_file(self.path, self._format)
        finally:
            self._lock.release()

    async def close(self) -> None:
        """Finish what was asked for, fold the write-ahead log into the file, and close."""
        self._closing = True
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        if self._flusher is not None:
            await asyncio.gather(self._flusher, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._fold)
        self._thread.shutdown(wait=True)
        self._long_reads.close()
        self._disk.close()
        self._reader.close()
        self._writer.close()
        self._lock.close()

    def _fold(self) -> None:
        # Best effort: with another process on the file the log stays, and nothing is lost.
        self._writer.execute("PRAGMA busy_timeout = 100")
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def ping(self) -> None:
        """Return once the file answers, and its disk takes writes.

        Raises:
            BackendUnavailableError: It can't be read; or a write has failed for the disk since the last ping, or would.
        """
        self.read(_answer)
        await self._disk.require_writable()

    # the clock

    def now_ms(self) -> int:
        """The store's clock, in milliseconds since the epoch."""
        return self._clock()

    # reading

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a short query on the reader. It sees every acknowledged write and never waits for a writer."""
        try:  # not `translated`: a context manager costs as much as the query
            return query(self._reader)
        except BaseException as error:
            end_statements(error)
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.name) from error
            raise

    def read_snapshot(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """The same with several statements that see one state."""
        with translated(self.name):
            self._reader.execute("BEGIN")
            try:
                return query(self._reader)
            except BaseException as error:
                end_statements(error)
                raise
            finally:
                self._reader.execute("COMMIT")

    async def read_compound(
        self, query: Callable[[sqlite3.Connection, ReadBudget], T], budget: ReadBudget
    ) -> T:
        """Read many rows that one answer holds, on one state.

        A short result is read on the loop, a long one again in a thread.

        Args:
            query: Takes each row from its budget as it comes. It may run twice.
            budget: Of the answer.
        Raises:
            ResultTooLargeError: The rows are above that.
        """
        with suppress(LongReadError):
            return self.read_snapshot(lambda conn: query(conn, ShortRead(budget)))
        await self.begin_long_answer()
        return await self._long_reads.run(lambda conn: query(conn, budget))

    # writing

    async def write(self, job: Callable[[sqlite3.Connection], T], *, weight: int = 1) -> T:
        """Run a job in the next transaction, and return once that is durable.

        Calls that come while a transaction is under way share the next one; each runs in a savepoint of its own, so that
        one that fails takes nobody along. A job must be repeatable: it runs again if the transaction was lost.

        Args:
            job: SQL and pure Python on the writer's connection.
            weight: Roughly how many statements it runs.
        """
        return await self.begin_write(job, weight=weight)

    def begin_write(
        self, job: Callable[[sqlite3.Connection], T], *, weight: int = 1
    ) -> asyncio.Future[T]:
        """The same, for callers who don't wait at once."""
        if self._closing:
            raise BackendUnavailableError(
                self.name, f"store '{self.name}' is shutting down; nothing was written"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._pending.append(Job(job, future, weight))
        self._commit_window.note_waiting(len(self._pending))
        if self._flusher is None or self._flusher.done():
            self._flusher = loop.create_task(self._flush())
        return future

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Within a job: call back on the loop once the job's transaction is durable."""
        self._callbacks.append(callback)

    async def _flush(self) -> None:
        while self._pending:
            # Writes heavy enough for the thread take long anyway: waiting for more saves nothing.
            if sum(entry.weight for entry in self._pending) <= INLINE_WEIGHT:
                await self._commit_window.wait(len(self._pending))
            group = self._next_group()
            if group.jobs:
                await self._carry_out(group)
            self._commit_window.note_group(len(group.jobs), len(self._pending))

    def _next_group(self) -> Group:
        jobs: list[Job[Any]] = []
        weight = taken = 0
        # A group of small writes stays small enough for the loop. A group for the thread may be of any size.
        most = INLINE_WEIGHT if self._pending[0].weight <= INLINE_WEIGHT else MAX_GROUP_WEIGHT
        for entry in self._pending:
            if jobs and weight + entry.weight > most:
                break
            taken += 1
            if not entry.future.cancelled():  # its caller is gone: nothing was written
                jobs.append(entry)
                weight += entry.weight
        del self._pending[:taken]
        return Group(jobs, weight, self._callbacks)

    async def _carry_out(self, group: Group) -> None:
        try:
            await self._take_lock()
            try:
                await self._run(group)
            finally:
                if self._writer.in_transaction:
                    await self._in_thread(self._writer.execute, "ROLLBACK")
                self._lock.release()
        except Exception as error:  # on any error: no caller may be left waiting
            group.fail(error)
        group.answer(self.name)
        for failure in group.failures:
            self._disk.note(failure)
        self._notice_others()

    async def _take_lock(self) -> None:
        if self._lock.take_at_once():
            return
        if not await self._in_thread(self._lock.take, self._lock_timeout_seconds):
            message = (
                f"store '{self.name}': another process kept the write lock; nothing was written"
            )
            raise BackendUnavailableError(self.name, message)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _run(self, group: Group) -> None:
        if not self._begin():
            # Some other program, which knows nothing of the lock files, is writing.
            await self._in_thread(self._begin_patiently)
        if group.weight <= INLINE_WEIGHT:
            group.run(self._writer)
            if group.open:
                await self._in_thread(group.commit, self._writer)
        else:
            await self._in_thread(group.run_and_commit, self._writer)
        if group.lost:
            await self._in_thread(group.run_one_by_one, self._writer)

    def _begin(self) -> bool:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            raise
        return True

    def _begin_patiently(self) -> None:
        deadline = time.monotonic() + self._lock_timeout_seconds
        while time.monotonic() < deadline:
            if self._begin():
                return
            time.sleep(0.002)
        self._writer.execute("BEGIN IMMEDIATE")

    # other processes

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on the loop soon after another process has committed; returns what ends that."""
        key = object()
        self._subscribers[key] = callback
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._watch())

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    async def _watch(self) -> None:
        while self._subscribers:
            await asyncio.sleep(WATCH_SECONDS)
            if (
                self._flusher is None or self._flusher.done()
            ):  # else the flusher looks, and owns the connection
                self._notice_others()

    def _notice_others(self) -> None:
        if not self._subscribers:
            return
        try:
            version = self._data_version()
        except sqlite3.Error as error:
            _log.warning("store '%s' can't be watched for other processes: %s", self.name, error)
            return
        if version != self._version:
            self._version = version
            for callback in list(self._subscribers.values()):
                callback()

    def _data_version(self) -> int:
        # On the writer's own connection: unchanged by its own commits.
        return int(self._writer.execute("PRAGMA data_version").fetchone()[0])


def _answer(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT 1").fetchone()
