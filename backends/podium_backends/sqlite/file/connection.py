"""Connections to a database file, its format version and its migrations."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from podium_backends.sqlite.file.stored_text import decode_text
from podium_backends.sqlite.file.tokens import WriterConnection
from podium_core.errors import IncompatibleStoreError

# 'Podi': tells a file of Podium's from any other program's.
APPLICATION_ID = 0x506F6469
# Formats 1 to 3 were those of development.
FORMAT_VERSION = 4
CACHE_KIBIBYTES = 16_384


class FileFormat(NamedTuple):
    """What a kind of file is told by, and where its schema is.

    Attributes:
        application_id: Four letters in the file's header.
        version: The newest format.
        package: Holds the folder ``schema``, which is the first format; ``schema/v<n>`` leads to each later one.
        first: The oldest format that can still be read.
    """

    application_id: int
    version: int
    package: str
    first: int = 1


RECORDS = FileFormat(APPLICATION_ID, FORMAT_VERSION, "podium_backends.sqlite", first=4)


def open_connection(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection without transactions of its own making; durable, and used by one thread at a time."""
    conn = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        factory=WriterConnection,
    )
    conn.text_factory = decode_text
    conn.execute("PRAGMA busy_timeout = 5000")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    conn.execute("PRAGMA temp_store = MEMORY")
    # After a checkpoint the log is cut to this size, so that one burst doesn't keep it large for ever.
    conn.execute("PRAGMA journal_size_limit = 33554432")
    if read_only:
        conn.execute("PRAGMA query_only = ON")
    return conn


def prepare_file(path: Path, wanted: FileFormat = RECORDS) -> None:
    """Create the file, or bring it to the wanted format, under the write lock.

    Raises:
        IncompatibleStoreError: A newer format, one from before the first release, or not a file of Podium's.
    """
    conn = open_connection(path)
    try:
        version = conn.execute("PRAGMA user_version").fetchone()[0]
        tables = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = conn.execute("PRAGMA application_id").fetchone()[0]
        if tables and application != wanted.application_id:
            raise IncompatibleStoreError(
                f"{path} is not a database of Podium's of this kind: use another path"
            )
        if version > wanted.version:
            raise IncompatibleStoreError(
                f"{path} is in use by another version (format {version}, this one writes {wanted.version}): "
                "upgrade this server or use another folder"
            )
        if 0 < version < wanted.first:
            raise IncompatibleStoreError(
                f"{path} is from before the first release (format {version}, this one reads {wanted.first} and later):"
                " use another folder"
            )
        if version < wanted.version:
            _migrate(conn, version, wanted)
        conn.execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        conn.close()


def _migrate(conn: sqlite3.Connection, version: int, wanted: FileFormat) -> None:
    if version == 0:
        # Only before the first table; lets the file give freed pages back.
        conn.execute("PRAGMA auto_vacuum = INCREMENTAL")
    conn.execute("PRAGMA journal_mode = WAL").fetchone()
    conn.execute("BEGIN IMMEDIATE")
    for later in range(max(version + 1, wanted.first), wanted.version + 1):
        for script in _scripts(wanted, later):
            for statement in _statements(script):
                conn.execute(statement)
    conn.execute(f"PRAGMA application_id = {wanted.application_id}")
    conn.execute(f"PRAGMA user_version = {wanted.version}")
    conn.execute("COMMIT")


def _scripts(wanted: FileFormat, version: int) -> list[str]:
    """The SQL that leads to a format version."""
    folder = resources.files(wanted.package) / "schema"
    if version > wanted.first:
        folder = folder / f"v{version}"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [file.read_text(encoding="utf-8") for file in files]


def _statements(script: str) -> list[str]:
    """A script cut into statements, triggers whole (sqlite3's own executescript would commit)."""
    statements, text = [], ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            statements.append(text)
            text = ""
    return statements
