"""What a query means for each type of field: the tree, said in the few conditions that a store translates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from podium_core.query.fields import Field, FieldType
from podium_core.query.tree import (
    And,
    Equals,
    Exists,
    MatchAll,
    Not,
    OneOf,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    StartsWith,
    Word,
)
from podium_core.query.whole_values import (
    ExactValue,
    ValuesAnywhere,
    exact_values,
    stretches,
    values_anywhere,
    whole_bounds,
)
from podium_core.query.words import MAX_WORD_LENGTH, lower_case

C = TypeVar("C")


class Conditions(Protocol[C]):
    """The conditions of one store on the entries of one kind; ``C`` is what it makes of them."""

    def everything(self) -> C:
        """All entries."""
        ...

    def nothing(self) -> C:
        """No entry."""
        ...

    def all_of(self, parts: Sequence[C]) -> C:
        """Entries that meet all the parts; without parts, all entries."""
        ...

    def any_of(self, parts: Sequence[C]) -> C:
        """Entries that meet at least one of the parts; without parts, none."""
        ...

    def none_of(self, part: C) -> C:
        """Entries that don't meet the part."""
        ...

    def is_present(self, field: Field) -> C:
        """The field has a value: an empty text is one, an empty list isn't."""
        ...

    def equals(self, field: Field, values: Sequence[ExactValue]) -> C:
        """KEYWORD, NUMBER, BOOLEAN: the value is one of these, of which there is at least one."""
        ...

    def between(self, field: Field, first: int | None, last: int | None) -> C:
        """NUMBER, DATE: the value is one of these integers, both ends included; at least one end is given."""
        ...

    def text_between(self, bounds: Range) -> C:
        """KEYWORD: the text is between the bounds, by code points; at least one is given."""
        ...

    def starts_with(self, field: Field, prefix: str) -> C:
        """KEYWORD: the text starts so; the prefix isn't empty."""
        ...

    def has_word(self, fields: Sequence[Field], texts: Sequence[str]) -> C:
        """TEXT: one of the fields has one of the words of these texts."""
        ...

    def has_token(self, fields: Sequence[Field], tokens: Sequence[str]) -> C:
        """TEXT: one of the fields has a word that is one of these, as they stand."""
        ...

    def has_phrase(self, fields: Sequence[Field], text: str) -> C:
        """TEXT: one of the fields has the words of this text, one after the other; a text without words matches nothing."""
        ...

    def has_word_prefix(self, fields: Sequence[Field], prefixes: Sequence[str]) -> C:
        """TEXT: one of the fields has a word that starts with one of these; none of them is empty or starts with another."""
        ...

    def has_any_word(self, fields: Sequence[Field]) -> C:
        """TEXT: one of the fields has a word at all."""
        ...

    def equals_anywhere(self, values: ValuesAnywhere) -> Sequence[C]:
        """Alternatives: some field that isn't TEXT has one of these values."""
        ...

    def starts_anywhere(self, prefix: str) -> Sequence[C]:
        """Alternatives: some KEYWORD field starts so; the prefix isn't empty."""
        ...


