"""A free text finds what Lucene's own query language finds, which Conductor uses, but for what docs/search.md says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from podium_backends.elasticsearch6.compile import lucene_clause
from podium_core.index import EntryKind
from podium_core.query import MatchAll, parse_free_text
from tests.backends.elasticsearch6.clusters import Cluster
from tests.backends.elasticsearch6.free_texts import free_texts
from tests.backends.elasticsearch6.java_indices import java_setup
from tests.backends.elasticsearch6.stored import Document, search_all, some_documents, store
from tests.backends.elasticsearch6.test_compile import KINDS, search_body
from tests.core.query.generated import FIELDS

FIRST_MS_OF_2023 = 1_672_531_200_000


@pytest.fixture
async def javas(cluster: Cluster) -> Cluster:
    """Indices that Java made, to which ours adds what they lack."""
    for each in java_setup(cluster.names.prefix):
        await cluster.perform(each)
    await cluster.set_up()
    return cluster


async def found_by_both(
    cluster: Cluster, kind: EntryKind, texts: Sequence[str]
) -> list[tuple[set[str], set[str]]]:
    """The ids that each text finds as we read it, and as Lucene does."""
    trees = [parse_free_text(text, FIELDS[kind]) for text in texts]
    bodies = [search_body(MatchAll(), kind, free_text=tree) for tree in trees]
    ours = await search_all(cluster, kind, bodies)
    lucenes = await search_all(cluster, kind, [{"query": lucene_clause(text)} for text in texts])
    return [(set(one), set(other)) for one, other in zip(ours, lucenes, strict=True)]


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("kind", KINDS)
async def test_finds_what_lucene_finds(javas: Cluster, kind: EntryKind, count: int) -> None:
    await store(javas, kind, some_documents(kind))
    texts = free_texts(kind, count)
    found = await found_by_both(javas, kind, texts)
    wrong = [
        f"{text!r} finds {ours - lucenes} too much and {lucenes - ours} too little"
        for text, (ours, lucenes) in zip(texts, found, strict=True)
        if ours != lucenes
    ]
    assert sorted(wrong, key=len) == []
    # Both what is found and what isn't was tried.
    assert 0.1 < sum(bool(ours) for ours, _ in found) / count < 0.9


@pytest.mark.parametrize(
    ("text", "ours", "lucenes"),
    [
        ("alice OR NOT bob", {"alice", "both", "start"}, {"alice"}),
        ("foo alice", {"alice", "both", "event"}, {"alice", "both"}),
        ("alice bob AND nobody", {"alice", "both"}, set()),
        ("2023", set(), {"start"}),
        ("1672531200000.0", set(), {"start"}),
    ],
)
async def test_differs_where_the_documentation_says_so(
    javas: Cluster, text: str, ours: set[str], lucenes: set[str]
) -> None:
    kind = EntryKind.WORKFLOW
    documents: list[Document] = [
        {"workflowId": "alice", "input": "alice"},
        {"workflowId": "both", "input": "alice bob"},
        {"workflowId": "start", "startTime": FIRST_MS_OF_2023},
        {"workflowId": "event", "input": "bob", "event": "foo"},
    ]
    await store(javas, kind, documents)
    assert await found_by_both(javas, kind, [text]) == [(ours, lucenes)]
