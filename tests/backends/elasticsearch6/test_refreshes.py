"""Refreshes cost far more than writes: they are made for those who wait, once for many of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.index import EntryKind
from tests.backends.elasticsearch6.served import Served, served
from tests.contract.eventually import eventually
from tests.contract.records import make_task, make_workflow, make_workflow_summary

CALLERS = 32
# The first caller's, one for those who come meanwhile, and a few stragglers'.
FEW = 8


@pytest.fixture
async def server(elasticsearch_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    """Its indices are never refreshed by themselves."""
    async with served(elasticsearch_url, tmp_path) as opened:
        settings = {"index": {"refresh_interval": "-1"}}
        path = f"/{opened.cluster.names.prefix}_*/_settings"
        await opened.cluster.ask("PUT", path, settings)
        yield opened


async def refreshes(server: Served) -> int:
    """How often the index of workflows, which has one shard, was refreshed."""
    index = server.cluster.names.indices(EntryKind.WORKFLOW)
    answer = await server.cluster.ask("GET", f"/{index}/_stats/refresh")
    return int(answer["_all"]["primaries"]["refresh"]["total"])


async def test_callers_that_wait_share_them(server: Served) -> None:
    before = await refreshes(server)

    async def write(number: int) -> None:
        await server.index.index_workflow(make_workflow_summary(f"w{number}"))
        found = await server.index.search_workflows(f"workflowId = 'w{number}'")
        assert found.results == (f"w{number}",)

    await asyncio.gather(*(write(number) for number in range(CALLERS)))
    assert 1 <= await refreshes(server) - before <= FEW


async def test_the_drainer_makes_none(server: Served) -> None:
    await server.executions.create_workflow(make_workflow("w1"))
    before = await refreshes(server)
    for number in range(CALLERS):
        await server.executions.create_workflow(make_workflow(f"w1-{number}"))
        await server.executions.create_tasks([make_task(f"t{number}", workflow_id=f"w1-{number}")])
    await eventually(server.drained)
    assert await refreshes(server) == before
    assert (await server.index.search_workflows()).total_hits == 0
    await server.table.refresh()
    assert (await server.index.search_workflows()).total_hits == CALLERS + 1
