"""A removal with archive of an expiring workflow while the index is down: nothing is removed, and it expires as before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.errors import BackendUnavailableError
from podium_core.execution_service import WorkflowSource
from podium_core.models import WorkflowStatus
from tests.contract.archive_world import ArchiveWorld, archive_world
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import INDEX_WAYS, Way

WAYS = INDEX_WAYS

TTL_SECONDS = 3_600


@pytest.fixture
async def world(way: Way, tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    async with archive_world(way, tmp_path) as opened:
        await opened.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
        await opened.executions.create_tasks([make_task("t1")])
        yield opened


async def source(world: ArchiveWorld) -> WorkflowSource | None:
    """Where the workflow is found."""
    found = await world.executions.find_workflow("w1", include_tasks=True)
    return found.source if found else None


@pytest.mark.parametrize("archive", [False, True])
async def test_it_stays_until_its_time_and_then_goes_as_was_asked_for(
    world: ArchiveWorld, *, archive: bool
) -> None:
    await world.executions.remove_workflow_with_expiry(
        "w1", ttl_seconds=TTL_SECONDS, archive=archive
    )
    world.index.is_down = True
    with pytest.raises(BackendUnavailableError):
        await world.executions.remove_workflow("w1", archive=True)
    world.index.is_down = False
    await world.settle()
    assert await source(world) is WorkflowSource.PRIMARY
    assert await world.executions.update_task(make_task("t1", worker_id="late"))
    world.clock.pass_by(TTL_SECONDS * 1000)
    await world.settle()
    assert await source(world) is (WorkflowSource.ARCHIVE if archive else None)


async def test_it_is_archived_at_once_when_the_call_is_repeated(world: ArchiveWorld) -> None:
    await world.executions.remove_workflow_with_expiry("w1", ttl_seconds=TTL_SECONDS)
    world.index.is_down = True
    with pytest.raises(BackendUnavailableError):
        await world.executions.remove_workflow("w1", archive=True)
    world.index.is_down = False
    assert await world.executions.remove_workflow("w1", archive=True)
    assert await source(world) is WorkflowSource.ARCHIVE
