"""A server program of the tests: a real Podium that dies or stops at a failpoint, whose clock and index can be disturbed.

Everything is wrapped from outside, in this process alone: the product knows nothing of it. What happens is said by
``Switches`` while it runs. ``python -m tests.faults.index_failpoints --switches FILE [--lease-ms N] [--writer-first-ms N]
[--log-lease-seconds N] [--log-window-ms N] serve …``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, Protocol

from podium_backends.cassandra.rounds import windows
from podium_core import outbox
from podium_core.errors import BackendUnavailableError
from podium_core.index.marks import INDEX_KINDS
from tests.faults import redis_clock
from tests.faults.switches import Failpoint, Switches

Around = Callable[..., Any]
At = Callable[[], Awaitable[None]]


class _Database(Protocol):
    """As much of a database as tells whether it has the write lock."""

    _flusher: asyncio.Task[None] | None


class _Sending(Protocol):
    """As much of a connection to Redis as tells what it is about to send."""

    _packed: list[bytes]


class Failpoints:
    """Wraps the objects of a server."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._databases: list[_Database] = []

    def install(self) -> None:
        """Wrap them all. They are imported here: after what a module takes over from another when it is loaded was set."""
        from podium_backends.cassandra.executions.stored_documents import CassandraStoredDocuments
        from podium_backends.cassandra.outbox.outbox import CassandraOutbox
        from podium_backends.redis.connection.pipe import Pipe
        from podium_backends.redis.executions.executor import Executor
        from podium_backends.redis.executions.stored_documents import RedisStoredDocuments
        from podium_backends.redis.outbox.outbox import RedisOutbox
        from podium_backends.sqlite.executions.outbox import SqliteOutbox
        from podium_backends.sqlite.executions.stored_documents import SqliteStoredDocuments
        from podium_backends.sqlite.file.database import Database
        from podium_backends.sqlite.file.group import Group
        from podium_backends.sqlite.index.index_table import SqliteIndexTable
        from podium_backends.sqlite.queues.queue_table import SqliteQueueTable
        from podium_core.removal import RemovalMachine

        at = partial(partial, self._reached)
        _wrap(Database, "open", self._noted)
        _wrap(Group, "commit", self._dying_before(Failpoint.BEFORE_COMMIT))
        _wrap(Group, "answer", self._dying_before(Failpoint.BEFORE_ANSWER))
        _wrap(Executor, "carry_out", self._dying_before(Failpoint.BEFORE_COMMIT))
        _wrap(Pipe, "_flush", self._dying_after_a_write)
        for outbox_ in (SqliteOutbox, RedisOutbox, CassandraOutbox):
            _wrap(outbox_, "due_entries", _after(at(Failpoint.BEFORE_DRAIN), if_=_found_marks))
            _wrap(outbox_, "put", _after(at(Failpoint.BEFORE_INDEX)))
            _wrap(outbox_, "finish", _before(at(Failpoint.BEFORE_FINISH)))
            _wrap(outbox_, "finish", _after(at(Failpoint.AFTER_FINISH), if_=_always))
        for documents in (SqliteStoredDocuments, RedisStoredDocuments, CassandraStoredDocuments):
            _wrap(documents, "documents", _after(at(Failpoint.BEFORE_DEADLINE)))
        _wrap(SqliteIndexTable, "send", _after(at(Failpoint.AFTER_SEND)))
        _wrap(SqliteIndexTable, "send", _before(at(Failpoint.BEFORE_SEND)))
        _wrap(SqliteIndexTable, "send", _before(self._index_is_there))
        _wrap(SqliteIndexTable, "entries", _before(self._index_is_there))
        _wrap(RemovalMachine, "_confirm_archive", _before(at(Failpoint.BEFORE_TURN)))
        _wrap(RemovalMachine, "_delete", _before(at(Failpoint.BEFORE_DELETION)))
        _wrap(RemovalMachine, "_step", _after(at(Failpoint.BETWEEN_STEPS), if_=_always))
        _wrap(SqliteQueueTable, "deliver", _after(at(Failpoint.AFTER_DELIVERY), if_=_always))
        self._install_on_cassandra(at)

    def _install_on_cassandra(self, at: Callable[[Failpoint], At]) -> None:
        """The phases of a round, and of a log."""
        from podium_backends.cassandra.rounds.log import Log
        from podium_backends.cassandra.rounds.writes import PartitionWrites

        _wrap(PartitionWrites, "_look", _after(at(Failpoint.AFTER_READ), if_=_always))
        _wrap(PartitionWrites, "_apply", _before(at(Failpoint.ANNOUNCED)))
        _wrap(PartitionWrites, "_apply", _meanwhile(at(Failpoint.BATCH_SENT)))
        _wrap(PartitionWrites, "_apply", _after(at(Failpoint.BATCH_LANDED)))
        _wrap(PartitionWrites, "_leave", _after(at(Failpoint.AFTER_LEAVE), if_=_always))
        _wrap(Log, "drop_old_windows", _after(at(Failpoint.HINTS_DROPPED), if_=_always))

    # the wrappers

    def _noted(self, original: Around) -> Around:
        async def open_(database: _Database) -> None:
            self._databases.append(database)
            await original(database)

        return open_

    def _dying_before(self, failpoint: Failpoint) -> Callable[[Around], Around]:
        """Of what isn't asynchronous, and may run in a thread."""

        def wrapper(original: Around) -> Around:
            def around(*arguments: Any, **named: Any) -> Any:
                if self._switches.passed(failpoint):
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*arguments, **named)

            return around

        return wrapper

    def _dying_after_a_write(self, original: Around) -> Around:
        """Of a connection to Redis: what it sends is with the kernel, and Redis will read it."""
        from podium_backends.redis.executions import executor

        scripts = (executor._with_queues("podium"), executor._WITHOUT_QUEUES)
        digests = [script.digest.encode() for script in scripts]

        def around(pipe: _Sending) -> None:
            writes = any(digest in packed for packed in pipe._packed for digest in digests)
            original(pipe)
            if writes and self._switches.passed(Failpoint.BEFORE_ANSWER):
                os.kill(os.getpid(), signal.SIGKILL)

        return around

    # what happens

    async def _reached(self, failpoint: Failpoint) -> None:
        if not self._switches.passed(failpoint):
            return
        if not self._switches.stops:
            os.kill(os.getpid(), signal.SIGKILL)
        # With the lock of a file it would hold up every other server as well; that is another test.
        while any(d._flusher is not None and not d._flusher.done() for d in self._databases):
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGSTOP)

    async def _index_is_there(self) -> None:
        if self._switches.index_away:
            raise BackendUnavailableError("index", "the index is away")


