"""Hypothesis strategies for documents and for any tree on their fields, alike enough that queries hit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from podium_core.index import EntryKind, iso_date
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
    Word,
)

FIELDS = {EntryKind.WORKFLOW: WORKFLOW_FIELDS, EntryKind.TASK: TASK_FIELDS}
ID_FIELDS = {EntryKind.WORKFLOW: "workflowId", EntryKind.TASK: "taskId"}

# Few and alike, so that queries hit.
WORDS = "a ab it's É é ΟΔΟΣ οδος İx 日本 x_1 3.14 2023 7 -5 true a.b foo|bar straße e\u0301 👍 COMPLETED completed ǅ ß a'"
WORDS_AND_MORE = [*WORDS.split(), '"', "\x00", ""]
texts = st.lists(st.sampled_from(WORDS_AND_MORE), max_size=4).map(" ".join)
any_text = texts | st.text(max_size=6) | st.sampled_from(WORDS_AND_MORE)
long_text = st.sampled_from(
    ["k" * 255, "k" * 256, "k" * 257, "k" * 300, "é" * 128, "é" * 127 + "kk"]
)
keywords = any_text | long_text
numbers = st.sampled_from([0, 1, 7, -5, 2023, 2**63 - 1, -(2**63), 2**53 + 1])
DAY = 86_400_000
times = st.sampled_from(
    [0, 1, 7, DAY - 1, DAY, 1_672_531_200_000, 1_672_531_199_999, 1_700_000_000_123]
)


# Compared as a whole, too: one text each.
_PATHS = ("externalInputPayloadStoragePath", "externalOutputPayloadStoragePath")


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """What a document may hold."""
    match field.type:
        case FieldType.KEYWORD:
            return keywords
        case FieldType.TEXT:
            return any_text if field.key in _PATHS else any_text | st.lists(texts, max_size=3)
        case FieldType.NUMBER:
            return numbers
        case FieldType.BOOLEAN:
            return st.booleans()
        case FieldType.DATE:
            return times.map(iso_date) | times


def documents(kind: EntryKind) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some documents, each with a few fields."""
    fields = {field.key: value_of(field) for field in FIELDS[kind].values()}
    id_field = ID_FIELDS[kind]
    del fields[id_field]
    one = st.fixed_dictionaries({}, optional=fields)
    return st.lists(one, min_size=1, max_size=6).map(
        lambda found: [{id_field: f"id-{at}", **each} for at, each in enumerate(found)]
    )


def comparisons(kind: EntryKind) -> st.SearchStrategy[Query]:
    """One condition on one field."""
    fields = list(FIELDS[kind].values())
    return st.sampled_from(fields).flatmap(_comparison)


def _comparison(field: Field) -> st.SearchStrategy[Query]:
    always: list[st.SearchStrategy[Query]] = [
        st.just(Exists(field)),
        st.builds(Word, any_text, st.just(field)),
        st.builds(Phrase, any_text, st.just(field)),
        st.builds(Prefix, any_text, st.just(field)),
    ]
    strings = keywords if field.type is FieldType.KEYWORD else any_text
    match field.type:
        case FieldType.KEYWORD | FieldType.TEXT:
            always.append(st.builds(StartsWith, st.just(field), strings))
            wanted: st.SearchStrategy[Any] = strings
        case FieldType.NUMBER:
            wanted = numbers | st.floats(allow_nan=False)
        case FieldType.BOOLEAN:
            wanted = st.booleans()
        case FieldType.DATE:
            wanted = times
    if field.type is not FieldType.DATE:
        always.append(st.builds(Equals, st.just(field), wanted))
        always.append(st.builds(OneOf, st.just(field), st.lists(wanted, max_size=3).map(tuple)))
    if field.type not in {FieldType.TEXT, FieldType.BOOLEAN}:
        bound = st.none() | wanted
        always.append(st.builds(Range, st.just(field), bound, st.booleans(), bound, st.booleans()))
    return st.one_of(always)


def trees(kind: EntryKind) -> st.SearchStrategy[Query]:
    """Any query."""
    terms = st.builds(Word, keywords) | st.builds(Phrase, keywords) | st.builds(Prefix, keywords)
    leaves: st.SearchStrategy[Query] = terms | comparisons(kind) | st.just(MatchAll())

    def joined(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
        several = st.lists(parts, min_size=1, max_size=3).map(tuple)
        return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)

    return st.recursive(leaves, joined, max_leaves=8)
