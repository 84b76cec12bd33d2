"""Entries of workflows and tasks: a row of columns, the document, and the words, always together."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from podium_backends.sqlite.index.extraction import EXTRACTORS, Extract
from podium_backends.sqlite.index.layout import EXACT, TASKS, WORKFLOWS, Layout
from podium_backends.sqlite.index.stored import Stored, digest_of
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.index.changes import EntryKind
from podium_core.index.target import EntryHead, IndexEntry, IndexWrite


class EntryTable:
    """The tables of one kind of entry."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._extractor = EXTRACTORS[layout.kind]
        self._columns = ("texts", *layout.columns.values())
        owner = "workflow_id" if layout.kind is EntryKind.TASK else "''"
        table, key, documents, words = (
            layout.table,
            layout.id_column,
            layout.documents,
            layout.words,
        )
        self._find = f"SELECT number, token, digest, {owner}, external FROM {table} WHERE {key} = ?"
        columns = ("token", "digest", "external", *self._columns)
        self._insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_marks(columns)})"
        self._delete = f"DELETE FROM {table} WHERE number = ?"
        self._retoken = f"UPDATE {table} SET token = ?, external = ? WHERE number = ?"
        self._document = f"SELECT document FROM {documents} WHERE number = ?"
        self._put_document = f"INSERT OR REPLACE INTO {documents} (number, document) VALUES (?, ?)"
        self._delete_document = f"DELETE FROM {documents} WHERE number = ?"
        texts = ("rowid", *layout.texts.values(), EXACT)
        self._add_words = f"INSERT INTO {words} ({', '.join(texts)}) VALUES ({_marks(texts)})"
        self._drop_words = (
            f"INSERT INTO {words} ({words}, {', '.join(texts)}) VALUES ('delete', {_marks(texts)})"
        )
        self._entry = (
            f"SELECT token, archived, document, external FROM {table} JOIN {documents} USING (number)"
            f" WHERE {key} = ?"
        )
        self._every = (
            f"SELECT number, {key}, texts, document FROM {table} JOIN {documents} USING (number)"
        )
        self._empty_words = f"INSERT INTO {words} ({words}) VALUES ('delete-all')"
        self._set_texts = f"UPDATE {table} SET texts = ? WHERE number = ?"
        workflow = "coalesce(workflow_id, '')"
        self._heads = (
            f"SELECT {key}, token, coalesce(archived, 0), {workflow}, digest, external FROM {table}"
            f" WHERE {key} > ? ORDER BY {key} LIMIT ?"
        )

    # writing

    def find(self, conn: sqlite3.Connection, id_: str) -> Stored | None:
        """The entry of this id."""
        row = conn.execute(self._find, (id_,)).fetchone()
        if row is None:
            return None
        number, token, digest, workflow_id, external = row
        return Stored(number, token, digest, workflow_id or "", external == 1)

    def put(
        self,
        conn: sqlite3.Connection,
        stored: Stored | None,
        write: IndexWrite,
        document: bytes,
    ) -> None:
        """Store an entry, in place of the one that is there.

        Args:
            conn: In a transaction.
            stored: The one that is there.
            write: Its id, token and origin.
            document: The write's document.
        Raises:
            UnindexableError: The document can't be taken; nothing was written.
        """
        head = (write.token, digest_of(document), write.external)
        if stored is not None and stored.digest == head[1]:
            conn.execute(self._retoken, (write.token, write.external, stored.number))
            return
        extract = self._extractor.extract(document, write.id)
        old = None if stored is None else self._old(conn, stored.number, write.id)
        if stored is not None and old is None:
            self.delete(conn, stored, write.id)
        if stored is None or old is None:
            self._add(conn, extract, head, document)
        else:
            self._change(conn, stored.number, old, extract, head, document)

    def _old(self, conn: sqlite3.Connection, number: int, id_: str) -> Extract | None:
        """What the stored document was found by; None if it can't be read, and its words can't be deleted."""
        row = conn.execute(self._document, (number,)).fetchone()
        try:
            return None if row is None else self._extractor.extract(row[0], id_)
        except UnindexableError:
            return None

    def _add(
        self,
        conn: sqlite3.Connection,
        extract: Extract,
        head: tuple[int, bytes, bool],
        document: bytes,
    ) -> None:
        row = (*head, extract.texts, *extract.columns)
        number = conn.execute(self._insert, row).lastrowid
        conn.execute(self._put_document, (number, document.decode()))
        conn.execute(self._add_words, (number, *extract.words))

    def _change(
        self,
        conn: sqlite3.Connection,
        number: int,
        old: Extract,
        new: Extract,
        head: tuple[int, bytes, bool],
        document: bytes,
    ) -> None:
        # Only what differs: each column that is set rewrites all indexes that it is in.
        before, after = (old.texts, *old.columns), (new.texts, *new.columns)
        changed = [at for at, value in enumerate(after) if value != before[at]]
        names = ["token", "digest", "external", *(self._columns[at] for at in changed)]
        sql = f"UPDATE {self.layout.table} SET {' = ?, '.join(names)} = ? WHERE number = ?"
        conn.execute(sql, (*head, *(after[at] for at in changed), number))
        conn.execute(self._put_document, (number, document.decode()))
        if old.words != new.words:
            conn.execute(self._drop_words, (number, *old.words))
            conn.execute(self._add_words, (number, *new.words))

    def delete(self, conn: sqlite3.Connection, stored: Stored, id_: str) -> None:
        """Delete an entry."""
        old = self._old(conn, stored.number, id_)
        if old is not None:
            conn.execute(self._drop_words, (stored.number, *old.words))
        conn.execute(self._delete, (stored.number,))
        conn.execute(self._delete_document, (stored.number,))

    def make_words_anew(self, conn: sqlite3.Connection) -> None:
        """Empty the words, and make those of all entries again; not of those whose documents can't be read."""
        conn.execute(self._empty_words)
        for number, id_, texts, document in conn.execute(self._every):
            try:
                extract = self._extractor.extract(document, id_)
            except UnindexableError:
                continue
            conn.execute(self._add_words, (number, *extract.words))
            if extract.texts != texts:
                conn.execute(self._set_texts, (extract.texts, number))

    # reading

    def document(self, conn: sqlite3.Connection, stored: Stored) -> bytes:
        """The document of an entry."""
        text: str = conn.execute(self._document, (stored.number,)).fetchone()[0]
        return text.encode()

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
            document=document.encode(),
            external=external == 1,
        )

    def heads(self, conn: sqlite3.Connection, after: str, limit: int) -> list[EntryHead]:
        """The heads of the entries behind an id, in order."""
        return [
            EntryHead(id_, token, archived == 1, workflow_id, digest, external == 1)
            for id_, token, archived, workflow_id, digest, external in conn.execute(
                self._heads, (after, limit)
            )
        ]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


WORKFLOW_TABLE = EntryTable(WORKFLOWS)
TASK_TABLE = EntryTable(TASKS)
