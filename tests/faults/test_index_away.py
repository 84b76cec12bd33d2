"""The index can't be reached for a while: writes go on, nothing is lost, and nothing is removed that isn't archived."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from podium_client import PodiumClient
from podium_client.errors import DeadlineExceededError, UnavailableError
from podium_core.execution_service import WorkflowSource
from podium_core.models import Wait, WorkflowSummary
from tests.faults.disturbed import Disturbed, disturbed
from tests.faults.index_executions import Execution, Fate
from tests.faults.index_load import IndexJournal, written_without_index
from tests.faults.index_truth import soon_at_rest
from tests.patience import PATIENCE_SECONDS

AWAY_SECONDS = 4.0
LONG_AWAY_SECONDS = 45.0
EXECUTIONS = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Disturbed]:
    with disturbed(tmp_path) as server:
        yield server


async def _refused(podium: PodiumClient, execution: Execution) -> None:
    """An archiving removal says that it can't be done now, and the workflow is as it was."""
    before = await podium.executions.get_workflow(execution.id, include_tasks=True)
    with pytest.raises(UnavailableError):
        await podium.executions.remove_workflow(execution.id, archive=True)
    found = await podium.executions.find_workflow(execution.id, include_tasks=True)
    assert found is not None
    assert (found.source, found.workflow) == (WorkflowSource.PRIMARY, before)
    await execution.update_workflow(podium)
    await execution.update_task(podium)


async def _written_and_refused(
    podium: PodiumClient, journal: IndexJournal, ended: Execution
) -> None:
    await written_without_index(podium, journal, EXECUTIONS)
    await _refused(podium, ended)


async def _away_and_back(
    server: Disturbed, podium: PodiumClient, seconds: float, *, step_ms: int = 0
) -> None:
    journal = IndexJournal()
    ended = journal.new_execution()
    await ended.create(podium)
    await ended.complete(podium)
    server.switches.index_away = True
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        await asyncio.gather(asyncio.sleep(seconds), _written_and_refused(podium, journal, ended))
    assert list(server.process.store.marks_left())
    server.switches.clock_offset_ms = step_ms
    server.switches.index_away = False
    await soon_at_rest(podium, journal, server.process.store)
    await ended.end(podium, Fate.ARCHIVED)
    await soon_at_rest(podium, journal, server.process.store)


async def test_all_is_there_soon_after_it_has_come_back(server: Disturbed) -> None:
    async with server.client() as podium:
        await _away_and_back(server, podium, AWAY_SECONDS)


async def test_so_it_is_where_the_clock_was_set_back_meanwhile(server: Disturbed) -> None:
    async with server.client() as podium:
        await _away_and_back(server, podium, AWAY_SECONDS / 2, step_ms=-3_600_000)


@pytest.mark.nightly
@pytest.mark.timeout(300)
async def test_so_it_is_after_a_long_while(server: Disturbed) -> None:
    async with server.client() as podium:
        await _away_and_back(server, podium, LONG_AWAY_SECONDS)


async def test_a_write_that_waits_for_the_index_is_kept(server: Disturbed) -> None:
    summary = WorkflowSummary(workflow_id="waiting", workflow_type="elsewhere")
    async with server.client() as podium:
        server.switches.index_away = True
        with pytest.raises(DeadlineExceededError):
            await podium.with_timeout(2).index.index_workflow(summary, wait=Wait.INDEXED)
        server.switches.index_away = False
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await podium.index.get_workflow_count("workflowId = 'waiting'") != 1:
                await asyncio.sleep(0.05)
