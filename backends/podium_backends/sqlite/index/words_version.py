"""Rebuilds the words of the index after the rules for words change: searches and documents need the same rules."""

from __future__ import annotations

import logging
import sqlite3
import unicodedata

from podium_backends.sqlite.index.entry_table import TASK_TABLE, WORKFLOW_TABLE

# To be raised with every change of what the words or exact tokens of a document are.
_RULES = 2
# Python's own tables say which characters are letters, and their lower case.
WORDS_VERSION = f"{_RULES}, Unicode {unicodedata.unidata_version}"

_log = logging.getLogger(__name__)


def words_are_current(conn: sqlite3.Connection) -> bool:
    """Whether the file's words were made as they would be now."""
    row = conn.execute("SELECT version FROM words_version").fetchone()
    return bool(row[0] == WORDS_VERSION)


def rebuild_words(conn: sqlite3.Connection) -> None:
    """Make the words of all entries from their documents: a minute or two for a million."""
    if words_are_current(conn):  # another process was first
        return
    if conn.execute("SELECT version FROM words_version").fetchone()[0]:
        _log.info("rebuilding the words of the index: %s", WORDS_VERSION)
    for table in (WORKFLOW_TABLE, TASK_TABLE):
        table.rebuild_words(conn)
    conn.execute("UPDATE words_version SET version = ?", (WORDS_VERSION,))