class Meaning(Generic[C]):
    """Says query trees in the conditions of one store."""

    def __init__(self, fields: Mapping[str, Field], conditions: Conditions[C]) -> None:
        """Takes the fields of the entries that are searched, and the store's conditions on them."""
        self._conditions = conditions
        self._fields = fields

    def condition(self, query: Query) -> C:
        """The condition that a tree is."""
        make = self._conditions
        match query:
            case MatchAll():
                return make.everything()
            case And(parts):
                return make.all_of([self.condition(part) for part in parts])
            case Or(parts):
                # Together, so that a store looks for many words at once.
                terms = [part for part in parts if isinstance(part, Word | Prefix)]
                others = [part for part in parts if not isinstance(part, Word | Prefix)]
                found = self.alternatives(terms)
                return make.any_of([*found, *(self.condition(part) for part in others)])
            case Not(part):
                return make.none_of(self.condition(part))
            case Word() | Prefix():
                return make.any_of(self.alternatives([query]))
            case Phrase():
                return make.any_of(self.phrase_alternatives(query))
            case Exists(field):
                return make.is_present(field)
            case _:
                return self._comparison(query)

    # free text

    def alternatives(self, terms: Iterable[Word | Prefix]) -> list[C]:
        """What one of several terms of free text can mean, in its field or in any."""
        found: list[C] = []
        for field, of_field in _by_field(terms).items():
            words = list(dict.fromkeys(term.text for term in of_field if isinstance(term, Word)))
            prefixes = _shortest(term.text for term in of_field if isinstance(term, Prefix))
            if field is None:
                found += self._in_texts(self._of_type(FieldType.TEXT), words, prefixes)
                found += self._values_anywhere(words, prefixes)
            elif field.type is FieldType.TEXT:
                found += self._in_texts([field], words, prefixes)
            else:
                found += self._values_of(field, words, prefixes)
        return found

    def phrase_alternatives(self, term: Phrase) -> list[C]:
        """What a phrase of free text can mean, in its field or in any."""
        make, field = self._conditions, term.field
        if field is None:
            in_texts = make.has_phrase(self._of_type(FieldType.TEXT), term.text)
            return [in_texts, *self._values_anywhere([term.text], [])]
        if field.type is FieldType.TEXT:
            return [make.has_phrase([field], term.text)]
        return self._values_of(field, [term.text], [])

    def _in_texts(
        self, fields: Sequence[Field], words: Sequence[str], prefixes: Sequence[str]
    ) -> list[C]:
        found = [self._conditions.has_word(fields, words)] if words else []
        return found + self._word_prefixes(fields, prefixes)

    def _word_prefixes(self, fields: Sequence[Field], prefixes: Iterable[str]) -> list[C]:
        # No word is longer than that.
        shortest = _shortest(
            lower_case(prefix) for prefix in prefixes if len(prefix) <= MAX_WORD_LENGTH
        )
        if "" in shortest:
            return [self._conditions.has_any_word(fields)]
        return [self._conditions.has_word_prefix(fields, shortest)] if shortest else []

    def _values_anywhere(self, words: Sequence[str], prefixes: Sequence[str]) -> list[C]:
        make = self._conditions
        found: list[C] = []
        for prefix in prefixes:
            if prefix:
                found += make.starts_anywhere(prefix)
            else:
                found += map(make.is_present, self._of_type(FieldType.KEYWORD))
        return [*found, *make.equals_anywhere(values_anywhere(words))] if words else found

    def _of_type(self, type_: FieldType) -> list[Field]:
        return [field for field in self._fields.values() if field.type is type_]

    def _values_of(self, field: Field, words: Sequence[str], prefixes: Sequence[str]) -> list[C]:
        """What words mean in a field that isn't TEXT: those that it can't have mean nothing."""
        make = self._conditions
        if field.type is FieldType.DATE:
            return [make.between(field, each.first, each.last) for each in stretches(words)]
        found = [self._equals(field, words)] if words else []
        if field.type is FieldType.KEYWORD:
            found += [self._starts_with(field, prefix) for prefix in prefixes]
        return found

    # comparisons

    def _comparison(self, query: Equals | OneOf | Range | StartsWith) -> C:
        field = query.field
        if field.type is FieldType.TEXT:
            return self._text_comparison(query)
        match query:
            case Equals(_, value):
                return self._equals(field, (value,))
            case OneOf(_, values):
                return self._equals(field, values)
            case Range():
                return self._within(query)
            case StartsWith(_, prefix):
                return self._starts_with(field, prefix)

    def _text_comparison(self, query: Equals | OneOf | Range | StartsWith) -> C:
        make, fields = self._conditions, [query.field]
        match query:
            case Equals(_, value):
                return make.has_phrase(fields, str(value))
            case OneOf(_, values) if values:
                tokens = dict.fromkeys(lower_case(str(value)) for value in values)
                return make.has_token(fields, list(tokens))
            case StartsWith(_, prefix):
                return make.any_of(self._word_prefixes(fields, [prefix]))
            case _:
                return make.nothing()

    def _equals(self, field: Field, values: Sequence[str | int | float | bool]) -> C:
        exact = exact_values(field.type, values)
        return self._conditions.equals(field, exact) if exact else self._conditions.nothing()

    def _starts_with(self, field: Field, prefix: str) -> C:
        make = self._conditions
        if field.type is not FieldType.KEYWORD:
            return make.nothing()
        return make.starts_with(field, prefix) if prefix else make.is_present(field)

    def _within(self, bounds: Range) -> C:
        make, field = self._conditions, bounds.field
        if bounds.above is None and bounds.below is None:
            return make.is_present(field)
        if field.type is FieldType.KEYWORD:
            return make.text_between(bounds)
        whole = whole_bounds(bounds)
        if whole is None:
            return make.nothing()
        return make.is_present(field) if whole == (None, None) else make.between(field, *whole)


def _by_field(terms: Iterable[Word | Prefix]) -> dict[Field | None, list[Word | Prefix]]:
    fields: dict[Field | None, list[Word | Prefix]] = {}
    for term in terms:
        fields.setdefault(term.field, []).append(term)
    return fields


def _shortest(prefixes: Iterable[str]) -> list[str]:
    """The prefixes without those that begin with another one."""
    shortest: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not shortest or not prefix.startswith(shortest[-1]):
            shortest.append(prefix)
    return shortest
