"""What a document is found by: its columns and its words, or as much of both as differs from another document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import ne
from typing import Any, NamedTuple

from podium_backends.sqlite.index import values
from podium_backends.sqlite.index.exact_terms import (
    boolean_term,
    date_term,
    keyword_term,
    number_term,
)
from podium_backends.sqlite.index.layout import EXACT, TASKS, UNTOKENED, WORKFLOWS, Layout
from podium_backends.sqlite.index.members import Members
from podium_core.index.changes import EntryKind
from podium_core.query.fields import FieldType
from podium_core.query.text_fields import text_pieces, text_words
from podium_core.query.words import PIECE_LENGTH

# Between two texts of one field: no phrase goes across, since no search has this token.
_GAP = " | "

_READERS: dict[FieldType, tuple[Callable[[Any], Any], Callable[[Any], str]]] = {
    FieldType.KEYWORD: (values.keyword, keyword_term),
    FieldType.NUMBER: (values.number, number_term),
    FieldType.BOOLEAN: (values.boolean, boolean_term),
    FieldType.DATE: (values.date, date_term),
}


class ExtractedFields(NamedTuple):
    """What a document is found by.

    Attributes:
        columns: The values of columns.
        words: By column of the words: those of TEXT fields, and in ``exact`` the tokens of all others.
        texts: Bits for the TEXT fields in ``words`` that are there, and that have words.
        kept: The bits of the TEXT fields that aren't in ``words``.
    """

    columns: dict[str, Any]
    words: dict[str, str]
    texts: int
    kept: int


class _Column(NamedTuple):
    key: str
    column: str
    read: Callable[[Any], Any]
    token: Callable[[Any], str]
    tokened: bool


class _Text(NamedTuple):
    key: str
    column: str
    present: int
    worded: int


class Extractor:
    """Reads documents of one kind."""

    def __init__(self, layout: Layout) -> None:
        fields = layout.fields
        self._members = Members(layout)
        self._columns = [
            _Column(fields[name].key, column, *_READERS[fields[name].type], name != UNTOKENED)
            for name, column in layout.columns.items()
        ]
        self._texts = [
            _Text(fields[name].key, column, layout.present_bit(name), layout.worded_bit(name))
            for name, column in layout.texts.items()
        ]
        self._bits = sum(text.present | text.worded for text in self._texts)
        self._all = range(len(self._columns) + len(self._texts))

    def extract(
        self, document: bytes | str, id_: str, before: str | None = None
    ) -> ExtractedFields:
        """The extract of a document.

        Args:
            document: The document.
            id_: The entry's id.
            before: What the entry was made from until now: only what differs from that is wanted.
        Raises:
            UnindexableError: It isn't a JSON object, or its id is another. A member that its column can't hold is left out.
        """
        members = self._members.plain(document, id_)
        if members is None:
            return self._extract(self._members.of_any(document, id_), self._all)
        old = None if before is None else self._members.plain(before, id_)
        differing = self._all if old is None else compress(self._all, map(ne, members, old))
        return self._extract(members, differing)

    def _extract(self, members: Sequence[Any], differing: Iterable[int]) -> ExtractedFields:
        first_text = len(self._columns)
        columns, texts = [], []
        for at in differing:
            if at < first_text:
                columns.append(at)
            else:
                texts.append((self._texts[at - first_text], members[at]))
        found, bits, kept = self._read_texts(texts)
        if not any(self._columns[at].tokened for at in columns):
            read = {self._columns[at].column: self._read(at, members[at]) for at in columns}
            return ExtractedFields(read, found, bits, kept)
        whole, found[EXACT] = self._read_columns(members)
        read = {self._columns[at].column: whole[at] for at in columns}
        return ExtractedFields(read, found, bits, kept)

    def _read(self, at: int, value: Any) -> Any:
        if isinstance(value, list):
            value = value[0] if len(value) == 1 else None
        return None if value is None else self._columns[at].read(value)

    def _read_columns(self, members: Sequence[Any]) -> tuple[list[Any], str]:
        """The values of all columns, and their tokens."""
        whole = [self._read(at, members[at]) for at in range(len(self._columns))]
        tokens = [
            column.token(value)
            for column, value in zip(self._columns, whole, strict=True)
            if column.tokened and value is not None
        ]
        return whole, " ".join(tokens)

    def _read_texts(self, texts: Iterable[tuple[_Text, Any]]) -> tuple[dict[str, str], int, int]:
        """The words of some texts, their bits, and the bits of the others."""
        found: dict[str, str] = {}
        bits, kept = 0, self._bits
        for text, value in texts:
            kept &= ~(text.present | text.worded)
            read = ""
            if value is not None and value != []:
                bits |= text.present
                read = _text_words(value)
            if read:
                bits |= text.worded
            found[text.column] = read
        return found, bits, kept


def _text_words(value: Any) -> str:
    if isinstance(value, list):
        texts = [_text_words(part) for part in value if part is not None]
        return _GAP.join(text for text in texts if text)
    text = value if isinstance(value, str) else values.keyword(value)
    if text is None:
        return ""
    if len(text) <= PIECE_LENGTH:
        return " ".join(text_words(text))
    return " ".join(" ".join(found) for found in text_pieces(text) if found)


EXTRACTORS = {
    EntryKind.WORKFLOW: Extractor(WORKFLOWS),
    EntryKind.TASK: Extractor(TASKS),
}
