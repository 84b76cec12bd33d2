"""Between a removal mark and the deletion: the index has to hold the documents first; till then it can be taken back."""

from __future__ import annotations

import sqlite3

import msgspec

from podium_backends.sqlite import outbox_statements
from podium_backends.sqlite.outbox_statements import MARK_TASK, MARK_WORKFLOW, IndexMarks
from podium_backends.sqlite.removal_mark import ARCHIVED, NO_ARCHIVE, TO_ARCHIVE, is_due
from podium_backends.sqlite.removal_row import RemovalRow, row_of
from podium_core.outbox import KIND_REMOVAL
from podium_core.removal import RemovalMark
from podium_core.write_set import Removal, RemovalStage

_expiry = msgspec.msgpack.Decoder(RemovalMark)


def stage_of(conn: sqlite3.Connection, workflow_id: str, *, now_ms: int) -> Removal | None:
    """The removal mark of a workflow."""
    row = row_of(conn, workflow_id)
    if row is None or row.due_ms is None:
        return None
    if row.archive == TO_ARCHIVE:
        stage = RemovalStage.ARCHIVE
    else:
        stage = RemovalStage.DELETE if is_due(row.due_ms, now_ms) else RemovalStage.WAIT
    return Removal(workflow_id=workflow_id, token=_token(conn, workflow_id), stage=stage)


def _token(conn: sqlite3.Connection, workflow_id: str) -> int:
    sql = "SELECT token FROM outbox WHERE kind = ? AND id = ?"
    row = conn.execute(sql, (KIND_REMOVAL, workflow_id)).fetchone()
    return int(row[0]) if row else 0


def _unchanged(conn: sqlite3.Connection, removal: Removal) -> RemovalRow | None:
    """The row, if its mark is still to be archived, and the one that was seen."""
    row = row_of(conn, removal.workflow_id)
    if row is None or row.due_ms is None or row.archive != TO_ARCHIVE:
        return None
    return row if _token(conn, removal.workflow_id) == removal.token else None


def archived(conn: sqlite3.Connection, removal: Removal, *, now_ms: int) -> bool:
    """Turn the mark on: the index holds the documents. It waits for its due time from now on."""
    row = _unchanged(conn, removal)
    if row is None or row.due_ms is None:
        return False
    conn.execute(
        f"UPDATE workflows SET archive = {ARCHIVED}, pending = 0, listed = 0 WHERE id = ?",
        (removal.workflow_id,),
    )
    outbox_statements.put_entry(
        conn, KIND_REMOVAL, removal.workflow_id, now_ms=now_ms, due_ms=row.due_ms
    )
    return True


def take_back(conn: sqlite3.Connection, removal: Removal, *, now_ms: int) -> bool:
    """Take back a mark that nothing has followed from yet, but perhaps archived entries; to what was before it."""
    row = _unchanged(conn, removal)
    if row is None or row.due_ms != 0:
        return False
    sql = "SELECT body FROM outbox WHERE kind = ? AND id = ?"
    body = conn.execute(sql, (KIND_REMOVAL, removal.workflow_id)).fetchone()[0]
    if body:
        _expire_again(conn, removal.workflow_id, _expiry.decode(body), row, now_ms=now_ms)
        return True
    conn.execute(
        f"UPDATE workflows SET removal_due_ms = NULL, archive = {NO_ARCHIVE} WHERE id = ?",
        (removal.workflow_id,),
    )
    outbox_statements.drop_entry(conn, KIND_REMOVAL, removal.workflow_id)
    index_all(conn, removal.workflow_id, _marks(conn, row, now_ms))
    return True


def _expire_again(
    conn: sqlite3.Connection, workflow_id: str, expiry: RemovalMark, row: RemovalRow, *, now_ms: int
) -> None:
    archive = TO_ARCHIVE if expiry.archives else NO_ARCHIVE
    conn.execute(
        "UPDATE workflows SET removal_due_ms = ?, archive = ?, take_messages = ?, take_payloads = ? WHERE id = ?",
        (expiry.due_ms, archive, expiry.take_messages, expiry.take_payloads, workflow_id),
    )
    due_ms = 0 if archive else expiry.due_ms
    outbox_statements.put_entry(conn, KIND_REMOVAL, workflow_id, now_ms=now_ms, due_ms=due_ms)
    if archive == NO_ARCHIVE:
        index_all(conn, workflow_id, _marks(conn, row, now_ms))


def _marks(conn: sqlite3.Connection, row: RemovalRow, now_ms: int) -> IndexMarks:
    return IndexMarks(conn, now_ms=now_ms, wanted=bool(row.mark_index))


def index_all(conn: sqlite3.Connection, workflow_id: str, marks: IndexMarks) -> None:
    """What was to be archived no longer is: entries may be archived ones by now, and marks may have been left to that."""
    marks.put(MARK_WORKFLOW, workflow_id)
    sql = "SELECT id FROM tasks WHERE workflow_id = ?"
    for (id_,) in conn.execute(sql, (workflow_id,)).fetchall():
        marks.put(MARK_TASK, id_)


def drop_index_marks(conn: sqlite3.Connection, workflow_id: str) -> None:
    """What waits for the entries takes no part any more: the archive takes their place, and must not give way to it."""
    outbox_statements.drop_entry(conn, MARK_WORKFLOW, workflow_id)
    conn.execute(
        "DELETE FROM outbox WHERE kind = ? AND id IN (SELECT id FROM tasks WHERE workflow_id = ?)",
        (MARK_TASK, workflow_id),
    )
