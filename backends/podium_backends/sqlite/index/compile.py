"""Query trees to conditions on the tables of an index. Values are always bound, never part of the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

_INT64 = range(-(2**63), 2**63)
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
    compiler = _Compiler(layout)
    condition = compiler.condition(query)
    return CompiledQuery(compiler.prologue(), tuple(compiler.arguments), condition)


class _Compiler:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._hoisted: list[str] = []
        self.arguments: list[Any] = []

    def prologue(self) -> str:
        return f"WITH {', '.join(self._hoisted)} " if self._hoisted else ""

    def condition(self, query: Query) -> Condition:
        match query:
            case MatchAll():
                found = EVERYTHING
            case And(parts):
                found = all_of(self._parts(parts), self._layout.words)
            case Or(parts):
                terms = [part for part in parts if isinstance(part, Word | Prefix)]
                others = [part for part in parts if not isinstance(part, Word | Prefix)]
                found = any_of(
                    [*alternatives(terms, self._layout), *self._parts(others)], self._layout.words
                )
            case Not(part):
                found = none_of(self.condition(part), self._layout.words)
            case Word() | Prefix():
                found = any_of(alternatives([query], self._layout), self._layout.words)
            case Phrase():
                found = any_of(phrase_conditions(query, self._layout), self._layout.words)
            case _:
                found = _comparison(query, self._layout)
        return found if found.depth < MAX_DEPTH else self._hoist(found)

    def _parts(self, parts: Iterable[Query]) -> list[Condition]:
        return [self.condition(part) for part in parts]

    def _hoist(self, condition: Condition) -> Condition:
        name = f"part{len(self._hoisted)}"
        sql, arguments = sql_of(condition, self._layout.words)
        self._hoisted.append(f"{name} AS (SELECT number FROM {self._layout.table} WHERE {sql})")
        self.arguments += arguments
        return Condition(f"number IN {name}")


# comparisons


def _comparison(query: Equals | OneOf | Range | StartsWith | Exists, layout: Layout) -> Condition:
    field = query.field
    if field.type is FieldType.TEXT:
        return _on_text(query, layout.texts[field.name], layout)
    column = layout.columns[field.name]
    match query:
        case Equals(_, value):
            return Condition(f"{column} = ?", (_bound(value),))
        case OneOf(_, values):
            marks = ", ".join("?" * len(values))
            return Condition(f"{column} IN ({marks})", tuple(_bound(value) for value in values))
        case Range():
            return _within(query, column)
        case StartsWith(_, prefix):
            return starts_with(column, prefix)
        case Exists():
            return Condition(f"{column} IS NOT NULL")


def _on_text(
    query: Equals | OneOf | Range | StartsWith | Exists, column: str, layout: Layout
) -> Condition:
    match query:
        case Equals(_, value):
            return _phrase([column], text_words(str(value)))
        case OneOf(_, values):
            return _any_word([column], [lower_case(str(value)) for value in values])
        case StartsWith(_, prefix):
            return _word_prefix([query.field], lower_case(prefix), layout)
        case Exists(field):
            return Condition(f"texts & {layout.present_bit(field.name)}")
        case Range():
            return NOTHING


def _within(query: Range, column: str) -> Condition:
    texts: list[str] = []
    arguments: list[Any] = []
    if query.above is not None:
        texts.append(f"{column} {'>=' if query.above_included else '>'} ?")
        arguments.append(_bound(query.above))
    if query.below is not None:
        texts.append(f"{column} {'<=' if query.below_included else '<'} ?")
        arguments.append(_bound(query.below))
    return Condition(" AND ".join(texts) or f"{column} IS NOT NULL", tuple(arguments))


def starts_with(column: str, prefix: str) -> Condition:
    """The column's text begins so. As a range, which an index serves."""
    if not prefix:
        return Condition(f"{column} IS NOT NULL")
    end = _end_of_prefix(prefix)
    if end is None:
        return Condition(f"{column} >= ?", (prefix,))
    return Condition(f"{column} >= ? AND {column} < ?", (prefix, end))


def _end_of_prefix(prefix: str) -> str | None:
    """The first text after all that begin so; None if there is none."""
    kept = prefix.rstrip(_LAST_CHARACTER)
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)


def _bound(value: str | int | float | bool) -> str | int | float:
    # SQLite compares its integers with a float exactly.
    return float(value) if isinstance(value, int) and value not in _INT64 else value


# words of text


def _phrase(columns: Sequence[str], tokens: Sequence[str]) -> Condition:
    if not tokens:
        return NOTHING
    return Condition(match=match_terms.in_columns(columns, match_terms.phrase(tokens)))


def _any_word(columns: Sequence[str], tokens: Sequence[str]) -> Condition:
    tokens = [token for token in tokens if match_terms.is_word(token)]
    if not tokens:
        return NOTHING
    return Condition(match=match_terms.in_columns(columns, match_terms.either(tokens)))


def _word_prefix(fields: Sequence[Field], prefix: str, layout: Layout) -> Condition:
    return any_of(_word_prefixes(fields, [prefix], layout), layout.words)


