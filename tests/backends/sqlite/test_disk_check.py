"""A sign of life tells whether the disk under a file takes writes, and writes nothing where that is plain."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from podium_backends.sqlite.file.database import Database
from podium_core.errors import BackendUnavailableError, NotFoundError

PLENTY = 2**40


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path / "podium.db")
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the file system says of itself."""
    said = SimpleNamespace(f_flag=0, f_bavail=PLENTY, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda folder: said)
    return said


def _failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)


def _files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _large(conn: sqlite3.Connection) -> None:
    conn.execute(
        "INSERT INTO requests (id, expires_ms, outcome) VALUES ('big', 1, zeroblob(1000000))"
    )


class TestPing:
    async def test_writes_nothing_where_there_is_space(
        self, database: Database, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _failing(monkeypatch, "write", errno.ENOSPC)
        await database.ping()

    async def test_of_a_disk_with_little_space_that_takes_writes(
        self, database: Database, disk: SimpleNamespace, tmp_path: Path
    ) -> None:
        before = _files_in(tmp_path)
        disk.f_bavail = 0  # what is left may be reserved for the server's user
        await database.ping()
        assert _files_in(tmp_path) == before

    async def test_of_a_full_disk(
        self,
        database: Database,
        disk: SimpleNamespace,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        before = _files_in(tmp_path)
        disk.f_bavail = 0
        with monkeypatch.context() as full:
            _failing(full, "write", errno.ENOSPC)
            for _ in range(2):
                with pytest.raises(BackendUnavailableError, match="No space left"):
                    await database.ping()
        assert _files_in(tmp_path) == before
        await database.ping()

    async def test_of_a_read_only_disk(
        self, database: Database, disk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        disk.f_flag = os.ST_RDONLY
        real = os.open

        def refusing(path: Any, flags: int, *arguments: Any, **named: Any) -> int:
            if flags & os.O_CREAT:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return real(path, flags, *arguments, **named)

        monkeypatch.setattr(os, "open", refusing)
        with pytest.raises(BackendUnavailableError, match="Read-only file system"):
            await database.ping()

    async def test_after_a_write_that_found_no_space(
        self, database: Database, disk: SimpleNamespace
    ) -> None:
        """As with a quota, or where less is left than the write needs."""
        pages = database.read(lambda conn: conn.execute("PRAGMA page_count").fetchone()[0])
        await database.write(
            lambda conn: conn.execute(f"PRAGMA max_page_count = {pages + 8}").fetchone()
        )
        for _ in range(2):
            with pytest.raises(BackendUnavailableError, match="no space left"):
                await database.write(_large)
            with pytest.raises(BackendUnavailableError, match="no space left"):
                await database.ping()
        await database.ping()

    async def test_after_a_write_that_was_refused(
        self, database: Database, disk: SimpleNamespace
    ) -> None:
        def refuse(conn: sqlite3.Connection) -> None:
            raise NotFoundError("thing", "x")

        with pytest.raises(NotFoundError):
            await database.write(refuse)
        await database.ping()
