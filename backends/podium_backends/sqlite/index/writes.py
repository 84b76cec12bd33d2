"""The version rule: a write takes effect where no newer token is there, of an entry or of a deleted one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from podium_backends.sqlite.index.entry_table import TASK_TABLE, WORKFLOW_TABLE, EntryTable
from podium_backends.sqlite.index.lookup_table import LOOKUP_TABLES, LookupTable
from podium_backends.sqlite.index.stored_entry import StoredEntry, WordChanges
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexAnswer, IndexWrite

# How long the token of a deleted entry is remembered, by the index's clock.
TOMBSTONE_MS = 5 * 60 * 1000

TABLES: Mapping[EntryKind, EntryTable | LookupTable] = {
    EntryKind.WORKFLOW: WORKFLOW_TABLE,
    EntryKind.TASK: TASK_TABLE,
    **LOOKUP_TABLES,
}


def send(
    conn: sqlite3.Connection, writes: Sequence[IndexWrite], *, now_ms: int
) -> list[IndexAnswer]:
    """Make the writes that aren't stale, in order."""
    word_changes = WordChanges()
    answers = [_send(conn, write, word_changes, now_ms=now_ms) for write in writes]
    word_changes.make(conn)
    return answers


def _send(
    conn: sqlite3.Connection, write: IndexWrite, word_changes: WordChanges, *, now_ms: int
) -> IndexAnswer:
    stored, newest = _newest(conn, write.kind, write.id)
    was_there = stored is not None
    if newest > write.token:
        return IndexAnswer(stale=True, was_there=was_there, token=newest)
    try:
        _make(conn, write, stored, word_changes, deleted=newest > 0, now_ms=now_ms)
    except UnindexableError as error:
        return IndexAnswer(refused=str(error), was_there=was_there)
    return IndexAnswer(was_there=was_there)


def _newest(conn: sqlite3.Connection, kind: EntryKind, id_: str) -> tuple[StoredEntry | None, int]:
    """The entry, and its token or that of a deleted one."""
    stored = TABLES[kind].find(conn, id_)
    return stored, token_of_deleted(conn, kind, id_) if stored is None else stored.token


def _make(
    conn: sqlite3.Connection,
    write: IndexWrite,
    stored: StoredEntry | None,
    word_changes: WordChanges,
    *,
    deleted: bool,
    now_ms: int,
) -> None:
    table = TABLES[write.kind]
    if write.document is not None:
        table.put(conn, stored, write, write.document, word_changes)
        if stored is None and deleted:
            forget_token(conn, write.kind, write.id)
        return
    if stored is not None:
        table.delete(conn, stored, word_changes)
    remember_token(conn, write.kind, write.id, token=write.token, now_ms=now_ms)


# tokens of deleted entries, for a while: a late older write must not restore one


def token_of_deleted(conn: sqlite3.Connection, kind: EntryKind, id_: str) -> int:
    """The token that is remembered of a deleted entry; 0: none."""
    sql = "SELECT token FROM tombstones WHERE kind = ? AND id = ?"
    row = conn.execute(sql, (kind, id_)).fetchone()
    return 0 if row is None else int(row[0])


def remember_token(
    conn: sqlite3.Connection, kind: EntryKind, id_: str, *, token: int, now_ms: int
) -> None:
    """Remember the token of a deleted entry, or of one that wasn't there."""
    sql = "INSERT OR REPLACE INTO tombstones (kind, id, token, until_ms) VALUES (?, ?, ?, ?)"
    conn.execute(sql, (kind, id_, token, now_ms + TOMBSTONE_MS))


def forget_token(conn: sqlite3.Connection, kind: EntryKind, id_: str) -> None:
    """The entry is there again, and has a token of its own."""
    conn.execute("DELETE FROM tombstones WHERE kind = ? AND id = ?", (kind, id_))


def forget_old_tokens(conn: sqlite3.Connection, *, now_ms: int, limit: int) -> bool:
    """Forget some of those whose time is over, and say whether there may be more."""
    sql = (
        "DELETE FROM tombstones WHERE (kind, id) IN"
        " (SELECT kind, id FROM tombstones WHERE until_ms <= ? LIMIT ?)"
    )
    return conn.execute(sql, (now_ms, limit)).rowcount == limit
