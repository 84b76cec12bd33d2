"""Reads in threads and on the loop: what fails or is cancelled leaves nothing behind for those that read next."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.short_read import LongReadError, ShortRead
from podium_core.errors import ResultTooLargeError
from podium_core.paging.read_budget import ReadBudget
from tests.patience import PATIENCE_SECONDS

Query = Callable[[sqlite3.Connection], set[str]]
Read = Callable[[Database, Query], Awaitable[set[str]]]
# A counter that no machine finishes: it ends when it is interrupted.
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "podium.db", lock_timeout_ms=300)
    await opened.open()
    yield opened
    await opened.close()


async def remember(database: Database, *ids: str) -> None:
    sql = "INSERT INTO requests (id, expires_ms, outcome) VALUES (?, 1, x'00')"
    await database.write(lambda conn: conn.executemany(sql, [(id_,) for id_ in ids]))


def ids_of(rows: Iterable[tuple[str]]) -> set[str]:
    return {id_ for (id_,) in rows}


def ids(conn: sqlite3.Connection) -> set[str]:
    return ids_of(conn.execute("SELECT id FROM requests"))


async def read_long(database: Database, query: Query) -> set[str]:
    """In a thread, as what is too long for the loop."""

    def too_long(conn: sqlite3.Connection, budget: ReadBudget) -> set[str]:
        if isinstance(budget, ShortRead):
            raise LongReadError
        return query(conn)

    return await database.read_compound(too_long, ReadBudget())


async def read_short(database: Database, query: Query) -> set[str]:
    return database.read(query)


async def read_snapshot(database: Database, query: Query) -> set[str]:
    return database.read_snapshot(query)


def fails(conn: sqlite3.Connection) -> set[str]:
    """It fails in the middle of its rows, with a cursor in a frame of the error."""
    rows = conn.execute("SELECT id FROM requests")
    next(rows)
    raise ResultTooLargeError(1)


def fails_after_another(conn: sqlite3.Connection) -> set[str]:
    try:
        return fails(conn)
    except ResultTooLargeError as error:
        raise LookupError("of another kind") from error


READS = (read_long, read_short, read_snapshot)


class TestFailed:
    @pytest.mark.parametrize("failing", [fails, fails_after_another])
    @pytest.mark.parametrize("read", READS)
    async def test_the_next_read_sees_what_was_written_since(
        self,
        database: Database,
        read: Read,
        failing: Query,
    ) -> None:
        await remember(database, "a", "b")
        kept = []
        for _ in range(3):  # more than there are readers
            with pytest.raises((ResultTooLargeError, LookupError)) as raised:
                await read(database, failing)
            kept.append(raised.value)
        await remember(database, "c")
        assert await read(database, ids) == {"a", "b", "c"}
        assert kept[0].__traceback__ is not None

    async def test_the_next_write_begins_on_what_another_process_has_written(
        self, database: Database
    ) -> None:
        await remember(database, "a", "b")

        def fails_to_write(conn: sqlite3.Connection) -> None:
            fails(conn)

        with pytest.raises(ResultTooLargeError) as raised:
            await database.write(fails_to_write)
        other = Database(database.path, lock_timeout_ms=300)
        await other.open()
        await remember(other, "c")
        await other.close()
        await remember(database, "d")
        assert database.read(ids) == {"a", "b", "c", "d"}
        assert raised.value.__traceback__ is not None


class TestCancelled:
    async def test_its_reader_serves_others_only_once_it_has_stopped(
        self, database: Database
    ) -> None:
        await remember(database, "a")
        began, goes_on = threading.Event(), threading.Event()
        busy: list[sqlite3.Connection] = []

        def holds_on(conn: sqlite3.Connection) -> set[str]:
            busy.append(conn)
            began.set()
            goes_on.wait(PATIENCE_SECONDS)
            busy.clear()
            return set()

        def finds_it_free(conn: sqlite3.Connection) -> set[str]:
            assert conn not in busy
            return ids(conn)

        call = asyncio.create_task(read_long(database, holds_on))
        await asyncio.to_thread(began.wait, PATIENCE_SECONDS)
        # By its deadline and by its client, as it happens at the same time.
        call.cancel()
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        try:
            others = [asyncio.create_task(read_long(database, finds_it_free)) for _ in range(4)]
            assert await asyncio.gather(*others) == [{"a"}] * 4
        finally:
            goes_on.set()

    async def test_a_statement_under_way_is_interrupted(self, database: Database) -> None:
        began = threading.Event()

        def endless(conn: sqlite3.Connection) -> set[str]:
            began.set()
            return ids_of(conn.execute(ENDLESS))

        call = asyncio.create_task(read_long(database, endless))
        await asyncio.to_thread(began.wait, PATIENCE_SECONDS)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.wait_for(read_long(database, ids), PATIENCE_SECONDS) == set()
