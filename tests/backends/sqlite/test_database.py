"""The group commit: durable together, failing alone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_backends.sqlite.file.connection import FORMAT_VERSION
from podium_backends.sqlite.file.database import Database
from podium_core.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    IncompatibleStoreError,
    NotFoundError,
)
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "podium.db", lock_timeout_ms=300)
    await opened.open()
    yield opened
    await opened.close()


def remember(conn: sqlite3.Connection, id_: str) -> None:
    conn.execute("INSERT INTO requests (id, expires_ms, outcome) VALUES (?, 1, x'00')", (id_,))


def remembered(database: Database) -> set[str]:
    return database.read(lambda conn: {row[0] for row in conn.execute("SELECT id FROM requests")})


class TestGroupCommit:
    async def test_a_failing_call_takes_no_neighbour_down(self, database: Database) -> None:
        def failing(conn: sqlite3.Connection) -> None:
            remember(conn, "half")
            raise NotFoundError("thing", "x")

        outcomes = await asyncio.gather(
            database.write(lambda conn: remember(conn, "a")),
            database.write(failing),
            database.write(lambda conn: remember(conn, "b")),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), NotFoundError, type(None)]
        assert remembered(database) == {"a", "b"}

    async def test_a_call_that_fails_alone_leaves_nothing(self, database: Database) -> None:
        def failing(conn: sqlite3.Connection) -> None:
            remember(conn, "half")
            raise NotFoundError("thing", "x")

        with pytest.raises(NotFoundError):
            await database.write(failing)
        await database.write(lambda conn: remember(conn, "a"))
        assert remembered(database) == {"a"}

    async def test_a_full_disk_rolls_back_its_own_call_and_the_others_run_again(
        self, database: Database
    ) -> None:
        """SQLITE_FULL inside a savepoint ends the whole transaction, and the next RELEASE would commit alone."""
        pages = database.read(lambda conn: conn.execute("PRAGMA page_count").fetchone()[0])
        await database.write(
            lambda conn: conn.execute(f"PRAGMA max_page_count = {pages + 8}").fetchone()
        )
        runs = {"a": 0, "b": 0}

        def counted(name: str, conn: sqlite3.Connection) -> None:
            runs[name] += 1
            remember(conn, name)

        def too_large(conn: sqlite3.Connection) -> None:
            remember(conn, "half")
            conn.execute(
                "INSERT INTO requests (id, expires_ms, outcome) VALUES ('big', 1, zeroblob(1000000))"
            )

        outcomes = await asyncio.gather(
            database.write(lambda conn: counted("a", conn)),
            database.write(too_large),
            database.write(lambda conn: counted("b", conn)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], BackendUnavailableError)
        assert "no space" in outcomes[1].message
        assert [outcomes[0], outcomes[2]] == [None, None]
        assert remembered(database) == {"a", "b"}
        assert runs["a"] == 2

    async def test_after_a_lost_transaction_each_call_that_commits_is_called_back(
        self, database: Database
    ) -> None:
        called: list[str] = []

        def job(name: str, conn: sqlite3.Connection) -> None:
            remember(conn, name)
            database.after_commit(lambda: called.append(name))

        def losing(conn: sqlite3.Connection) -> None:
            conn.execute("ROLLBACK")  # as SQLITE_FULL does
            raise sqlite3.OperationalError("database or disk is full")

        outcomes = await asyncio.gather(
            database.write(lambda conn: job("a", conn)),
            database.write(losing),
            database.write(losing),
            database.write(lambda conn: job("b", conn)),
            return_exceptions=True,
        )
        assert [outcomes[0], outcomes[3]] == [None, None]
        assert called == ["a", "b"]
        assert remembered(database) == {"a", "b"}

    async def test_a_call_that_committed_alone_keeps_its_answer_though_the_next_cannot_begin(
        self, database: Database, tmp_path: Path
    ) -> None:
        foreign = sqlite3.connect(
            tmp_path / "podium.db", isolation_level=None, check_same_thread=False
        )

        def losing(conn: sqlite3.Connection) -> None:
            conn.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

        def last(conn: sqlite3.Connection) -> None:
            remember(conn, "b")

        def first(conn: sqlite3.Connection) -> None:
            remember(conn, "a")
            first.runs += 1  # type: ignore[attr-defined]

        first.runs = 0  # type: ignore[attr-defined]
        original = database._writer

        class Blocking:
            """The writer's connection; another program locks the file once the first call is durable."""

            def __getattr__(self, name: str) -> object:
                return getattr(original, name)

            def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
                cursor = original.execute(sql, *arguments)  # type: ignore[arg-type]
                if sql == "COMMIT" and first.runs == 2:  # type: ignore[attr-defined]
                    foreign.execute("BEGIN IMMEDIATE")
                    first.runs += 1  # type: ignore[attr-defined]
                return cursor

        database._writer = Blocking()  # type: ignore[assignment]
        outcomes = await asyncio.gather(
            database.write(first),
            database.write(losing),
            database.write(last),
            return_exceptions=True,
        )
        database._writer = original
        foreign.execute("ROLLBACK")
        foreign.close()
        assert outcomes[0] is None
        assert isinstance(outcomes[2], BackendUnavailableError)
        assert remembered(database) == {"a"}

    async def test_large_groups_run_in_the_thread_with_the_same_answers(
        self, database: Database
    ) -> None:
        def job(conn: sqlite3.Connection) -> int:
            remember(conn, "a")
            return 7

        assert await database.write(job, weight=5_000) == 7
        assert remembered(database) == {"a"}

    async def test_callbacks_run_after_the_commit_and_not_for_a_failed_call(
        self, database: Database
    ) -> None:
        seen: list[tuple[str, set[str]]] = []

        def job(name: str, conn: sqlite3.Connection, *, fail: bool) -> None:
            remember(conn, name)
            database.after_commit(lambda: seen.append((name, remembered(database))))
            if fail:
                raise NotFoundError("thing", name)

        await asyncio.gather(
            database.write(lambda conn: job("a", conn, fail=False)),
            database.write(lambda conn: job("b", conn, fail=True)),
            return_exceptions=True,
        )
        assert seen == [("a", {"a"})]

    async def test_a_cancelled_call_that_has_not_begun_writes_nothing(
        self, database: Database
    ) -> None:
        task = asyncio.create_task(database.write(lambda conn: remember(conn, "a")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await database.write(lambda conn: remember(conn, "b"))
        assert remembered(database) == {"b"}

    async def test_a_closed_store_refuses(self, tmp_path: Path) -> None:
        database = Database(tmp_path / "podium.db")
        await database.open()
        await database.close()
        with pytest.raises(BackendUnavailableError, match="shutting down"):
            await database.write(lambda conn: remember(conn, "a"))


class TestOtherProcesses:
    async def test_a_lock_that_is_kept_is_unavailable_and_nothing_is_written(
        self, database: Database, tmp_path: Path
    ) -> None:
        other = Database(tmp_path / "podium.db", lock_timeout_ms=300)
        await other.open()
        assert other._lock.take_at_once()
        with pytest.raises(BackendUnavailableError, match="nothing was written"):
            await database.write(lambda conn: remember(conn, "a"))
        other._lock.release()
        await database.write(lambda conn: remember(conn, "b"))
        assert remembered(other) == {"b"}
        await other.close()

    async def test_a_subscriber_hears_of_another_connections_commit(
        self, database: Database, tmp_path: Path
    ) -> None:
        other = Database(tmp_path / "podium.db")
        await other.open()
        heard = asyncio.Event()
        unsubscribe = database.subscribe(heard.set)
        await database.write(lambda conn: remember(conn, "own"))
        await asyncio.sleep(0.1)
        assert not heard.is_set()
        await other.write(lambda conn: remember(conn, "foreign"))
        await asyncio.wait_for(heard.wait(), PATIENCE_SECONDS)
        unsubscribe()
        await other.close()

    async def test_a_program_without_our_lock_files_is_waited_for_off_the_loop(
        self, database: Database, tmp_path: Path
    ) -> None:
        foreign = sqlite3.connect(tmp_path / "podium.db", isolation_level=None)
        foreign.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write(lambda conn: remember(conn, "a")))
        await asyncio.sleep(0.05)
        assert not writing.done()
        foreign.execute("COMMIT")
        await writing
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendUnavailableError, match="locked by another program"):
            await database.write(lambda conn: remember(conn, "b"))
        foreign.execute("COMMIT")
        foreign.close()
        assert remembered(database) == {"a"}


class TestFormat:
    async def test_a_newer_format_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "podium.db"
        database = Database(path)
        await database.open()
        await database.close()
        with sqlite3.connect(path) as conn:
            conn.execute(f"PRAGMA user_version = {FORMAT_VERSION + 1}")
        conn.close()
        with pytest.raises(IncompatibleStoreError, match="upgrade this server"):
            await Database(path).open()

    async def test_another_programs_database_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as conn:
            conn.execute("CREATE TABLE t (a)")
        conn.close()
        with pytest.raises(IncompatibleStoreError, match="not a database of Podium's"):
            await Database(path).open()

    async def test_what_is_no_database_at_all_is_corrupt(self, tmp_path: Path) -> None:
        path = tmp_path / "podium.db"
        path.write_bytes(b"no database at all, whatever its name" * 100)
        with pytest.raises(CorruptRecordError):
            await Database(path).open()

    async def test_what_was_written_is_there_after_opening_again(self, tmp_path: Path) -> None:
        first = Database(tmp_path / "podium.db")
        await first.open()
        await first.write(lambda conn: remember(conn, "a"))
        await first.close()
        second = Database(tmp_path / "podium.db")
        await second.open()
        assert remembered(second) == {"a"}
        await second.close()
