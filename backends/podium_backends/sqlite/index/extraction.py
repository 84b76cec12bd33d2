"""What a document is found by: its columns and its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from podium_backends.sqlite.index import values
from podium_backends.sqlite.index.layout import TASKS, WORKFLOWS, Layout
from podium_backends.sqlite.index.tokens import (
    boolean_token,
    date_token,
    keyword_token,
    number_token,
)
from podium_backends.sqlite.index.values import UnindexableError
from podium_core.index.changes import EntryKind
from podium_core.query.fields import FieldType
from podium_core.query.words import words

# Between two texts of one field: no phrase goes across, since no search has this token.
_GAP = " | "

_decode = msgspec.json.Decoder().decode

_READERS: dict[FieldType, tuple[Callable[[Any], Any], Callable[[Any], str]]] = {
    FieldType.KEYWORD: (values.keyword, keyword_token),
    FieldType.NUMBER: (values.number, number_token),
    FieldType.BOOLEAN: (values.boolean, boolean_token),
    FieldType.DATE: (values.date, date_token),
}


class Extract(NamedTuple):
    """What a document is found by.

    Attributes:
        columns: The values of the layout's columns, in order.
        texts: Bits for the TEXT fields that it has, and that have words.
        words: The words of each TEXT field, and the exact tokens of the others.
    """

    columns: tuple[Any, ...]
    texts: int
    words: tuple[str, ...]


class Extractor:
    """Reads documents of one kind."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        fields = layout.fields
        self._columns = [
            (fields[name].key, *_READERS[fields[name].type]) for name in layout.columns
        ]
        self._texts = [
            (fields[name].key, layout.present_bit(name), layout.worded_bit(name))
            for name in layout.texts
        ]

    def extract(self, document: bytes | str, id_: str) -> Extract:
        """The extract of a document.

        Raises:
            UnindexableError: It isn't a JSON object, a member isn't of its field's type, or its id is another.
        """
        members = members_of(document)
        if members.setdefault(self._layout.id_field, id_) != id_:
            raise UnindexableError(f"{self._layout.id_field}: not the id of the entry")
        columns, exact = self._read_columns(members)
        texts, text_words = self._read_texts(members)
        return Extract(columns, texts, (*text_words, " ".join(exact)))

    def _read_columns(self, members: dict[str, Any]) -> tuple[tuple[Any, ...], list[str]]:
        columns: list[Any] = []
        exact: list[str] = []
        for name, read, token in self._columns:
            value = members.get(name)
            if isinstance(value, list):
                value = _only(value, name)
            if value is None:
                columns.append(None)
                continue
            try:
                value = read(value)
            except UnindexableError as error:
                raise UnindexableError(f"{name}: {error}") from error
            columns.append(value)
            exact.append(token(value))
        return tuple(columns), exact

    def _read_texts(self, members: dict[str, Any]) -> tuple[int, list[str]]:
        texts = 0
        found: list[str] = []
        for name, present, worded in self._texts:
            value = members.get(name)
            text = ""
            if value is not None and value != []:
                texts |= present
                text = _text_words(value, name)
            if text:
                texts |= worded
            found.append(text)
        return texts, found


def members_of(document: bytes | str) -> dict[str, Any]:
    """The members of a document. Raises UnindexableError."""
    try:
        members = _decode(document)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors, too
        raise UnindexableError(f"not valid JSON: {error}") from error
    if not isinstance(members, dict):
        raise UnindexableError("not a JSON object")
    return members


def _only(found: list[Any], name: str) -> Any:
    if len(found) > 1:
        raise UnindexableError(f"{name}: more than one value")
    return found[0] if found else None


def _text_words(value: Any, name: str) -> str:
    if isinstance(value, str):
        return " ".join(words(value))
    if isinstance(value, list):
        texts = [_text_words(part, name) for part in value if part is not None]
        return _GAP.join(text for text in texts if text)
    try:
        return " ".join(words(values.keyword(value)))
    except UnindexableError as error:
        raise UnindexableError(f"{name}: {error}") from error


EXTRACTORS = {
    EntryKind.WORKFLOW: Extractor(WORKFLOWS),
    EntryKind.TASK: Extractor(TASKS),
}
