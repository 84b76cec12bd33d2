"""Hypothesis strategies for trees that have a text, in either language."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from podium_core.query import (
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
    Word,
)

_INT64 = st.integers(-(2**63), 2**63 - 1)
# Floats that are whole come back as integers.
_FRACTIONS = st.floats(-(2**52), 2**52, allow_nan=False).filter(lambda value: value % 1 != 0)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = {
    FieldType.KEYWORD: TEXTS,
    FieldType.TEXT: TEXTS,
    FieldType.NUMBER: _INT64 | _FRACTIONS,
    FieldType.BOOLEAN: st.booleans(),
    FieldType.DATE: _INT64,
}


_STATUS = WORKFLOW_FIELDS["status"]


def _fields(types: Iterable[FieldType]) -> st.SearchStrategy[Field]:
    open_fields = [each for each in WORKFLOW_FIELDS.values() if not each.choices]
    return st.sampled_from([each for each in open_fields if each.type in types])


_ANY = _fields(FieldType)
_TEXTUAL = _fields([FieldType.KEYWORD, FieldType.TEXT])
_ORDERED = _fields([FieldType.KEYWORD, FieldType.NUMBER, FieldType.DATE])
_NOT_DATES = _fields(set(FieldType) - {FieldType.DATE})


def _ranges(field: Field) -> st.SearchStrategy[Query]:
    values, included = VALUES[field.type], st.booleans()
    return (
        st.builds(Range, st.just(field), above=values, above_included=included)
        | st.builds(Range, st.just(field), below=values, below_included=included)
        | st.builds(Range, st.just(field), above=values, below=values)
    )


def _one_ofs(field: Field) -> st.SearchStrategy[Query]:
    values = st.lists(VALUES[field.type], min_size=1, max_size=3).map(tuple)
    return st.builds(OneOf, st.just(field), values)


COMPARISONS: st.SearchStrategy[Query] = st.one_of(
    _NOT_DATES.flatmap(lambda field: st.builds(Equals, st.just(field), VALUES[field.type])),
    _NOT_DATES.flatmap(_one_ofs),
    st.builds(Equals, st.just(_STATUS), st.sampled_from(_STATUS.choices)),
    _ORDERED.flatmap(_ranges),
    st.builds(StartsWith, _TEXTUAL, TEXTS),
    st.builds(Exists, _ANY),
)

_TERM_TEXTS = TEXTS.filter(bool)
_SCOPES = st.none() | _TEXTUAL
TERMS: st.SearchStrategy[Query] = st.one_of(
    st.just(MatchAll()),
    st.builds(Exists, _ANY),
    st.builds(Word, _TERM_TEXTS, _SCOPES),
    st.builds(Prefix, _TERM_TEXTS, _SCOPES),
    st.builds(Phrase, TEXTS, _SCOPES),
    st.builds(Word, st.sampled_from(_STATUS.choices), st.just(_STATUS)),
)


def trees(leaves: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    """Trees as the parsers make them: no ``And`` within an ``And``, no ``Or`` within an ``Or``."""
    return st.recursive(leaves, _composites, max_leaves=12)


def _composites(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    return st.builds(Not, parts) | _joined(And, parts) | _joined(Or, parts)


def _joined(
    kind: type[And] | type[Or], parts: st.SearchStrategy[Query]
) -> st.SearchStrategy[Query]:
    others = parts.filter(lambda part: not isinstance(part, kind))
    return st.lists(others, min_size=2, max_size=4).map(tuple).map(kind)
