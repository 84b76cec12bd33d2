"""The version rule: a write takes effect where no newer token is there, of an entry or of a deleted one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from msgspec import Raw

from podium_backends.sqlite.index.entry_table import TASK_TABLE, WORKFLOW_TABLE, EntryTable
from podium_backends.sqlite.index.lookup_table import EVENTS, MESSAGES, TASK_LOGS, LookupTable
from podium_backends.sqlite.index.stored_entry import StoredEntry, WordChanges
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.errors import InvalidArgumentError
from podium_core.index.changes import (
    EntryKind,
    IndexAction,
    IndexChange,
    IndexOutcome,
    Merge,
    Put,
    Remove,
)
from podium_core.index.documents import merged
from podium_core.index.entries import ABSENT, TOMBSTONE_MS, IndexAnswer, IndexWrite
from podium_core.index.kept_archive import ARCHIVED_KINDS, document_with_archive, put_onto
from podium_core.models.json_text import raw_bytes

TABLES: Mapping[EntryKind, EntryTable | LookupTable] = {
    EntryKind.WORKFLOW: WORKFLOW_TABLE,
    EntryKind.TASK: TASK_TABLE,
    EntryKind.TASK_LOG: TASK_LOGS,
    EntryKind.EVENT: EVENTS,
    EntryKind.MESSAGE: MESSAGES,
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
    if newest > write.token or write.expected not in {None, stored.token if stored else ABSENT}:
        return IndexAnswer(stale=True, was_there=was_there, token=newest)
    try:
        _make(conn, write, stored, word_changes, deleted=newest > 0, now_ms=now_ms)
    except UnindexableError as error:
        return IndexAnswer(refused=str(error), was_there=was_there)
    return IndexAnswer(was_there=was_there)


def apply(
    conn: sqlite3.Connection, changes: Sequence[IndexChange], *, now_ms: int
) -> list[IndexOutcome]:
    """Make changes, in order, each with a fresh token that is newer than every stored one.

    Raises:
        InvalidArgumentError: The index can't take the document.
        CorruptRecordError: The document to set fields in can't be read.
    """
    word_changes = WordChanges()
    outcomes = [_apply(conn, change, word_changes, now_ms=now_ms) for change in changes]
    word_changes.make(conn)
    return outcomes


def _apply(
    conn: sqlite3.Connection, change: IndexChange, word_changes: WordChanges, *, now_ms: int
) -> IndexOutcome:
    stored, newest = _newest(conn, change.kind, change.id)
    absent = stored is None or not _of_its_workflow(stored, change.action)
    if absent and not isinstance(change.action, Put):
        return IndexOutcome.ABSENT
    document, external = _made_of(change, _before(conn, change, stored), stored)
    write = IndexWrite(
        kind=change.kind,
        id=change.id,
        token=max(newest + 1, now_ms * 1000),
        document=document,
        external=external,
    )
    try:
        _make(conn, write, stored, word_changes, deleted=newest > 0, now_ms=now_ms)
    except UnindexableError as error:
        raise InvalidArgumentError("", f"{change.kind} '{change.id}': {error}") from error
    return IndexOutcome.WRITTEN


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


def _of_its_workflow(stored: StoredEntry, action: IndexAction) -> bool:
    wanted = "" if isinstance(action, Put) else action.workflow_id
    return wanted in {"", stored.workflow_id}


def _before(conn: sqlite3.Connection, change: IndexChange, stored: StoredEntry | None) -> bytes:
    """The document that the change is made on; empty where that doesn't matter."""
    if stored is None or isinstance(change.action, Remove):
        return b""
    if isinstance(change.action, Put) and change.kind not in ARCHIVED_KINDS:
        return b""
    return TABLES[change.kind].document(conn, stored)


def _made_of(
    change: IndexChange, before: bytes, stored: StoredEntry | None
) -> tuple[bytes | None, bool]:
    """The document after a change, and whether the entry is external then."""
    external = stored is not None and stored.external
    match change.action:
        case Put(document=document):
            return put_onto(before, raw_bytes(document), external=external)
        case Merge(fields=fields):
            kept = document_with_archive(raw_bytes(fields), before, replaceable=external)
            return merged(before, Raw(kept), change.id), external
        case Remove():
            return None, external


# tokens of deleted entries, for an hour: a late older write must not restore one


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
    """Forget some of those whose hour is over, and say whether there may be more."""
    sql = (
        "DELETE FROM tombstones WHERE (kind, id) IN"
        " (SELECT kind, id FROM tombstones WHERE until_ms <= ? LIMIT ?)"
    )
    return conn.execute(sql, (now_ms, limit)).rowcount == limit
