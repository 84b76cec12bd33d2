"""Query trees and sort orders in Elasticsearch's query language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podium_backends.elasticsearch6.mappings import WORDED, WORDS
from podium_core.query import (
    Conditions,
    ExactValue,
    Field,
    FieldType,
    MatchAll,
    Meaning,
    Query,
    Range,
    SortKey,
    ValuesAnywhere,
    read_text,
    text_words,
)
from podium_core.query.sort import SCORE

Clause = dict[str, Any]

_EVERYTHING: Clause = {"match_all": {}}
_NOTHING: Clause = {"match_none": {}}
# Elasticsearch takes 1,024 clauses side by side.
_MAX_CLAUSES = 1_000
# Nearer to the ends of 64 bits Elasticsearch's own arithmetic on times overflows.
_FIRST_TIME, _LAST_TIME = -(10**17), 10**17
# As mapping types: what an index is taken to hold that lacks the field.
_UNMAPPED = {
    FieldType.KEYWORD: "keyword",
    FieldType.NUMBER: "long",
    FieldType.DATE: "date",
    FieldType.BOOLEAN: "boolean",
}


def compile_query(
    query: Query, free_text: Query, fields: Mapping[str, Field], *, lucene_query: str = ""
) -> Clause:
    """What entries have to meet: the query, which says yes or no, and the others, which make their score."""
    parts: Clause = {}
    if not isinstance(query, MatchAll):
        parts["filter"] = Meaning(fields, DslConditions(fields, scored=False)).condition(query)
    if not isinstance(free_text, MatchAll):
        parts["must"] = Meaning(fields, DslConditions(fields, scored=True)).condition(free_text)
    if lucene_query:
        scoring = [parts["must"]] if "must" in parts else []
        parts["must"] = [*scoring, lucene_clause(lucene_query)]
    return {"bool": parts} if parts else _EVERYTHING


def lucene_clause(text: str) -> Clause:
    """Lucene's own query language, over all fields, as Conductor hands free text on."""
    return {"query_string": {"query": text}}


def compile_sort(
    sort: Sequence[SortKey], *, scored: bool, newest: Field, id_field: Field
) -> list[Clause]:
    """The order of hits: missing values last both ways, and the id, so that it is one order.

    Args:
        sort: What was asked for; without it the best match comes first, then the newest.
        scored: Whether a free text makes scores; without one none are computed.
        newest: The field by which entries are ordered if nothing else is asked for, the latest first.
        id_field: The field that is the entry's id.
    """
    keys = sort or (SortKey(None, descending=True), SortKey(newest, descending=True))
    clauses = [_sort_clause(key) for key in keys if scored or key.field is not None]
    return [*clauses, _sort_clause(SortKey(id_field))]


def _sort_clause(key: SortKey) -> Clause:
    order = "desc" if key.descending else "asc"
    if key.field is None:
        return {SCORE: {"order": order}}
    unmapped = _UNMAPPED[key.field.type]
    return {key.field.name: {"order": order, "missing": "_last", "unmapped_type": unmapped}}


