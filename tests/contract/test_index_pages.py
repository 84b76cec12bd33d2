"""Pages by token: no limit, and what doesn't change meanwhile comes exactly once, whatever the order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from podium_core.errors import InvalidArgumentError
from podium_core.models import Wait, WorkflowSummary
from podium_core.ports import IndexDAO
from tests.contract.records import make_task_summary, make_workflow_summary
from tests.contract.ways import INDEX_WAYS_AT_NIGHT, SEARCH_WAYS

WAYS = SEARCH_WAYS
NIGHTLY_WAYS = INDEX_WAYS_AT_NIGHT

START = 1_700_000_000_000
# A few values each, so that most entries share theirs with others; every third entry lacks the field.
ORDERS: Sequence[Sequence[str]] = (
    (),
    ("startTime",),
    ("startTime:DESC",),
    ("endTime:ASC",),
    ("priority:DESC", "status"),
    ("correlationId",),
    ("correlationId:DESC", "endTime:DESC", "workflowId:DESC"),
    ("archived",),
    ("workflowId:DESC",),
)


def entry(at: int, **changes: Any) -> WorkflowSummary:
    """The entry of this number."""
    odd: dict[str, Any] = {"end_time": START + at % 5} if at % 3 else {}
    odd |= {"correlation_id": f"c{at % 4}"} if at % 3 != 1 else {}
    odd |= {"archived": at % 2 == 0} if at % 3 != 2 else {}
    members: dict[str, Any] = {
        "start_time": START + at % 7 * 1_000,
        "priority": at % 3,
        "status": "FAILED" if at % 2 else "RUNNING",
        "input": f'{{"word":"n{at} {"often " * (at % 4)}"}}',
    }
    return make_workflow_summary(f"w{at:05}", **(members | odd | changes))


async def put(dao: IndexDAO, entries: Sequence[WorkflowSummary]) -> None:
    """Index them, so that searches find them."""
    for at in range(0, len(entries), 200):
        part = entries[at : at + 200]
        await asyncio.gather(*(dao.index_workflow(each, wait=Wait.ACCEPTED) for each in part))
    await asyncio.gather(*(dao.index_workflow(each) for each in entries[-20:]))
    while await dao.get_workflow_count() < len(entries):
        await dao.index_workflow(entries[-1])


async def pages(dao: IndexDAO, count: int, **search: Any) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    token = ""
    while True:
        page = await dao.search_workflows(count=count, page_token=token, **search)
        assert len(page.results) <= count
        found += page.results
        token = page.next_page_token
        if not token:
            return found


async def disturbed(dao: IndexDAO, count: int, sort: Sequence[str], number: int) -> list[str]:
    """The same, while other entries are changed, removed and added between the pages."""
    found: list[str] = []
    token, turn = "", 0
    while True:
        page = await dao.search_workflows(count=count, sort=sort, page_token=token)
        found += page.results
        token = page.next_page_token
        if not token:
            return found
        turn += 1
        changed = entry(turn * 10 % number, start_time=START + turn, priority=turn, status="PAUSED")
        await dao.index_workflow(changed, wait=Wait.ACCEPTED)
        await dao.remove_workflow(f"w{turn * 10 % number + 5:05}", wait=Wait.ACCEPTED)
        await dao.index_workflow(entry(number + turn))


@pytest.mark.parametrize("sort", ORDERS, ids=" ".join)
async def test_every_entry_comes_once_in_every_order(
    index_dao: IndexDAO, sort: Sequence[str]
) -> None:
    await put(index_dao, [entry(at) for at in range(43)])
    whole = await index_dao.search_workflows(sort=sort)
    assert whole.next_page_token == ""
    assert len(whole.results) == 43
    for count in (1, 10, 43):
        assert tuple(await pages(index_dao, count, sort=sort)) == whole.results


async def test_by_relevance_too(index_dao: IndexDAO) -> None:
    await put(index_dao, [entry(at) for at in range(43)])
    whole = await index_dao.search_workflows(free_text="often")
    assert len(whole.results) > 20
    assert tuple(await pages(index_dao, 7, free_text="often")) == whole.results
    assert sorted(await pages(index_dao, 7, free_text="often", sort=["_score:ASC"])) == sorted(
        whole.results
    )


@pytest.mark.parametrize("sort", ORDERS[1:], ids=" ".join)
async def test_what_does_not_change_comes_once_while_others_do(
    index_dao: IndexDAO, sort: Sequence[str]
) -> None:
    number = 60
    await put(index_dao, [entry(at) for at in range(number)])
    found = await disturbed(index_dao, 7, sort, number)
    quiet = [f"w{at:05}" for at in range(number) if at % 10 not in (0, 5)]
    assert [id_ for id_ in sorted(found) if id_ in quiet] == quiet


@pytest.mark.nightly
@pytest.mark.parametrize("sort", ORDERS[1:], ids=" ".join)
async def test_twenty_five_thousand_while_others_change(
    index_dao: IndexDAO, sort: Sequence[str]
) -> None:
    number = 25_000
    await put(index_dao, [entry(at) for at in range(number)])
    found = await disturbed(index_dao, 1_000, sort, number)
    quiet = [f"w{at:05}" for at in range(number) if at % 10 not in (0, 5)]
    assert [id_ for id_ in sorted(found) if id_ in set(quiet)] == quiet


class TestTokens:
    async def test_are_of_one_search(self, index_dao: IndexDAO) -> None:
        await put(index_dao, [entry(at) for at in range(3)])
        token = (await index_dao.search_workflows(count=1)).next_page_token
        for change in (
            {"query": "priority = 0"},
            {"free_text": "often"},
            {"sort": ["startTime"]},
            {"start": 1},
        ):
            with pytest.raises(InvalidArgumentError) as caught:
                await index_dao.search_workflows(**change, page_token=token)
            assert caught.value.field == "page_token"
        with pytest.raises(InvalidArgumentError):
            await index_dao.search_tasks(page_token=token)

    @pytest.mark.parametrize("token", ["x", "WzFd", "é", "A" * 100])
    async def test_that_no_search_gave(self, index_dao: IndexDAO, token: str) -> None:
        with pytest.raises(InvalidArgumentError) as caught:
            await index_dao.search_workflow_summary(page_token=token)
        assert caught.value.field == "page_token"

    async def test_go_through_tasks_too(self, index_dao: IndexDAO) -> None:
        for at in range(5):
            await index_dao.index_task(make_task_summary(f"t{at}", update_time=START + at % 2))
        first = await index_dao.search_task_summary(count=3)
        rest = await index_dao.search_task_summary(count=3, page_token=first.next_page_token)
        found = [task.task_id for task in (*first.results, *rest.results)]
        assert found == ["t1", "t3", "t0", "t2", "t4"]
        assert rest.next_page_token == ""
