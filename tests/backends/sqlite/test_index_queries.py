"""SQL and FTS5 find the same entries as the query tree means: against the judge in plain Python."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from podium_backends.sqlite.file.connection import prepare_file
from podium_backends.sqlite.index.index_file import INDEX_FORMAT
from podium_backends.sqlite.index.layout import TASKS, WORKFLOWS, Layout
from podium_backends.sqlite.index.search import SqlSearch
from podium_backends.sqlite.index.writes import send
from podium_core.index import iso_date
from podium_core.index.entries import IndexWrite
from podium_core.index.search import Search
from podium_core.paging.read_budget import ReadBudget
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
    Word,
)
from tests.backends.sqlite.indexes import document_of
from tests.core.query.evaluate import matches

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


def documents(layout: Layout) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some documents, each with a few fields."""
    fields = {field.key: value_of(field) for field in layout.fields.values()}
    del fields[layout.id_field]
    one = st.fixed_dictionaries({}, optional=fields)
    return st.lists(one, min_size=1, max_size=6).map(
        lambda found: [{layout.id_field: f"id-{at}", **each} for at, each in enumerate(found)]
    )


def comparisons(layout: Layout) -> st.SearchStrategy[Query]:
    """One condition on one field."""
    fields = list(layout.fields.values())
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


def trees(layout: Layout) -> st.SearchStrategy[Query]:
    """Any query."""
    terms = st.builds(Word, keywords) | st.builds(Phrase, keywords) | st.builds(Prefix, keywords)
    leaves: st.SearchStrategy[Query] = terms | comparisons(layout) | st.just(MatchAll())

    def joined(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
        several = st.lists(parts, min_size=1, max_size=3).map(tuple)
        return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)

    return st.recursive(leaves, joined, max_leaves=8)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    prepare_file(tmp_path / "index.db", INDEX_FORMAT)
    found = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
    yield found
    found.close()


def found_by(
    conn: sqlite3.Connection, layout: Layout, stored: list[dict[str, Any]], query: Query, **kw: Any
) -> list[str]:
    """Ids that a search finds among these documents, and no others."""
    conn.execute("BEGIN")
    try:
        for document in stored:
            write = IndexWrite(
                kind=layout.kind,
                id=document[layout.id_field],
                token=1,
                document=document_of(document),
            )
            [answer] = send(conn, [write], now_ms=0)
            assert not answer.refused, answer
        search = Search(kind=layout.kind, query=query, count=100, **kw)
        found = SqlSearch(layout, search).run(conn, ReadBudget())
        assert found.total == len(found.hits)
        return [hit.id for hit in found.hits]
    finally:
        conn.execute("ROLLBACK")


def expected(layout: Layout, stored: list[dict[str, Any]], query: Query) -> set[str]:
    """Ids of the documents that the judge lets through."""
    return {each[layout.id_field] for each in stored if matches(query, each)}


@pytest.mark.parametrize("layout", [WORKFLOWS, TASKS], ids=["workflows", "tasks"])
class TestAgainstTheJudge:
    @settings(
        max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(data=st.data())
    def test_a_tree_finds_what_it_means(
        self, conn: sqlite3.Connection, layout: Layout, data: st.DataObject
    ) -> None:
        stored = data.draw(documents(layout))
        query = data.draw(trees(layout))
        assert set(found_by(conn, layout, stored, query)) == expected(layout, stored, query)

    @settings(
        max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(data=st.data())
    def test_so_does_a_free_text_that_is_scored(
        self, conn: sqlite3.Connection, layout: Layout, data: st.DataObject
    ) -> None:
        stored = data.draw(documents(layout))
        query, free_text = data.draw(trees(layout)), data.draw(trees(layout))
        found = found_by(conn, layout, stored, query, free_text=free_text)
        assert set(found) == expected(layout, stored, And((query, free_text)))