class DslConditions:
    """Conditions as clauses of the query language."""

    def __init__(self, fields: Mapping[str, Field], *, scored: bool) -> None:
        """Takes the fields that entries have, and whether what they meet shall make their score."""
        self._fields = fields
        self._required = "must" if scored else "filter"

    def everything(self) -> Clause:
        return _EVERYTHING

    def nothing(self) -> Clause:
        return _NOTHING

    def all_of(self, parts: Sequence[Clause]) -> Clause:
        if _NOTHING in parts:
            return _NOTHING
        narrowing = [part for part in parts if part != _EVERYTHING]
        return self._joined(self._required, narrowing) if narrowing else _EVERYTHING

    def any_of(self, parts: Sequence[Clause]) -> Clause:
        if _EVERYTHING in parts:
            return _EVERYTHING
        possible = [part for part in parts if part != _NOTHING]
        return self._joined("should", possible) if possible else _NOTHING

    def none_of(self, part: Clause) -> Clause:
        return {"bool": {"must_not": part}}

    def _joined(self, occurrence: str, parts: list[Clause]) -> Clause:
        while len(parts) > _MAX_CLAUSES:
            starts = range(0, len(parts), _MAX_CLAUSES)
            parts = [_bool(occurrence, parts[at : at + _MAX_CLAUSES]) for at in starts]
        return _bool(occurrence, parts)

    # all fields but texts

    def is_present(self, field: Field) -> Clause:
        return {"exists": {"field": field.name}}

    def equals(self, field: Field, values: Sequence[ExactValue]) -> Clause:
        if len(values) == 1:
            return {"term": {field.name: values[0]}}
        return {"terms": {field.name: list(values)}}

    def between(self, field: Field, first: int | None, last: int | None) -> Clause:
        bounds: Clause = {}
        if field.type is FieldType.DATE:
            # Else four digits would be a year.
            bounds["format"] = "epoch_millis"
            if first is not None and first < _FIRST_TIME:
                first = None
            if last is not None and last > _LAST_TIME:
                last = None
            if (first or 0) > _LAST_TIME or (last or 0) < _FIRST_TIME:
                return _NOTHING
        if first is not None:
            bounds["gte"] = first
        if last is not None:
            bounds["lte"] = last
        return {"range": {field.name: bounds}}

    def text_between(self, bounds: Range) -> Clause:
        found: Clause = {}
        if bounds.above is not None:
            found["gte" if bounds.above_included else "gt"] = bounds.above
        if bounds.below is not None:
            found["lte" if bounds.below_included else "lt"] = bounds.below
        return {"range": {bounds.field.name: found}}

    def starts_with(self, field: Field, prefix: str) -> Clause:
        return {"prefix": {field.name: prefix}}

    # words of texts: of JSON they stand apart where it shows others than it means

    def has_word(self, fields: Sequence[Field], texts: Sequence[str]) -> Clause:
        # Each once: Elasticsearch counts a clause for each, and takes 1,024.
        words = " ".join(dict.fromkeys(word for text in texts for word in text_words(text)))
        return self._in_texts(fields, lambda name: [{"match": {name: words}}])

    def has_token(self, fields: Sequence[Field], tokens: Sequence[str]) -> Clause:
        return self._in_texts(fields, lambda name: [{"terms": {name: list(tokens)}}])

    def has_phrase(self, fields: Sequence[Field], text: str) -> Clause:
        # Elasticsearch finds the words in it as it found those of the field.
        phrase = read_text(text)
        return self._in_texts(fields, lambda name: [{"match_phrase": {name: phrase}}])

    def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> Clause:
        return self._in_texts(fields, lambda name: [{"prefix": {name: each}} for each in prefixes])

    def has_any_word(self, fields: Sequence[Field]) -> Clause:
        return self._in_texts(fields, lambda name: [{"prefix": {name: ""}}])

    def _in_texts(
        self, fields: Sequence[Field], clauses_on: Callable[[str], list[Clause]]
    ) -> Clause:
        found: list[Clause] = []
        for field in fields:
            shown = clauses_on(field.name)
            if field.name not in WORDED:
                found += shown
                continue
            meant = f"{WORDS}.{field.name}"
            found += clauses_on(meant)
            found.append(
                {
                    "bool": {
                        self._required: self.any_of(shown),
                        "must_not": {"exists": {"field": meant}},
                    }
                }
            )
        return self.any_of(found)

    # any field

    def equals_anywhere(self, values: ValuesAnywhere) -> Sequence[Clause]:
        by_type: dict[FieldType, Sequence[ExactValue]] = {
            FieldType.KEYWORD: values.keywords,
            FieldType.NUMBER: values.numbers,
            FieldType.BOOLEAN: values.booleans,
        }
        found: list[Clause] = []
        for field in self._fields.values():
            if wanted := by_type.get(field.type):
                found.append(self.equals(field, wanted))
            elif field.type is FieldType.DATE:
                found += [self.between(field, each.first, each.last) for each in values.stretches]
        return found

    def starts_anywhere(self, prefix: str) -> Sequence[Clause]:
        return [
            self.starts_with(field, prefix)
            for field in self._fields.values()
            if field.type is FieldType.KEYWORD
        ]


_: type[Conditions[Clause]] = DslConditions


def _bool(occurrence: str, parts: list[Clause]) -> Clause:
    if len(parts) == 1:
        return parts[0]
    if occurrence == "should":
        return {"bool": {"should": parts, "minimum_should_match": 1}}
    return {"bool": {occurrence: parts}}
