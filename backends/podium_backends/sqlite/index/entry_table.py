"""Entries of workflows and tasks: a row of columns, the document, and the words, always together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from podium_backends.sqlite.file.stored_text import scan_rows
from podium_backends.sqlite.index.extraction import EXTRACTORS, ExtractedFields
from podium_backends.sqlite.index.layout import EXACT, TASKS, WORKFLOWS, Layout
from podium_backends.sqlite.index.stored_entry import StoredEntry, WordChanges
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import EntryHead, EntryScan, IndexEntry, IndexWrite, digest_of
from podium_core.models.documents import require_utf8


class EntryTable:
    """The tables of one kind of entry."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._extractor = EXTRACTORS[layout.kind]
        owner = "workflow_id" if layout.kind is EntryKind.TASK else "''"
        table, key, documents, words = (
            layout.table,
            layout.id_column,
            layout.documents,
            layout.words,
        )
        self._find = f"SELECT number, token, digest, {owner}, external FROM {table} WHERE {key} = ?"
        self._delete = f"DELETE FROM {table} WHERE number = ?"
        self._retoken = f"UPDATE {table} SET token = ?, external = ? WHERE number = ?"
        self._document = f"SELECT CAST(document AS BLOB) FROM {documents} WHERE number = ?"
        self._put_document = f"INSERT OR REPLACE INTO {documents} (number, document) VALUES (?, ?)"
        self._delete_document = f"DELETE FROM {documents} WHERE number = ?"
        self._delete_words = f"DELETE FROM {words} WHERE rowid = ?"
        self._all_words = {*layout.texts.values(), EXACT}
        self._entry = (
            f"SELECT token, archived, CAST(document AS BLOB), external FROM {table} JOIN {documents} USING (number)"
            f" WHERE {key} = ?"
        )
        self._every = (
            f"SELECT number, {key}, texts, document FROM {table} JOIN {documents} USING (number)"
            " ORDER BY number"
        )
        self._set_texts = f"UPDATE {table} SET texts = ? WHERE number = ?"
        self._of_workflow = (
            f"SELECT {key} FROM {table} WHERE workflow_id = ? AND {key} > ? ORDER BY {key} LIMIT ?"
        )
        workflow = "coalesce(workflow_id, '')"
        head = f"token, coalesce(archived, 0), {workflow}, digest, external"
        self._next_heads = f"SELECT {key}, {head} FROM {table} WHERE {key} > ? ORDER BY {key}"
        # The left side of a LEFT JOIN is read in the array's order.
        self._heads = f"SELECT {head} FROM json_each(?) AS j LEFT JOIN {table} ON {key} = j.value"

    # writing

    def find(self, conn: sqlite3.Connection, id_: str) -> StoredEntry | None:
        """The entry of this id."""
        row = conn.execute(self._find, (id_,)).fetchone()
        if row is None:
            return None
        number, token, digest, workflow_id, external = row
        return StoredEntry(number, token, digest, workflow_id or "", external == 1)

    def put(
        self,
        conn: sqlite3.Connection,
        stored: StoredEntry | None,
        write: IndexWrite,
        document: bytes,
        word_changes: WordChanges,
    ) -> None:
        """Store an entry, in place of the one that is there.

        Args:
            conn: In a transaction.
            stored: The one that is there.
            write: Its id, token and origin.
            document: The write's document.
            word_changes: Where changes of its words go.
        Raises:
            UnindexableError: The document can't be taken; nothing was written.
        """
        digest = digest_of(document)
        if stored is not None and stored.digest == digest:
            conn.execute(self._retoken, (write.token, write.external, stored.number))
            return
        head = {"token": write.token, "digest": digest, "external": write.external}
        if stored is None:
            extract = self._extractor.extract(document, write.id)
            number = self._insert(conn, {**head, "texts": extract.texts, **extract.columns})
        else:
            number = stored.number
            extract = self._extractor.extract(document, write.id, self._text(conn, number))
            self._update(conn, number, {**head, **extract.columns}, extract)
        conn.execute(self._put_document, (number, document.decode()))
        self._put_words(number, extract.words, word_changes)

    def _text(self, conn: sqlite3.Connection, number: int) -> str | None:
        """The stored text; None where there is none that can be read."""
        row = conn.execute(self._document, (number,)).fetchone()
        try:
            return None if row is None else row[0].decode()
        except UnicodeDecodeError:
            return None

    def _insert(self, conn: sqlite3.Connection, row: dict[str, Any]) -> int:
        sql = f"INSERT INTO {self.layout.table} ({', '.join(row)}) VALUES ({_marks(row)})"
        return int(conn.execute(sql, tuple(row.values())).lastrowid or 0)

    def _update(
        self, conn: sqlite3.Connection, number: int, row: dict[str, Any], extract: ExtractedFields
    ) -> None:
        # Only what differs: each column that is set rewrites all indexes that it is in.
        values = [*row.values()]
        settings = " = ?, ".join(row) + " = ?"
        if extract.words:
            settings += ", texts = texts & ? | ?"
            values += (extract.kept, extract.texts)
        sql = f"UPDATE {self.layout.table} SET {settings} WHERE number = ?"
        conn.execute(sql, (*values, number))

    def _put_words(self, number: int, words: dict[str, str], word_changes: WordChanges) -> None:
        if not words:
            return
        table = self.layout.words
        if words.keys() == self._all_words:
            columns = f"rowid, {', '.join(words)}"
            sql = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES (?, {_marks(words)})"
            word_changes.add(number, sql, (number, *words.values()))
        else:
            sql = f"UPDATE {table} SET {' = ?, '.join(words)} = ? WHERE rowid = ?"
            word_changes.add(number, sql, (*words.values(), number))

    def delete(
        self, conn: sqlite3.Connection, stored: StoredEntry, word_changes: WordChanges
    ) -> None:
        """Delete an entry."""
        conn.execute(self._delete, (stored.number,))
        conn.execute(self._delete_document, (stored.number,))
        word_changes.add(stored.number, self._delete_words, (stored.number,))

    def rebuild_words(self, conn: sqlite3.Connection) -> None:
        """Make the words of all entries again. Those of entries whose documents can't be read stay."""
        word_changes = WordChanges()
        for number, id_, texts, document in conn.execute(self._every):
            try:
                extract = self._extractor.extract(document, id_)
            except UnindexableError:
                continue
            self._put_words(number, extract.words, word_changes)
            word_changes.make(conn)
            if extract.texts != texts:
                conn.execute(self._set_texts, (extract.texts, number))

    # reading

    def document(self, conn: sqlite3.Connection, stored: StoredEntry) -> bytes:
        """The document of an entry."""
        document: bytes = conn.execute(self._document, (stored.number,)).fetchone()[0]
        return require_utf8(document, f"{self.layout.kind.value} entry", f"number {stored.number}")

    def entry(self, conn: sqlite3.Connection, id_: str) -> IndexEntry | None:
        """The entry of this id."""
        row = conn.execute(self._entry, (id_,)).fetchone()
        if row is None:
            return None
        token, archived, document, external = row
        return IndexEntry(
            kind=self.layout.kind,
            id=id_,
            token=token,
            archived=archived == 1,
            document=document,
            external=external == 1,
        )

    def ids_of_workflow(
        self, conn: sqlite3.Connection, workflow_id: str, after: str, limit: int
    ) -> list[str]:
        """The next ids of a workflow's entries, in order."""
        rows = conn.execute(self._of_workflow, (workflow_id, after, limit))
        return [row[0] for row in rows]

    def heads(self, conn: sqlite3.Connection, ids: Sequence[str]) -> list[EntryHead | None]:
        """The heads of the entries of these ids."""
        rows = conn.execute(self._heads, (msgspec.json.encode(ids).decode(),))
        found = zip(ids, rows, strict=True)
        return [None if row[0] is None else _head(id_, row) for id_, row in found]

    def next_heads(self, conn: sqlite3.Connection, after: str, limit: int) -> EntryScan:
        """The heads of the entries after an id, in order."""
        rows = scan_rows(conn.execute(self._next_heads, (after,)), limit, lambda row: row[:1])
        heads = [_head(str(id_), row) for id_, *row in rows]
        return EntryScan(heads, heads[-1].id if len(heads) >= limit else None)


def _head(id_: str, row: Sequence[Any]) -> EntryHead:
    token, archived, workflow_id, digest, external = row
    return EntryHead(id_, token, archived == 1, workflow_id, digest, external == 1)


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


WORKFLOW_TABLE = EntryTable(WORKFLOWS)
TASK_TABLE = EntryTable(TASKS)
