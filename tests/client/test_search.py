"""``async for hit in podium.index.search(…)``: all hits, page after page."""

from __future__ import annotations

from podium_client import PodiumClient
from tests.contract.records import make_task_summary, make_workflow_summary


async def test_goes_through_all_the_newest_first(podium: PodiumClient) -> None:
    for at in range(12):
        entry = make_workflow_summary(f"w{at}", start_time=at % 7, priority=at % 3)
        await podium.index.index_workflow(entry)
    hits = [hit async for hit in podium.index.search("priority = 1", page_size=2)]
    assert [hit.workflow_id for hit in hits] == ["w4", "w10", "w1", "w7"]
    assert hits[0] == make_workflow_summary("w4", start_time=4, priority=1)


async def test_goes_through_tasks_in_the_order_asked_for(podium: PodiumClient) -> None:
    for at in range(5):
        await podium.index.index_task(make_task_summary(f"t{at}", update_time=at))
    newest = [hit.task_id async for hit in podium.index.search_each_task(page_size=2)]
    assert newest == ["t4", "t3", "t2", "t1", "t0"]
    by_id = podium.index.search_each_task(free_text="encode", sort=["taskId"], page_size=5)
    assert [hit.task_id async for hit in by_id] == newest[::-1]
