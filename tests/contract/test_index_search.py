"""IndexDAO: searches over workflows and tasks, their pages and their errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import Raw

from podium_core.errors import InvalidArgumentError
from podium_core.models import SearchResult
from podium_core.ports import IndexDAO
from tests.contract.records import make_task_summary, make_workflow_summary
from tests.contract.ways import INDEX_WAYS_AT_NIGHT, SEARCH_WAYS

WAYS = SEARCH_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

START = 1_700_000_000_000
DAY_MS = 24 * 60 * 60 * 1_000


async def index_workflows(dao: IndexDAO, count: int = 5) -> None:
    """``w0`` to ``w4``, each started a day after the one before; the odd ones failed."""
    for at in range(count):
        await dao.index_workflow(
            make_workflow_summary(
                f"w{at}",
                workflow_type="order" if at < 3 else "ship",
                status="FAILED" if at % 2 else "RUNNING",
                start_time=START + at * DAY_MS,
                input=f'{{"customer":"Alice Smith","number":"n{at}"}}',
                priority=at,
            )
        )


async def ids(dao: IndexDAO, query: str = "", free_text: str = "", **page: Any) -> list[str]:
    """Ids of the workflows that match, in order of id unless the page says another."""
    page.setdefault("sort", ["workflowId"])
    return list((await dao.search_workflows(query, free_text, **page)).results)


class TestQuery:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", "01234"),
            ("status = 'RUNNING'", "024"),
            ("status = RUNNING", "024"),
            ('status = "RUNNING"', "024"),
            ("status != 'RUNNING'", "13"),
            ("workflowType = 'Order'", ""),
            ("workflowType = 'order' AND status = 'FAILED'", "1"),
            ("workflowType = 'ship' OR status = 'FAILED'", "134"),
            ("workflowType = 'order' AND (status = 'FAILED' OR priority = 2)", "12"),
            ("NOT status = 'FAILED'", "024"),
            ("workflowId IN (w1, w3, w9)", "13"),
            ("workflowId IN ('w1','w3')", "13"),
            ("workflowType STARTS_WITH 'sh'", "34"),
            ("priority > 2", "34"),
            ("priority >= 2", "234"),
            ("priority < 2", "01"),
            ("priority <= 2", "012"),
            ("priority BETWEEN 1 AND 3", "123"),
            ("startTime > 2023-11-15", "234"),
            ("startTime >= '2023-11-15T22:13:20.000Z'", "1234"),
            (f"startTime = {START}", "0"),
            ("correlationId IS NULL", "01234"),
            ("status IS NOT NULL", "01234"),
            ("correlationId IS NOT NULL", ""),
        ],
    )
    async def test_finds(self, index_dao: IndexDAO, query: str, expected: str) -> None:
        await index_workflows(index_dao)
        assert await ids(index_dao, query) == [f"w{at}" for at in expected]
        assert await index_dao.get_workflow_count(query) == len(expected)


class TestFreeText:
    @pytest.mark.parametrize(
        ("free_text", "expected"),
        [
            ("", "01234"),
            ("*", "01234"),
            ("alice", "01234"),
            ("n3", "3"),
            ("nobody", ""),
            ('"alice smith"', "01234"),
        ],
    )
    async def test_finds(self, index_dao: IndexDAO, free_text: str, expected: str) -> None:
        await index_workflows(index_dao)
        assert await ids(index_dao, free_text=free_text) == [f"w{at}" for at in expected]
        assert await index_dao.get_workflow_count(free_text=free_text) == len(expected)

    async def test_narrows_the_query(self, index_dao: IndexDAO) -> None:
        await index_workflows(index_dao)
        assert await ids(index_dao, "status = 'FAILED'", "n1") == ["w1"]
        assert await ids(index_dao, "status = 'FAILED'", "n2") == []


class TestPages:
    async def test_go_through_everything_in_order(self, index_dao: IndexDAO) -> None:
        await index_workflows(index_dao)
        pages = [
            await index_dao.search_workflows(sort=["startTime:DESC"], start=start, count=2)
            for start in (0, 2, 4, 6)
        ]
        assert [page.results for page in pages] == [("w4", "w3"), ("w2", "w1"), ("w0",), ()]
        assert {page.total_hits for page in pages} == {5}

    async def test_may_lie_behind_the_end(self, index_dao: IndexDAO) -> None:
        await index_workflows(index_dao)
        found = await index_dao.search_workflows(start=9_000, count=1_000)
        assert found == SearchResult(total_hits=5)

    async def test_none_wanted_counts_all_the_same(self, index_dao: IndexDAO) -> None:
        await index_workflows(index_dao)
        assert await index_dao.search_workflows(count=0) == SearchResult(total_hits=5)
        summaries = await index_dao.search_workflow_summary("status = 'FAILED'", count=0)
        assert (summaries.total_hits, summaries.results) == (2, ())

    async def test_the_default_is_a_hundred(self, index_dao: IndexDAO) -> None:
        for at in range(101):
            await index_dao.index_task(make_task_summary(f"t{at:03}"))
        found = await index_dao.search_tasks()
        assert (found.total_hits, len(found.results)) == (101, 100)


class TestSort:
    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            (["priority"], "01234"),
            (["priority:ASC"], "01234"),
            (["priority:DESC"], "43210"),
            (["status:ASC", "priority:DESC"], "31420"),
            (["workflowType:DESC", "startTime:ASC"], "34012"),
        ],
    )
    async def test_by(self, index_dao: IndexDAO, sort: list[str], expected: str) -> None:
        await index_workflows(index_dao)
        assert await ids(index_dao, sort=sort) == [f"w{at}" for at in expected]


class TestSummaries:
    async def test_of_workflows(self, index_dao: IndexDAO) -> None:
        entries = [make_workflow_summary(f"w{at}", correlation_id=f"c{at}") for at in range(3)]
        for entry in entries:
            await index_dao.index_workflow(entry)
        found = await index_dao.search_workflow_summary(sort=["workflowId:DESC"], count=2)
        assert (found.total_hits, found.results) == (3, (entries[2], entries[1]))
        assert found.next_page_token

    async def test_of_tasks(self, index_dao: IndexDAO) -> None:
        entries = [make_task_summary(f"t{at}", workflow_id=f"w{at % 2}") for at in range(3)]
        for entry in entries:
            await index_dao.index_task(entry)
        found = await index_dao.search_task_summary("workflowId = 'w0'", sort=["taskId"])
        assert found == SearchResult(total_hits=2, results=(entries[0], entries[2]))
        only_ids = await index_dao.search_tasks("workflowId = 'w1'")
        assert only_ids == SearchResult(total_hits=1, results=("t1",))


class TestArchivableWorkflows:
    DAY = date(2023, 11, 14)
    MIDNIGHT = 1_699_920_000_000

    def days(self) -> int:
        """The age at which those that ended on DAY are to be archived today."""
        return (datetime.now(UTC).date() - self.DAY).days - 1

    async def test_are_the_terminal_ones_that_ended_on_that_day(self, index_dao: IndexDAO) -> None:
        ends = {
            "before": -1,
            "first": 0,
            "last": DAY_MS - 1,
            "after": DAY_MS,
        }
        for name, offset in ends.items():
            await index_dao.index_workflow(
                make_workflow_summary(name, status="COMPLETED", end_time=self.MIDNIGHT + offset)
            )
        found = await index_dao.search_archivable_workflows(self.days())
        assert sorted(found) == ["first", "last"]

    @pytest.mark.parametrize(
        ("status", "archivable"),
        [
            ("COMPLETED", True),
            ("FAILED", True),
            ("TIMED_OUT", True),
            ("TERMINATED", True),
            ("RUNNING", False),
            ("PAUSED", False),
        ],
    )
    async def test_by_status(self, index_dao: IndexDAO, status: str, archivable: bool) -> None:
        await index_dao.index_workflow(make_workflow_summary(status=status, end_time=self.MIDNIGHT))
        found = await index_dao.search_archivable_workflows(self.days())
        assert found == (["w1"] if archivable else [])

    async def test_not_an_archived_one(self, index_dao: IndexDAO) -> None:
        await index_dao.index_workflow(
            make_workflow_summary(status="COMPLETED", end_time=self.MIDNIGHT)
        )
        await index_dao.update_workflow("w1", Raw(b'{"archived":true}'))
        assert await index_dao.search_archivable_workflows(self.days()) == []


Search = Callable[..., Awaitable[Any]]

BAD_QUERIES = [
    "status =",
    "status = 'RUNNING' garbage",
    "(status = 'RUNNING'",
    "status == 'RUNNING'",
    "noSuchField = 1",
    "priority = many",
    "startTime > soon",
    "input > 'a'",
    "'",
    " AND ",
    "a\x00b",
]
BAD_TEXTS = ["(alice", '"alice', "AND"]
BAD_SORTS = [["noSuchField"], ["priority:UP"], ["input"], ["rawJSON"], [""]]


def _searches(dao: IndexDAO) -> list[Search]:
    return [
        dao.search_workflows,
        dao.search_workflow_summary,
        dao.search_tasks,
        dao.search_task_summary,
    ]


class TestErrors:
    @pytest.mark.parametrize("query", BAD_QUERIES)
    async def test_of_a_query_say_where(self, index_dao: IndexDAO, query: str) -> None:
        for search in (*_searches(index_dao), index_dao.get_workflow_count):
            with pytest.raises(InvalidArgumentError, match="column") as caught:
                await search(query.replace("priority", "executionTime"))
            assert caught.value.field == "query"

    @pytest.mark.parametrize("free_text", BAD_TEXTS)
    async def test_of_free_text_say_where(self, index_dao: IndexDAO, free_text: str) -> None:
        for search in (*_searches(index_dao), index_dao.get_workflow_count):
            with pytest.raises(InvalidArgumentError, match="column") as caught:
                await search("", free_text)
            assert caught.value.field == "free_text"

    @pytest.mark.parametrize("sort", BAD_SORTS)
    async def test_of_a_sort_order_name_the_key(self, index_dao: IndexDAO, sort: list[str]) -> None:
        for search in _searches(index_dao):
            with pytest.raises(InvalidArgumentError, match="column") as caught:
                await search(sort=["status:ASC", *sort])
            assert caught.value.field == "sort[1]"

    @pytest.mark.parametrize(
        ("page", "field"),
        [({"start": -1}, "start"), ({"count": -1}, "count"), ({"count": 10_001}, "count")],
    )
    async def test_of_a_page(self, index_dao: IndexDAO, page: dict[str, int], field: str) -> None:
        for search in _searches(index_dao):
            with pytest.raises(InvalidArgumentError) as caught:
                await search(**page)
            assert caught.value.field == field
