"""Elasticsearch finds the same entries as the query tree means, on our indices and on Java's: against the judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from podium_backends.elasticsearch6.compile import compile_query, compile_sort, lucene_clause
from podium_backends.elasticsearch6.setup import Shards
from podium_core.index import EntryKind
from podium_core.query import (
    WORKFLOW_FIELDS,
    And,
    Equals,
    Exists,
    FieldType,
    MatchAll,
    Not,
    Or,
    Prefix,
    Query,
    Range,
    Word,
    parse_free_text,
    parse_query,
    parse_sort,
)
from tests.backends.elasticsearch6.clusters import Cluster
from tests.backends.elasticsearch6.java_indices import java_setup
from tests.backends.elasticsearch6.stored import (
    Document,
    generated,
    search_all,
    some_documents,
    store,
)
from tests.core.query import golden
from tests.core.query.evaluate import matches
from tests.core.query.generated import FIELDS, ID_FIELDS, trees
from tests.core.query.test_golden_searches import REFUSED_HERE

QUERIES = 500
KINDS = [EntryKind.WORKFLOW, EntryKind.TASK]
NEWEST = {EntryKind.WORKFLOW: "startTime", EntryKind.TASK: "updateTime"}


@pytest.fixture(params=["ours", "java"])
async def prepared(cluster: Cluster, request: pytest.FixtureRequest) -> Cluster:
    """A cluster with empty indices, made by us, or by Java and completed by us."""
    for each in java_setup(cluster.names.prefix) if request.param == "java" else ():
        await cluster.perform(each)
    await cluster.set_up()
    return cluster


def search_body(
    query: Query, kind: EntryKind, *, free_text: Query | None = None, sort: Sequence[str] = ()
) -> Document:
    fields = FIELDS[kind]
    order = compile_sort(
        parse_sort(sort, fields),
        scored=free_text is not None,
        newest=fields[NEWEST[kind]],
        id_field=fields[ID_FIELDS[kind]],
    )
    return {"query": compile_query(query, free_text or MatchAll(), fields), "sort": order}


def wrong_searches(
    kind: EntryKind,
    stored: Sequence[Document],
    queries: Sequence[Query],
    found: Sequence[list[str]],
) -> list[str]:
    """What each wrong search found too much and too little, the shortest query first."""
    id_field = ID_FIELDS[kind]
    by_id = {document[id_field]: document for document in stored}
    wrong: list[str] = []
    for query, ids in zip(queries, found, strict=True):
        wanted = {id_ for id_, document in by_id.items() if matches(query, document)}
        if wanted != set(ids):
            too_much = [by_id[id_] for id_ in set(ids) - wanted][:1]
            too_little = [by_id[id_] for id_ in wanted - set(ids)][:1]
            wrong.append(f"{query!r} finds {too_much} and does not find {too_little}")
    return sorted(wrong, key=len)


@pytest.mark.parametrize("kind", KINDS)
class TestAgainstTheJudge:
    async def test_a_tree_finds_what_it_means(self, prepared: Cluster, kind: EntryKind) -> None:
        stored = some_documents(kind)
        await store(prepared, kind, stored)
        queries = generated(trees(kind), QUERIES)
        assert len(queries) == QUERIES
        bodies = [{"query": compile_query(query, MatchAll(), FIELDS[kind])} for query in queries]
        found = await search_all(prepared, kind, bodies)
        assert wrong_searches(kind, stored, queries, found) == []
        # Both what is found and what isn't was tried.
        assert 0.1 < sum(map(bool, found)) / QUERIES < 0.9

    async def test_so_does_a_free_text_that_is_scored(
        self, cluster: Cluster, kind: EntryKind
    ) -> None:
        await cluster.set_up()
        stored = some_documents(kind)
        await store(cluster, kind, stored)
        parts = generated(trees(kind), 200)
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        bodies = [search_body(query, kind, free_text=free_text) for query, free_text in pairs]
        found = await search_all(cluster, kind, bodies)
        assert wrong_searches(kind, stored, [And(pair) for pair in pairs], found) == []


class TestGoldenSearches:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_each_finds_what_it_means(self, prepared: Cluster, kind: EntryKind) -> None:
        stored = golden.documents(kind.value)
        await store(prepared, kind, stored)
        searches = [
            each
            for each in golden.searches()
            if each.kind == kind.value and each.number not in REFUSED_HERE
        ]
        bodies = [
            search_body(
                parse_query(search.query, search.fields),
                kind,
                free_text=parse_free_text(search.free_text, search.fields),
                sort=search.sort,
            )
            for search in searches
        ]
        found = await search_all(prepared, kind, bodies)
        for search, ids in zip(searches, found, strict=True):
            assert set(ids) == golden.found_here(search), search
        assert len(searches) > 10


class TestOrder:
    async def test_by_each_field_both_ways_missing_values_last(self, prepared: Cluster) -> None:
        kind = EntryKind.WORKFLOW
        values: dict[FieldType, list[Any]] = {
            FieldType.KEYWORD: ["a", "B", "\U0001f600", "\ufb01", "a", None],
            FieldType.NUMBER: [10, 9, -1, 2**53 + 1, 10, None],
            FieldType.DATE: [5, 1_700_000_000_000, -1, 0, 5, None],
            FieldType.BOOLEAN: [True, False, False, True, True, None],
        }
        fields = [field for field in WORKFLOW_FIELDS.values() if field.sortable]
        fields = [field for field in fields if field.name != "workflowId"]
        stored: list[Document] = [
            {field.key: values[field.type][row] for field in fields} | {"workflowId": f"w{row}"}
            for row in range(6)
        ]
        await store(prepared, kind, stored)
        for field in fields:
            for direction in ("ASC", "DESC"):
                [ids] = await search_all(
                    prepared,
                    kind,
                    [search_body(MatchAll(), kind, sort=[f"{field.name}:{direction}"])],
                )
                there = [each for each in stored if each[field.key] is not None]
                # Python's sort is stable, also in reverse: the id stays ascending.
                there.sort(key=lambda each: each[field.key], reverse=direction == "DESC")
                assert ids == [each["workflowId"] for each in there] + ["w5"], field.name

    async def test_without_an_order_the_best_come_first_then_the_newest(
        self, cluster: Cluster
    ) -> None:
        await cluster.set_up(Shards(1, 0))
        kind = EntryKind.WORKFLOW
        stored: list[Document] = [
            {"workflowId": "old", "startTime": 1, "input": "refund"},
            {"workflowId": "new", "startTime": 2, "input": "refund"},
            {"workflowId": "same", "startTime": 2, "input": "refund"},
            {"workflowId": "never", "input": "refund"},
            {"workflowId": "both", "startTime": 0, "input": "refund", "output": "alice"},
        ]
        await store(cluster, kind, stored)
        free_text = parse_free_text("refund alice", WORKFLOW_FIELDS)
        best, newest, worst = await search_all(
            cluster,
            kind,
            [
                search_body(MatchAll(), kind, free_text=free_text),
                search_body(MatchAll(), kind),
                search_body(MatchAll(), kind, free_text=free_text, sort=["_score:ASC"]),
            ],
        )
        assert best == ["both", "new", "same", "old", "never"]
        assert newest == ["new", "same", "old", "both", "never"]
        assert worst == ["never", "new", "old", "same", "both"]

    def test_without_a_free_text_nothing_is_scored(self) -> None:
        body = search_body(Exists(WORKFLOW_FIELDS["event"]), EntryKind.WORKFLOW, sort=["_score"])
        assert body == {
            "query": {"bool": {"filter": {"exists": {"field": "event"}}}},
            "sort": [
                {"workflowId": {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}}
            ],
        }


def many(template: str, count: int, joined: str = " ") -> str:
    return joined.join(template.format(number) for number in range(count))


class TestLimits:
    """The largest queries that the parsers let through are taken."""

    @pytest.mark.parametrize(
        "text",
        [
            many("word{}", 1_000),
            many("word{}", 1_000, " AND "),
            many("NOT word{}", 1_000, " OR "),
            many("reasonForIncompletion:a{}*", 1_000),
            many("w{}* ", 32),
            many("{}", 1_000),
            " ".join(
                f"{year}-{month:02}-01" for year in range(1920, 2003) for month in range(1, 13)
            ),
            many("startTime:{}", 1_000),
            '"' + many("w{}", 1_000) + '"',
            "é" * 500 + "*",
            "input:" + "a/b/" * 16_000,
            "NOT (" * 49 + "a" + ")" * 49,
        ],
        ids=lambda text: f"{text[:20]}…",
    )
    async def test_of_free_text(self, cluster: Cluster, text: str) -> None:
        await cluster.set_up()
        tree = parse_free_text(text, WORKFLOW_FIELDS)
        body = search_body(MatchAll(), EntryKind.WORKFLOW, free_text=tree)
        await search_all(cluster, EntryKind.WORKFLOW, [body])

    @pytest.mark.parametrize(
        "text",
        [
            many("version = {}", 1_000, " OR "),
            many("version != {}", 1_000, " AND "),
            f"workflowType IN ({many('t{}', 1_024, ',')})",
            f"input IN ({many('t{}', 1_000, ',')})",
            f"startTime IN ({many('{}', 1_000, ',')})",
            f"workflowType STARTS_WITH {'é' * 500}",
            f"workflowType BETWEEN {'a' * 1_000} AND {'b' * 1_000}",
            "(version = 1 AND (version = 2 OR " * 32 + "version = 3" + "))" * 32,
            f"version > {-(2**63)} AND version < {2**63 - 1} AND version = {2**63 - 1}",
            f"startTime >= {-(2**63) + 1} AND endTime <= {2**63 - 2}",
        ],
        ids=lambda text: f"{text[:20]}…",
    )
    async def test_of_a_query(self, cluster: Cluster, text: str) -> None:
        await cluster.set_up()
        body = search_body(parse_query(text, WORKFLOW_FIELDS), EntryKind.WORKFLOW)
        await search_all(cluster, EntryKind.WORKFLOW, [body])


class TestClauses:
    def test_a_query_filters_and_a_free_text_must_match(self) -> None:
        event, word = WORKFLOW_FIELDS["event"], WORKFLOW_FIELDS["failedTaskNames"]
        query = And((Equals(event, "e"), Not(Exists(word))))
        free_text = And((Word("a", word), Word("b", word)))
        assert compile_query(query, free_text, WORKFLOW_FIELDS) == {
            "bool": {
                "filter": {
                    "bool": {
                        "filter": [
                            {"term": {"event": "e"}},
                            {"bool": {"must_not": {"exists": {"field": "failedTaskNames"}}}},
                        ]
                    }
                },
                "must": {"bool": {"must": [_words("a"), _words("b")]}},
            }
        }

    def test_everything_is_asked_for_as_such(self) -> None:
        assert compile_query(MatchAll(), MatchAll(), WORKFLOW_FIELDS) == {"match_all": {}}

    def test_words_are_asked_for_together(self) -> None:
        word = WORKFLOW_FIELDS["failedTaskNames"]
        query = Or((Word("a", word), Word("b", word), Prefix("C", word)))
        assert compile_query(query, MatchAll(), WORKFLOW_FIELDS)["bool"]["filter"] == {
            "bool": {
                "should": [_words("a b"), {"prefix": {"failedTaskNames": "c"}}],
                "minimum_should_match": 1,
            }
        }

    def test_words_of_json_are_those_that_it_means_where_it_shows_others(self) -> None:
        query = Word("a", WORKFLOW_FIELDS["input"])
        assert compile_query(query, MatchAll(), WORKFLOW_FIELDS)["bool"]["filter"] == {
            "bool": {
                "should": [
                    {"match": {"podiumWords.input": "a"}},
                    {
                        "bool": {
                            "filter": {"match": {"input": "a"}},
                            "must_not": {"exists": {"field": "podiumWords.input"}},
                        }
                    },
                ],
                "minimum_should_match": 1,
            }
        }

    def test_times_are_milliseconds_and_at_the_end_of_time_no_bound(self) -> None:
        start = WORKFLOW_FIELDS["startTime"]

        def clause(above: int | None, below: int | None) -> Any:
            query = Range(start, above=above, below=below)
            return compile_query(query, MatchAll(), WORKFLOW_FIELDS)["bool"]["filter"]

        milliseconds = {"format": "epoch_millis"}
        assert clause(1, 2) == {"range": {"startTime": {**milliseconds, "gte": 1, "lte": 2}}}
        assert clause(-(2**62), 2) == {"range": {"startTime": {**milliseconds, "lte": 2}}}
        assert clause(1, 2**62) == {"range": {"startTime": {**milliseconds, "gte": 1}}}
        assert clause(2**62, None) == clause(None, -(2**62)) == {"match_none": {}}

    def test_lucene_has_its_own_language(self) -> None:
        assert lucene_clause("a~ b^2") == {"query_string": {"query": "a~ b^2"}}


def _words(text: str) -> Document:
    return {"match": {"failedTaskNames": text}}
