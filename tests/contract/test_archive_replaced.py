"""An archive in parts while a further run of its workflow, and its removal, reach the index one entry after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.errors import CorruptRecordError
from podium_core.index.changes import EntryKind
from podium_core.index.entries import IndexWrite
from podium_core.index.marks import outbox_kind
from podium_core.models import WorkflowStatus
from tests.contract.archive_world import ArchiveWorld, archive_world
from tests.contract.records import make_task, make_workflow
from tests.contract.ways import FIRST_OF_EACH_KIND, Way

WAYS = FIRST_OF_EACH_KIND


@pytest.fixture
async def world(way: Way, tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    """With w1, archived in parts."""
    async with archive_world(way, tmp_path, whole_max_size=0) as opened:
        await run(opened)
        await opened.settle()
        assert await opened.executions.remove_workflow("w1", archive=True)
        await opened.settle()
        yield opened


async def run(world: ArchiveWorld) -> None:
    await world.executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
    await world.executions.create_tasks([make_task("t1"), make_task("t2", reference_task_name="b")])


async def drain_tasks(world: ArchiveWorld) -> None:
    marks = [entry for entry in await world.due() if entry.kind == outbox_kind(EntryKind.TASK)]
    assert marks
    await world.carry_out(marks)


async def test_the_run_is_found_once_the_archive_gives_way(world: ArchiveWorld) -> None:
    await run(world)
    await drain_tasks(world)
    assert await world.executions.get_workflow("w1", include_tasks=True) is not None


@pytest.mark.parametrize("removal_drained", [False, True])
async def test_what_was_removed_since_is_not_there(
    world: ArchiveWorld, removal_drained: bool
) -> None:
    await run(world)
    await drain_tasks(world)
    await world.executions.remove_workflow("w1")
    if removal_drained:
        await drain_tasks(world)
    assert await world.executions.get_workflow("w1", include_tasks=True) is None
    await world.settle()
    assert await world.executions.get_workflow("w1") is None


async def test_a_part_that_is_lost_is_told(world: ArchiveWorld) -> None:
    (entry,) = await world.index.entries(EntryKind.TASK, ["t1"])
    assert entry is not None
    lost = IndexWrite(kind=EntryKind.TASK, id="t1", token=entry.token + 1, document=None)
    await world.index.send([lost])
    with pytest.raises(CorruptRecordError, match="t1"):
        await world.executions.get_workflow("w1", include_tasks=True)
