"""Query trees to conditions on the tables of an index. Values are always bound, never part of the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from podium_backends.sqlite.index import match_terms
from podium_backends.sqlite.index.condition import (
    EVERYTHING,
    MAX_DEPTH,
    NOTHING,
    Condition,
    all_of,
    any_of,
    none_of,
    sql_of,
)
from podium_backends.sqlite.index.exact_terms import (
    MAX_KEYWORD,
    boolean_term,
    date_term,
    keyword_term,
    number_term,
)
from podium_backends.sqlite.index.layout import UNTOKENED, Layout
from podium_core.query import (
    Conditions,
    ExactValue,
    Field,
    FieldType,
    Meaning,
    Query,
    Range,
    Stretch,
    ValuesAnywhere,
    text_words,
)

_LAST_CHARACTER = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)


class CompiledQuery(NamedTuple):
    """A query tree, ready to be run.

    Attributes:
        prologue: Goes before the statement: conditions that lie too deep to stand in it.
        prologue_arguments: Its values, which come first.
        condition: What an entry has to meet.
    """

    prologue: str
    prologue_arguments: tuple[Any, ...]
    condition: Condition


def compile_query(query: Query, layout: Layout) -> CompiledQuery:
    """A query tree on the tables of this layout."""
    conditions = SqlConditions(layout)
    condition = Meaning(layout.fields, conditions).condition(query)
    return CompiledQuery(conditions.prologue(), tuple(conditions.arguments), condition)


class SqlConditions:
    """Conditions on the tables of one layout.

    Attributes:
        arguments: The values of the prologue.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hoisted: list[str] = []
        self.arguments: list[Any] = []

    def prologue(self) -> str:
        """What goes before the statement."""
        return f"WITH {', '.join(self._hoisted)} " if self._hoisted else ""

    def everything(self) -> Condition:
        return EVERYTHING

    def nothing(self) -> Condition:
        return NOTHING

    def all_of(self, parts: Sequence[Condition]) -> Condition:
        return self._hoist(all_of(parts, self._layout.words))

    def any_of(self, parts: Sequence[Condition]) -> Condition:
        return self._hoist(any_of(parts, self._layout.words))

    def none_of(self, part: Condition) -> Condition:
        return self._hoist(none_of(part, self._layout.words))

    def _hoist(self, condition: Condition) -> Condition:
        """The condition, or its name in the prologue where it is too deep."""
        if condition.depth < MAX_DEPTH:
            return condition
        name = f"part{len(self._hoisted)}"
        sql, arguments = sql_of(condition, self._layout.words)
        self._hoisted.append(f"{name} AS (SELECT number FROM {self._layout.table} WHERE {sql})")
        self.arguments += arguments
        return Condition(f"number IN {name}")

    # columns

    def is_present(self, field: Field) -> Condition:
        if field.type is FieldType.TEXT:
            return Condition(f"texts & {self._layout.present_bit(field.name)}")
        return Condition(f"{self._layout.columns[field.name]} IS NOT NULL")

    def equals(self, field: Field, values: Sequence[ExactValue]) -> Condition:
        column = self._layout.columns[field.name]
        if len(values) == 1:
            return Condition(f"{column} = ?", (values[0],))
        return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))

    def between(self, field: Field, first: int | None, last: int | None) -> Condition:
        column = self._layout.columns[field.name]
        if first is None:
            return Condition(f"{column} <= ?", (last,))
        if last is None:
            return Condition(f"{column} >= ?", (first,))
        if first == last:
            return Condition(f"{column} = ?", (first,))
        return Condition(f"{column} BETWEEN ? AND ?", (first, last))

    def text_between(self, bounds: Range) -> Condition:
        column = self._layout.columns[bounds.field.name]
        texts: list[str] = []
        arguments: list[Any] = []
        if bounds.above is not None:
            texts.append(f"{column} {'>=' if bounds.above_included else '>'} ?")
            arguments.append(bounds.above)
        if bounds.below is not None:
            texts.append(f"{column} {'<=' if bounds.below_included else '<'} ?")
            arguments.append(bounds.below)
        return Condition(" AND ".join(texts), tuple(arguments))

    def starts_with(self, field: Field, prefix: str) -> Condition:
        # As a range, which an index serves.
        column, end = self._layout.columns[field.name], _end_of_prefix(prefix)
        if end is None:
            return Condition(f"{column} >= ?", (prefix,))
        return Condition(f"{column} >= ? AND {column} < ?", (prefix, end))

    # words of texts

    def has_word(self, fields: Sequence[Field], texts: Sequence[str]) -> Condition:
        words = dict.fromkeys(word for text in texts for word in text_words(text))
        return self.has_token(fields, list(words))

    def has_token(self, fields: Sequence[Field], tokens: Sequence[str]) -> Condition:
        words = [token for token in tokens if match_terms.is_word(token)]
        return self._in_words(fields, match_terms.either(words)) if words else NOTHING

    def has_phrase(self, fields: Sequence[Field], text: str) -> Condition:
        words = text_words(text)
        return self._in_words(fields, match_terms.phrase(words)) if words else NOTHING

    def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> Condition:
        found = [match_terms.prefix(prefix) for prefix in prefixes if match_terms.is_word(prefix)]
        return self._in_words(fields, " OR ".join(found)) if found else NOTHING

    def has_any_word(self, fields: Sequence[Field]) -> Condition:
        return Condition(f"texts & {sum(self._layout.worded_bit(field.name) for field in fields)}")

    def _in_words(self, fields: Sequence[Field], expression: str) -> Condition:
        columns = [self._layout.texts[field.name] for field in fields]
        return Condition(match=match_terms.in_columns(columns, expression))

    # all other fields, which have their values in the words' column of exact values

    def starts_anywhere(self, prefix: str) -> Sequence[Condition]:
        if len(prefix.encode()) <= MAX_KEYWORD:
            return [Condition(match=match_terms.exact_prefix(keyword_term(prefix)))]
        return [self.starts_with(field, prefix) for field in self._fields(FieldType.KEYWORD)]

    def equals_anywhere(self, values: ValuesAnywhere) -> Sequence[Condition]:
        tokens: set[str] = {number_term(value) for value in values.numbers}
        tokens.update(boolean_term(int(value)) for value in values.booleans)
        found: list[Condition] = []
        for text in values.keywords:
            if len(text.encode()) < MAX_KEYWORD:
                tokens.add(keyword_term(text))
            else:
                found += [self.equals(each, [text]) for each in self._fields(FieldType.KEYWORD)]
        for stretch in values.stretches:
            found += self._in_stretch(stretch)
            if stretch.first == stretch.last:
                tokens.add(date_term(stretch.first))
        exactly = [Condition(match=match_terms.exactly(sorted(tokens)))] if tokens else []
        return [*found, *exactly]

    def _in_stretch(self, stretch: Stretch) -> list[Condition]:
        """What isn't found by a token: stretches that are longer than a millisecond, and the field without tokens."""
        return [
            self.between(field, stretch.first, stretch.last)
            for field in self._fields(FieldType.DATE)
            if stretch.first < stretch.last or field.name == UNTOKENED
        ]

    def _fields(self, type_: FieldType) -> list[Field]:
        return [field for field in self._layout.fields.values() if field.type is type_]


_: type[Conditions[Condition]] = SqlConditions


def _end_of_prefix(prefix: str) -> str | None:
    """The first text after all that begin so; None if there is none."""
    kept = prefix.rstrip(_LAST_CHARACTER)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)
