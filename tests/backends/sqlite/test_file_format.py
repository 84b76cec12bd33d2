"""Formats of a file: a fresh one has the newest, an older one is brought to it, what can't be read is refused."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium_backends.sqlite.file.connection import (
    APPLICATION_ID,
    FORMAT_VERSION,
    RECORDS,
    FileFormat,
    prepare_file,
)
from podium_core.errors import IncompatibleStoreError

PACKAGE = "formats_of_this_test"


@pytest.fixture
def formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileFormat]:
    """A kind of file that has had three formats; 2 is the oldest that can be read."""
    schema = tmp_path / "packages" / PACKAGE / "schema"
    (schema / "v3").mkdir(parents=True)
    (schema.parent / "__init__.py").touch()
    (schema / "first.sql").write_text("CREATE TABLE things (name TEXT);")
    (schema / "v3" / "sizes.sql").write_text("ALTER TABLE things ADD COLUMN size INTEGER;")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    yield FileFormat(APPLICATION_ID, 3, PACKAGE, first=2)
    sys.modules.pop(PACKAGE, None)


def version_of(path: Path) -> int:
    conn = sqlite3.connect(path)
    try:
        return int(conn.execute("PRAGMA user_version").fetchone()[0])
    finally:
        conn.close()


def set_version(path: Path, version: int) -> None:
    conn = sqlite3.connect(path)
    conn.execute(f"PRAGMA user_version = {version}")
    conn.close()


def test_a_fresh_file_has_the_newest_format(tmp_path: Path) -> None:
    path = tmp_path / "podium.db"
    prepare_file(path, RECORDS)
    prepare_file(path, RECORDS)
    assert version_of(path) == FORMAT_VERSION


def test_an_older_format_is_brought_to_the_newest(tmp_path: Path, formats: FileFormat) -> None:
    path = tmp_path / "things.db"
    prepare_file(path, formats._replace(version=2))
    conn = sqlite3.connect(path)
    conn.execute("INSERT INTO things VALUES ('a')")
    conn.commit()
    conn.close()
    prepare_file(path, formats)
    assert version_of(path) == 3
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT name, size FROM things").fetchall() == [("a", None)]
    conn.close()


def test_one_from_before_the_first_release_is_refused(tmp_path: Path, formats: FileFormat) -> None:
    path = tmp_path / "things.db"
    prepare_file(path, formats)
    set_version(path, 1)
    with pytest.raises(IncompatibleStoreError, match="before the first release"):
        prepare_file(path, formats)
    assert version_of(path) == 1


def test_a_newer_one_is_refused(tmp_path: Path, formats: FileFormat) -> None:
    path = tmp_path / "things.db"
    prepare_file(path, formats)
    set_version(path, 4)
    with pytest.raises(IncompatibleStoreError, match="another version"):
        prepare_file(path, formats)
