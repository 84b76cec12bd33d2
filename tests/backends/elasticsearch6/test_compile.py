"""Elasticsearch finds the same entries as the query tree means: against the judge in plain Python."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from podium_core.index import EntryKind
from tests.core.query import golden
from tests.core.query.generated import ID_FIELDS, documents

T = TypeVar("T")

QUERIES = 1_250
SEARCHES_IN_ONE_REQUEST = 250
KINDS = [EntryKind.WORKFLOW, EntryKind.TASK]


def generated(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """So many values of a strategy, the same in each run."""
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


def stored_documents(kind: EntryKind) -> list[dict[str, Any]]:
    """Those of Conductor's golden run, and generated ones."""
    id_field = ID_FIELDS[kind]
    found = list(golden.documents(kind.value))
    for number, each in enumerate(generated(documents(kind), 30)):
        found += [{**document, id_field: f"{number}-{document[id_field]}"} for document in each]
    return found
