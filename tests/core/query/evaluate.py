"""What a query tree means, in plain Python over documents as Elasticsearch holds them: the judge of every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from podium_core.query import (
    TASK_FIELDS,
    WORKFLOW_FIELDS,
    And,
    Equals,
    Exists,
    Field,
    FieldType,
    MatchAll,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    StartsWith,
    Stretch,
    Word,
    lower_case,
    text_words,
    typed_value,
    value_anywhere,
)

Document = Mapping[str, Any]

# The same few texts are asked for their words by thousands of queries.
words = lru_cache(maxsize=10_000)(text_words)


def matches(query: Query, document: Document) -> bool:
    """Whether the document matches.

    Args:
        query: The tree.
        document: The entry of a workflow or, with a ``taskId``, of a task, with Conductor's keys; times are
            ``yyyy-MM-ddTHH:mm:ss.SSSZ`` or milliseconds, absent values are left out or None.
    """
    match query:
        case MatchAll():
            return True
        case And(parts):
            return all(matches(part, document) for part in parts)
        case Or(parts):
            return any(matches(part, document) for part in parts)
        case Not(part):
            return not matches(part, document)
        case Exists(field):
            return bool(_values(document, field))
        case Word() | Phrase() | Prefix():
            searched = _fields_of(document) if query.field is None else [query.field]
            return any(_has_term(query, field, document) for field in searched)
        case _:
            return _compares(query, document)


def _fields_of(document: Document) -> Iterable[Field]:
    return (TASK_FIELDS if "taskId" in document else WORKFLOW_FIELDS).values()


def _values(document: Document, field: Field) -> Sequence[Any]:
    value = document.get(field.key)
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _any(document: Document, field: Field, check: Callable[[Any], bool]) -> bool:
    return any(check(value) for value in _values(document, field))


# comparisons


def _compares(query: Equals | OneOf | Range | StartsWith, document: Document) -> bool:
    field = query.field
    match query:
        case Equals(_, wanted):
            return _any(document, field, lambda value: _equals(field, value, wanted))
        case OneOf(_, wanted_values):
            return _any(document, field, lambda value: _is_one_of(field, value, wanted_values))
        case Range():
            return _any(document, field, lambda value: _is_within(query, value))
        case StartsWith(_, prefix):
            return _any(document, field, lambda value: _starts_with(field, value, prefix))


def _equals(field: Field, value: Any, wanted: Any) -> bool:
    if field.type is FieldType.TEXT:
        return _has_phrase(words(value), words(wanted))
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _is_one_of(field: Field, value: Any, wanted: Sequence[Any]) -> bool:
    if field.type is FieldType.TEXT:
        return not {lower_case(each) for each in wanted}.isdisjoint(words(value))
    return any(_equals(field, value, each) for each in wanted)


def _is_within(range_: Range, value: Any) -> bool:
    if range_.field.type is FieldType.DATE:
        value = milliseconds(value)
    above, below = range_.above, range_.below
    if above is not None and not (value > above or (range_.above_included and value == above)):
        return False
    return below is None or bool(value < below or (range_.below_included and value == below))


def _starts_with(field: Field, value: Any, prefix: str) -> bool:
    if field.type is FieldType.TEXT:
        return any(word.startswith(lower_case(prefix)) for word in words(value))
    return field.type is FieldType.KEYWORD and value.startswith(prefix)


# free text


def _has_term(term: Word | Phrase | Prefix, field: Field, document: Document) -> bool:
    return _any(document, field, lambda value: _is_term(term, field, value))


def _is_term(term: Word | Phrase | Prefix, field: Field, value: Any) -> bool:
    if isinstance(term, Prefix):
        return _starts_with(field, value, term.text)
    if field.type is FieldType.TEXT:
        found, wanted = words(value), words(term.text)
        if isinstance(term, Phrase):
            return _has_phrase(found, wanted)
        return not set(wanted).isdisjoint(found)
    read = value_anywhere if term.field is None else typed_value
    wanted_value = read(field.type, term.text)
    if isinstance(wanted_value, Stretch):
        return wanted_value.first <= milliseconds(value) <= wanted_value.last
    return wanted_value is not None and _equals(field, value, wanted_value)


def _has_phrase(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the words stand one after the other; never, if there are none."""
    starts = range(len(found) - len(wanted) + 1)
    return bool(wanted) and any(found[at : at + len(wanted)] == wanted for at in starts)


def milliseconds(value: str | int) -> int:
    """A time or number of a document as an integer."""
    named = typed_value(FieldType.DATE, str(value)) if isinstance(value, str) else value
    if isinstance(named, Stretch):
        return named.first
    assert isinstance(named, int), f"no time: {value!r}"
    return named