def _word_prefixes(
    fields: Sequence[Field], prefixes: Iterable[str], layout: Layout
) -> list[Condition]:
    """Words that begin with one of the prefixes."""
    shortest = _shortest(prefixes)
    if "" in shortest:
        return [Condition(f"texts & {sum(layout.worded_bit(field.name) for field in fields)}")]
    found = [match_terms.prefix(prefix) for prefix in shortest if match_terms.is_word(prefix)]
    if not found:
        return []
    columns = [layout.texts[field.name] for field in fields]
    return [Condition(match=match_terms.in_columns(columns, " OR ".join(found)))]


def _shortest(prefixes: Iterable[str]) -> list[str]:
    """The prefixes without those that begin with another one."""
    shortest: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not shortest or not prefix.startswith(shortest[-1]):
            shortest.append(prefix)
    return shortest


# free text


def alternatives(terms: Iterable[Word | Prefix], layout: Layout) -> list[Condition]:
    """What one of several terms of free text can mean, in its field or in any: nothing is looked for twice."""
    found: list[Condition] = []
    for field, of_field in _by_field(terms).items():
        searched = list(layout.fields.values()) if field is None else [field]
        texts = [each for each in searched if each.type is FieldType.TEXT]
        others = [each for each in searched if each.type is not FieldType.TEXT]
        words = [term.text for term in of_field if isinstance(term, Word)]
        prefixes = [term.text for term in of_field if isinstance(term, Prefix)]
        if texts:
            found += _in_texts(words, prefixes, texts, layout)
        keywords = [each for each in others if each.type is FieldType.KEYWORD]
        found += _prefix_conditions(_shortest(prefixes), keywords, layout, anywhere=field is None)
        found += _value_conditions(dict.fromkeys(words), others, layout, anywhere=field is None)
    return list(dict.fromkeys(found))


def phrase_conditions(term: Phrase, layout: Layout) -> list[Condition]:
    """What a phrase of free text can mean."""
    searched = list(layout.fields.values()) if term.field is None else [term.field]
    columns = [layout.texts[field.name] for field in searched if field.type is FieldType.TEXT]
    others = [field for field in searched if field.type is not FieldType.TEXT]
    found = [_phrase(columns, text_words(term.text))] if columns else []
    return found + _value_conditions([term.text], others, layout, anywhere=term.field is None)


def _by_field(terms: Iterable[Word | Prefix]) -> dict[Field | None, list[Word | Prefix]]:
    fields: dict[Field | None, list[Word | Prefix]] = {}
    for term in terms:
        fields.setdefault(term.field, []).append(term)
    return fields


def _in_texts(
    words: Iterable[str], prefixes: Iterable[str], fields: Sequence[Field], layout: Layout
) -> list[Condition]:
    columns = [layout.texts[field.name] for field in fields]
    tokens = dict.fromkeys(token for word in words for token in text_words(word))
    found = _word_prefixes(fields, map(lower_case, prefixes), layout)
    return [_any_word(columns, list(tokens)), *found]


def _prefix_conditions(
    prefixes: Sequence[str], fields: Sequence[Field], layout: Layout, *, anywhere: bool
) -> list[Condition]:
    found: list[Condition] = []
    for prefix in prefixes:
        if anywhere and 0 < len(prefix.encode()) <= MAX_KEYWORD:
            found.append(Condition(match=match_terms.exact_prefix(keyword_term(prefix))))
        else:
            found += [starts_with(layout.columns[field.name], prefix) for field in fields]
    return found


def _value_conditions(
    texts: Iterable[str], fields: Sequence[Field], layout: Layout, *, anywhere: bool
) -> list[Condition]:
    tokens: set[str] = set()
    conditions: list[Condition] = []
    read = value_anywhere if anywhere else typed_value
    for text in texts:
        for field in fields:
            value = read(field.type, text)
            tokened = anywhere and field.name != UNTOKENED
            token = _token(field.type, value) if tokened else None
            if token is not None:
                tokens.add(token)
            elif value is not None:
                conditions.append(_has_value(layout.columns[field.name], value))
    if tokens:
        conditions.append(Condition(match=match_terms.exactly(sorted(tokens))))
    return conditions


def _token(type_: FieldType, value: str | int | float | bool | Stretch | None) -> str | None:
    """The token of a value in ``exact``; None if it hasn't just one."""
    match value:
        case Stretch(first, last):
            return date_term(first) if first == last else None
        case str():
            return keyword_term(value) if len(value.encode()) < MAX_KEYWORD else None
        case bool():
            return boolean_term(int(value))
        case int():
            return number_term(value) if type_ is FieldType.NUMBER else None
        case _:
            return None


def _has_value(column: str, value: str | int | float | bool | Stretch) -> Condition:
    if isinstance(value, Stretch):
        if value.first < value.last:
            return Condition(f"{column} BETWEEN ? AND ?", (_bound(value.first), _bound(value.last)))
        value = value.first
    return Condition(f"{column} = ?", (_bound(value),))
