"""``lucene_query``: a text that the index reads in Lucene's own language, beside the two of Conductor."""

from __future__ import annotations

import pytest

from podium_core.backend import Capability
from podium_core.errors import InvalidArgumentError
from podium_core.ports import IndexDAO
from tests.contract.records import make_task_summary, make_workflow_summary
from tests.contract.ways import INDEX_WAYS_AT_NIGHT, SEARCH_WAYS

WAYS = SEARCH_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

pytestmark = pytest.mark.capability(Capability.LUCENE_QUERY)


async def index_some(dao: IndexDAO) -> None:
    """Three workflows, of one of them a task."""
    for at, word in enumerate(("colour", "color", "odour")):
        await dao.index_workflow(make_workflow_summary(f"w{at}", input=f'{{"a":"{word} x{at}"}}'))
    await dao.index_task(make_task_summary("t1", input='{"a":"colours"}'))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input:colour~1", "01"),
        ("input:/colou?r/", "01"),
        ("odour^2 colour", "20"),
        ("+colour -x1", "0"),
        ("startTime:[2023-11-14 TO *]", "012"),
    ],
)
async def test_finds_what_lucene_finds(index_dao: IndexDAO, text: str, expected: str) -> None:
    await index_some(index_dao)
    found = await index_dao.search_workflows(lucene_query=text)
    assert sorted(found.results) == sorted(f"w{at}" for at in expected)
    assert await index_dao.get_workflow_count(lucene_query=text) == len(expected)


async def test_narrows_the_others_and_pages(index_dao: IndexDAO) -> None:
    await index_some(index_dao)
    found = await index_dao.search_workflow_summary(
        "workflowId != 'w0'", "x1 OR x2", lucene_query="col*", sort=["workflowId"]
    )
    assert [entry.workflow_id for entry in found.results] == ["w1"]
    first = await index_dao.search_workflows(lucene_query="*our", count=1)
    rest = await index_dao.search_workflows(
        lucene_query="*our", count=5, page_token=first.next_page_token
    )
    assert {*first.results, *rest.results} == {"w0", "w2"}
    assert (await index_dao.search_tasks(lucene_query="colour*")).results == ("t1",)


async def test_what_it_cannot_read_is_refused(index_dao: IndexDAO) -> None:
    for text in ("a:(b", "AND"):
        with pytest.raises(InvalidArgumentError) as caught:
            await index_dao.search_task_summary(lucene_query=text)
        assert caught.value.field == "lucene_query"
