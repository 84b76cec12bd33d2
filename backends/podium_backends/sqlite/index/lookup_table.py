"""What is only looked up by its owner: lines of task logs, event executions, messages of queues."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from podium_backends.sqlite.index import values
from podium_backends.sqlite.index.members import members_of
from podium_backends.sqlite.index.stored_entry import StoredEntry, WordChanges
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead, EntryScan, IndexEntry, IndexWrite, digest_of
from podium_core.index.kinds import LOOKED_UP
from podium_core.models.documents import require_utf8
from podium_core.paging.resume_token import resume_key, resume_token

_FIND = "SELECT number, token, digest, '' FROM records WHERE kind = ? AND id = ?"
# A record that is written again keeps its place in the order.
_PUT = (
    "INSERT INTO records (kind, id, token, digest, owner, created, document) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, id) DO UPDATE SET token = excluded.token, digest = excluded.digest,"
    " owner = excluded.owner, created = excluded.created, document = excluded.document"
)
# By number alone: an index of kinds would be sorted for each page.
_NEXT_HEADS = "SELECT number, id, token, digest FROM records WHERE +kind = ? AND number > ? ORDER BY number LIMIT ?"
_OF_OWNER = "SELECT id, CAST(document AS BLOB) FROM records WHERE kind = ? AND owner = ? ORDER BY created, number LIMIT ?"


class LookupTable:
    """Records of one kind."""

    def __init__(self, kind: EntryKind) -> None:
        self._kind = kind
        self._owner = LOOKED_UP[kind].owner
        self._created = LOOKED_UP[kind].created

    def find(self, conn: sqlite3.Connection, id_: str) -> StoredEntry | None:
        """The record of this id."""
        row = conn.execute(_FIND, (self._kind, id_)).fetchone()
        return None if row is None else StoredEntry(*row)

    def put(
        self,
        conn: sqlite3.Connection,
        stored: StoredEntry | None,
        write: IndexWrite,
        document: bytes,
        word_changes: WordChanges,
    ) -> None:
        """Store a record, in place of the one that is there. Raises as ``EntryTable.put``."""
        del stored, word_changes
        members = members_of(document, (self._owner, self._created))
        owner = values.keyword(members.get(self._owner)) or ""
        created = values.number(members.get(self._created)) or 0
        digest, text = digest_of(document), document.decode()
        row = (self._kind, write.id, write.token, digest, owner, created, text)
        conn.execute(_PUT, row)

    def delete(
        self, conn: sqlite3.Connection, stored: StoredEntry, word_changes: WordChanges
    ) -> None:
        """Delete a record."""
        del word_changes
        conn.execute("DELETE FROM records WHERE number = ?", (stored.number,))

    def document(self, conn: sqlite3.Connection, stored: StoredEntry) -> bytes:
        """The document of a record."""
        sql = "SELECT CAST(document AS BLOB) FROM records WHERE number = ?"
        document: bytes = conn.execute(sql, (stored.number,)).fetchone()[0]
        return require_utf8(document, f"{self._kind.value} record", f"number {stored.number}")

    def entry(self, conn: sqlite3.Connection, id_: str) -> IndexEntry | None:
        """The record of this id."""
        sql = "SELECT token, CAST(document AS BLOB) FROM records WHERE kind = ? AND id = ?"
        row = conn.execute(sql, (self._kind, id_)).fetchone()
        if row is None:
            return None
        return IndexEntry(kind=self._kind, id=id_, token=row[0], archived=False, document=row[1])

    def heads(self, conn: sqlite3.Connection, ids: Sequence[str]) -> list[EntryHead | None]:
        """The heads of the records of these ids."""
        found = [(id_, self.find(conn, id_)) for id_ in ids]
        return [
            None if stored is None else EntryHead(id_, stored.token, False, "", stored.digest)
            for id_, stored in found
        ]

    def next_heads(self, conn: sqlite3.Connection, cursor: str, limit: int) -> EntryScan:
        """The heads of the next records, in the order in which they came: of one millisecond too."""
        after = resume_key(cursor, tuple[int], (0,))
        rows = conn.execute(_NEXT_HEADS, (self._kind, *after, limit)).fetchall()
        heads = [EntryHead(str(id_), token, False, "", digest) for _, id_, token, digest in rows]
        return EntryScan(heads, resume_token(rows[-1][0]) if len(rows) >= limit else None)

    def of_owner(self, conn: sqlite3.Connection, owner: str, limit: int) -> sqlite3.Cursor:
        """Ids and documents (bytes) of an owner's records, oldest first, read as they are asked for."""
        return conn.execute(_OF_OWNER, (self._kind, owner, limit))


LOOKUP_TABLES: Mapping[EntryKind, LookupTable] = {kind: LookupTable(kind) for kind in LOOKED_UP}
