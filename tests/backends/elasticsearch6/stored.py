"""Documents stored in an Elasticsearch, searches over them, and many generated values of one strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from podium_backends.elasticsearch6 import dialect
from podium_core.index import EntryKind
from tests.backends.elasticsearch6.clusters import Cluster
from tests.core.query import golden
from tests.core.query.generated import ID_FIELDS, documents

T = TypeVar("T")
Document = dict[str, Any]

SEARCHES_IN_ONE_REQUEST = 250


def generated(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """So many values of a strategy, the same ones in each run."""
    found: list[T] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found


def some_documents(kind: EntryKind) -> list[Document]:
    """Those of Conductor's golden run, and generated ones, each with an id."""
    id_field = ID_FIELDS[kind]
    found = list(golden.documents(kind.value))
    for number, together in enumerate(generated(documents(kind), 30)):
        found += [{**each, id_field: f"{number}-{each[id_field]}"} for each in together]
    return found


async def store(cluster: Cluster, kind: EntryKind, stored: Sequence[Document]) -> None:
    """Store documents in one bulk, and make them searchable."""
    lines: list[bytes] = []
    for document in stored:
        id_ = document[ID_FIELDS[kind]]
        lines.append(dialect.put_line(cluster.names.index(kind, 0), kind, id_, version=1))
        lines.append(msgspec.json.encode(document) + b"\n")
    results = await cluster.bulk(lines)
    assert {result["status"] for result in results} == {201}, results


async def search_all(
    cluster: Cluster, kind: EntryKind, bodies: Sequence[Document]
) -> list[list[str]]:
    """The ids that each search finds, in their order."""
    header = msgspec.json.encode({"index": cluster.names.indices(kind)})
    found: list[list[str]] = []
    for start in range(0, len(bodies), SEARCHES_IN_ONE_REQUEST):
        lines: list[bytes] = []
        for body in bodies[start : start + SEARCHES_IN_ONE_REQUEST]:
            lines += [header, msgspec.json.encode({"_source": False, "size": 10_000, **body})]
        answer = await cluster.perform(dialect.multi_search(b"\n".join(lines) + b"\n"))
        for body, response in zip(bodies[start:], answer["responses"], strict=False):
            assert "error" not in response, (body, response)
            assert dialect.total_hits(response) == len(response["hits"]["hits"])
            found.append([hit["_id"] for hit in response["hits"]["hits"]])
    return found
