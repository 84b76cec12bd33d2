"""The conditions of queries on plain documents: a store without a store, which finds by asking each document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podium_core.query import (
    Conditions,
    ExactValue,
    Field,
    FieldType,
    Range,
    ValuesAnywhere,
    text_words,
)
from tests.core.query.evaluate import milliseconds

Document = Mapping[str, Any]
Condition = Callable[[Document], bool]


class PlainConditions:
    """Conditions on documents with these fields; each call has to keep what ``Conditions`` promises."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields

    def everything(self) -> Condition:
        return lambda _: True

    def nothing(self) -> Condition:
        return lambda _: False

    def all_of(self, parts: Sequence[Condition]) -> Condition:
        return lambda document: all(part(document) for part in parts)

    def any_of(self, parts: Sequence[Condition]) -> Condition:
        return lambda document: any(part(document) for part in parts)

    def none_of(self, part: Condition) -> Condition:
        return lambda document: not part(document)

    def is_present(self, field: Field) -> Condition:
        return lambda document: bool(_values(document, field))

    def equals(self, field: Field, values: Sequence[ExactValue]) -> Condition:
        assert field.type in {FieldType.KEYWORD, FieldType.NUMBER, FieldType.BOOLEAN}
        assert values
        kind = {FieldType.KEYWORD: str, FieldType.NUMBER: int, FieldType.BOOLEAN: bool}[field.type]
        assert {type(value) for value in values} == {kind}
        return lambda document: not set(values).isdisjoint(_values(document, field))

    def between(self, field: Field, first: int | None, last: int | None) -> Condition:
        assert field.type in {FieldType.NUMBER, FieldType.DATE}
        assert (first, last) != (None, None)
        assert all(
            type(end) is int and -(2**63) <= end < 2**63 for end in (first, last) if end is not None
        )

        def is_between(value: int) -> bool:
            return (first is None or first <= value) and (last is None or value <= last)

        return lambda document: any(map(is_between, map(milliseconds, _values(document, field))))

    def text_between(self, bounds: Range) -> Condition:
        assert bounds.field.type is FieldType.KEYWORD
        above, below = bounds.above, bounds.below
        assert isinstance(above, str) or isinstance(below, str)

        def is_between(value: str) -> bool:
            if isinstance(above, str) and (
                value < above or (value == above and not bounds.above_included)
            ):
                return False
            return not isinstance(below, str) or (
                value < below or (value == below and bounds.below_included)
            )

        return lambda document: any(map(is_between, _values(document, bounds.field)))

    def starts_with(self, field: Field, prefix: str) -> Condition:
        assert field.type is FieldType.KEYWORD
        assert prefix
        return lambda document: any(value.startswith(prefix) for value in _values(document, field))

    def has_word(self, fields: Sequence[Field], texts: Sequence[str]) -> Condition:
        assert texts
        return self.has_token(fields, [word for text in texts for word in text_words(text)])

    def has_token(self, fields: Sequence[Field], tokens: Sequence[str]) -> Condition:
        return _in_texts(fields, lambda words: not set(tokens).isdisjoint(words))

    def has_phrase(self, fields: Sequence[Field], text: str) -> Condition:
        wanted = text_words(text)

        def has(words: list[str]) -> bool:
            starts = range(len(words) - len(wanted) + 1)
            return bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in starts)

        return _in_texts(fields, has)

    def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> Condition:
        assert prefixes
        for prefix in prefixes:
            assert sum(prefix.startswith(other) for other in ("", *prefixes)) == 2
        return _in_texts(
            fields, lambda words: any(each.startswith(tuple(prefixes)) for each in words)
        )

    def has_any_word(self, fields: Sequence[Field]) -> Condition:
        return _in_texts(fields, bool)

    def equals_anywhere(self, values: ValuesAnywhere) -> Sequence[Condition]:
        found: list[Condition] = []
        by_type: dict[FieldType, Sequence[ExactValue]] = {
            FieldType.KEYWORD: values.keywords,
            FieldType.NUMBER: values.numbers,
            FieldType.BOOLEAN: values.booleans,
        }
        for field in self._fields.values():
            if wanted := by_type.get(field.type):
                found.append(self.equals(field, wanted))
            if field.type is FieldType.DATE:
                found += [self.between(field, each.first, each.last) for each in values.stretches]
        return found

    def starts_anywhere(self, prefix: str) -> Sequence[Condition]:
        return [
            self.starts_with(field, prefix)
            for field in self._fields.values()
            if field.type is FieldType.KEYWORD
        ]


_: type[Conditions[Condition]] = PlainConditions


def _values(document: Document, field: Field) -> Sequence[Any]:
    value = document.get(field.key)
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _in_texts(fields: Sequence[Field], check: Callable[[list[str]], bool]) -> Condition:
    assert fields
    assert all(field.type is FieldType.TEXT for field in fields)
    return lambda document: any(
        check(text_words(value)) for field in fields for value in _values(document, field)
    )
