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
from podium_core.index.entries import IndexWrite
from podium_core.index.search import Search
from podium_core.paging.read_budget import ReadBudget
from podium_core.query import And, Query
from tests.backends.sqlite.indexes import document_of
from tests.core.query.evaluate import matches
from tests.core.query.generated import documents, trees


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
        stored = data.draw(documents(layout.kind))
        query = data.draw(trees(layout.kind))
        assert set(found_by(conn, layout, stored, query)) == expected(layout, stored, query)

    @settings(
        max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(data=st.data())
    def test_so_does_a_free_text_that_is_scored(
        self, conn: sqlite3.Connection, layout: Layout, data: st.DataObject
    ) -> None:
        stored = data.draw(documents(layout.kind))
        query, free_text = data.draw(trees(layout.kind)), data.draw(trees(layout.kind))
        found = found_by(conn, layout, stored, query, free_text=free_text)
        assert set(found) == expected(layout, stored, And((query, free_text)))