def _wrap(owner: type[Any], name: str, wrapper: Callable[[Around], Around]) -> None:
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(wrapper(original)))


def _before(at: At) -> Callable[[Around], Around]:
    def wrapper(original: Around) -> Around:
        async def around(*arguments: Any, **named: Any) -> Any:
            await at()
            return await original(*arguments, **named)

        return around

    return wrapper


def _after(at: At, if_: Callable[[Any], bool] = bool) -> Callable[[Around], Around]:
    """Behind a call that answered something, or something in particular."""

    def wrapper(original: Around) -> Around:
        async def around(*arguments: Any, **named: Any) -> Any:
            answer = await original(*arguments, **named)
            if if_(answer):
                await at()
            return answer

        return around

    return wrapper


def _meanwhile(at: At) -> Callable[[Around], Around]:
    """Once a request has left: the driver has a thread of its own, which this gives the time."""

    def wrapper(original: Around) -> Around:
        async def around(*arguments: Any, **named: Any) -> Any:
            request = asyncio.ensure_future(original(*arguments, **named))
            await asyncio.sleep(0.001)
            await at()
            return await request

        return around

    return wrapper


def _found_marks(due: outbox.DueEntries) -> bool:
    return any(entry.kind in INDEX_KINDS for entry in due.entries)


def _always(answer: object) -> bool:
    del answer
    return True


def _disturb_the_clock(switches: Switches) -> None:
    """Every clock of the contract's times, and of tokens, is made from this one."""
    real = time.time_ns
    time.time_ns = lambda: real() + switches.clock_offset_ms * 1_000_000


def _shorten_logs(lease_seconds: float, window_ms: int) -> None:
    """Those of processes on a Cassandra."""
    from podium_backends.cassandra.outbox import log_keeper
    from podium_backends.cassandra.rounds import log

    windows.LOG_WINDOW_MS = window_ms
    log.LEASE_SECONDS, log.SAFE_SECONDS = int(lease_seconds), lease_seconds / 2
    log_keeper.RENEW_SECONDS = lease_seconds / 6


def main(arguments: Sequence[str]) -> int:
    """Run a command of ``podium`` in a disturbed world."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--switches", type=Path, required=True)
    parser.add_argument("--lease-ms", type=int, default=outbox.LEASE_MS)
    parser.add_argument("--writer-first-ms", type=int, default=outbox.WRITER_FIRST_MS)
    # A process that dies holds its log as long.
    parser.add_argument("--log-lease-seconds", type=float, default=6.0)
    parser.add_argument("--log-window-ms", type=int, default=windows.LOG_WINDOW_MS)
    own, others = parser.parse_known_args(arguments)
    # Before anything else is imported that takes them over.
    outbox.LEASE_MS, outbox.WRITER_FIRST_MS = own.lease_ms, own.writer_first_ms
    redis_clock.install()
    from podium_server.cli.run import run

    switches = Switches(own.switches)
    _disturb_the_clock(switches)
    _shorten_logs(own.log_lease_seconds, own.log_window_ms)
    Failpoints(switches).install()
    return run(others)


if __name__ == "__main__":
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.exit(main(sys.argv[1:]))
