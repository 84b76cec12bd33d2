"""What the indexer reads of a SQLite file: documents beside their removal records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from podium_backends.sqlite.file.database import Database
from podium_backends.sqlite.file.pages import Row
from podium_backends.sqlite.file.stored_text import is_readable, require_readable
from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.stored_document import SCAN_SIZE, DocumentScan, OwnedId, StoredDocument
from podium_core.models import Task, Workflow
from podium_core.models.documents import TASK, WORKFLOW
from podium_core.paging.read_budget import up_to
from podium_core.ports import StoredDocuments

_COLUMNS = {
    EntryKind.WORKFLOW: "d.id, d.id, CAST(d.document AS BLOB), d.removal_due_ms, d.archive",
    EntryKind.TASK: "d.id, d.workflow_id, CAST(d.document AS BLOB), w.removal_due_ms, w.archive",
}
_TABLES = {EntryKind.WORKFLOW: "workflows AS d", EntryKind.TASK: "tasks AS d"}
_OWNERS = {
    EntryKind.WORKFLOW: "",
    EntryKind.TASK: " LEFT JOIN workflows AS w ON w.id = d.workflow_id",
}
_DECODE: dict[EntryKind, Callable[[bytes, str], Workflow | Task]] = {
    EntryKind.WORKFLOW: WORKFLOW.decode,
    EntryKind.TASK: TASK.decode,
}


class SqliteStoredDocuments:
    """Implements ``StoredDocuments``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def documents(
        self, kind: EntryKind, ids: Sequence[OwnedId], *, max_size: int
    ) -> list[StoredDocument]:
        # No ORDER BY, which would read all of them first: the left side of a LEFT JOIN is scanned in the array's order.
        sql = (
            f"SELECT j.key, {_COLUMNS[kind]} FROM json_each(?) AS j"
            f" LEFT JOIN {_TABLES[kind]} ON d.id = j.value{_OWNERS[kind]}"
        )
        wanted = msgspec.json.encode([id_ for id_, _ in ids]).decode()
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection) -> list[StoredDocument]:
            cursor = conn.execute(sql, (wanted,))
            found = up_to(
                (_wanted_document(kind, ids[row[0]], row[1:], now_ms) for row in cursor),
                max_size,
                _size,
            )
            cursor.close()
            return found

        return self._database.read(query)

    async def stored_ids(self, kind: EntryKind, ids: Sequence[OwnedId]) -> frozenset[str]:
        sql = f"SELECT j.key FROM json_each(?) AS j JOIN {_TABLES[kind]} ON d.id = j.value"
        wanted = msgspec.json.encode([id_ for id_, _ in ids]).decode()
        return self._database.read(
            lambda conn: frozenset(ids[at][0] for (at,) in conn.execute(sql, (wanted,)))
        )

    async def scan_documents(
        self, kind: EntryKind, *, cursor: str = "", limit: int = 1_000
    ) -> DocumentScan:
        sql = (
            f"SELECT {_COLUMNS[kind]} FROM {_TABLES[kind]}{_OWNERS[kind]}"
            " WHERE d.id > ? ORDER BY d.id"
        )
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection) -> DocumentScan:
            found: list[StoredDocument] = []
            size = 0
            for row in conn.execute(sql, (cursor,)):
                found.append(_document_of(kind, row, now_ms))
                size += found[-1].size
                # The next scan goes on from an id that can be read.
                if (len(found) >= limit or size >= SCAN_SIZE) and is_readable(row[0]):
                    return DocumentScan(found, row[0])
            return DocumentScan(found, None)

        return self._database.read(query)

    async def tasks_of(
        self, workflow_id: str, *, after: str = "", max_size: int, limit: int = 1_000
    ) -> list[StoredDocument]:
        sql = (
            f"SELECT {_COLUMNS[EntryKind.TASK]} FROM {_TABLES[EntryKind.TASK]}{_OWNERS[EntryKind.TASK]}"
            " WHERE d.workflow_id = ? AND d.id > ? ORDER BY d.id LIMIT ?"
        )
        now_ms = self._database.now_ms()

        def query(conn: sqlite3.Connection) -> list[StoredDocument]:
            cursor = conn.execute(sql, (workflow_id, after, limit))
            found = up_to(
                (_document_of(EntryKind.TASK, row, now_ms) for row in cursor), max_size, _size
            )
            cursor.close()
            return found

        return self._database.read(query)


def _size(document: StoredDocument) -> int:
    return document.size


def _wanted_document(kind: EntryKind, wanted: OwnedId, row: Row, now_ms: int) -> StoredDocument:
    if row[0] is None:
        return StoredDocument(kind=kind, id=wanted[0], owner=wanted[1])
    return _document_of(kind, row, now_ms)


def _document_of(kind: EntryKind, row: Row, now_ms: int) -> StoredDocument:
    id_, owner, document, due_ms, archive = row
    record, unreadable = None, ""
    try:
        require_readable(id_, kind.value)
        record = _DECODE[kind](document, id_)
    except CorruptRecordError as error:
        unreadable = error.message
    return StoredDocument(
        kind=kind,
        id=str(id_),
        owner=str(owner),
        record=record,
        text=document,
        removing=bool(archive) or (due_ms is not None and due_ms <= now_ms),
        leaving=due_ms is not None,
        unreadable=unreadable,
    )


_: type[StoredDocuments] = SqliteStoredDocuments
