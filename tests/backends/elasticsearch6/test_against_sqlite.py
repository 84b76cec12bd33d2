"""The same entries in SQLite and in Elasticsearch: every search gives the same ids in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from podium_core.index import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.models import SearchResult
from podium_core.searching import IndexReads
from tests.backends.elasticsearch6.free_texts import free_texts
from tests.backends.elasticsearch6.opened_index import opened_index
from tests.backends.elasticsearch6.stored import some_documents
from tests.backends.elasticsearch6.structured_texts import StructuredTexts
from tests.backends.elasticsearch6.test_compile import KINDS
from tests.backends.sqlite import indexes
from tests.core.query.generated import ID_FIELDS

SEARCHES = 300
ALL = 1_000
# JSON whose words aren't those that its text shows, and numbers that no column holds.
OTHERWISE = ('{"t":"d\\u00e9j\\u00e0 alice"}', '{"t":"first\\nsmith"}', "[7,1]", '{"n":[3.14,7]}')


# Elasticsearch sorts them with the entries that lack the field.
ENDS = {2**63 - 1: 2**62, -(2**63): -(2**62)}


def entries(kind: EntryKind) -> list[IndexWrite]:
    found = [{key: _inner(value) for key, value in each.items()} for each in some_documents(kind)]
    for number, text in enumerate(OTHERWISE):
        found.append(
            {ID_FIELDS[kind]: f"otherwise{number}", "output": text, "executionTime": 2**64}
        )
    return [
        IndexWrite(kind=kind, id=each[ID_FIELDS[kind]], token=1, document=msgspec.json.encode(each))
        for each in found
    ]


def _inner(value: Any) -> Any:
    return ENDS.get(value, value) if isinstance(value, int) else value


async def searched(
    reads: IndexReads, kind: EntryKind, query: str, free_text: str, sort: Sequence[str]
) -> tuple[int, list[str]]:
    search = reads.search_tasks if kind is EntryKind.TASK else reads.search_workflows
    found: SearchResult[str] = await search(query, free_text, sort=sort, count=ALL)
    return found.total_hits, list(found.results)


def searches(kind: EntryKind) -> list[tuple[str, str, list[str]]]:
    """Query, free text and order. A free text is given an order: relevance isn't the same."""
    texts, free = StructuredTexts(kind), free_texts(kind, SEARCHES)
    found: list[tuple[str, str, list[str]]] = []
    for number in range(0, SEARCHES, 3):
        found.append((texts.query(), "", texts.sort() if number % 2 else []))
        found.append(("", free[number], texts.sort()))
        found.append((texts.query(1), free[number + 1], texts.sort()))
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_both_find_the_same_in_the_same_order(
    elasticsearch_url: str, tmp_path: Path, kind: EntryKind
) -> None:
    async with (
        opened_index(elasticsearch_url) as there,
        indexes.opened_index(tmp_path / "index.db") as here,
    ):
        for table in (there.table, here.table):
            answers = await table.send(entries(kind))
            assert not [answer for answer in answers if answer.refused or answer.away]
            await table.refresh()
        hits = 0
        for search in searches(kind):
            found = await searched(here.reads, kind, *search)
            assert await searched(there.reads, kind, *search) == found, search
            hits += bool(found[0])
        assert 0.1 < hits / SEARCHES < 0.9
