"""The facade refuses what the store of executions declares that it can't write in one step; nothing is written then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.errors import PayloadTooLargeError, UnsupportedOperationError
from podium_core.models import TaskUpdate
from podium_core.models.json_text import to_raw
from podium_core.write_set.write_limits import WriteLimits
from podium_server.facade.execution_parts import ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from tests.contract.records import make_task, make_workflow
from tests.server.indexing import Indexing, indexing


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Indexing]:
    async with indexing(tmp_path) as opened:
        for id_ in ("w1", "w2"):
            await opened.executions.create_workflow(make_workflow(id_))
            await opened.executions.create_tasks([make_task(f"{id_}-t", workflow_id=id_)])
        yield opened


def limited(world: Indexing, limits: WriteLimits) -> ExecutionFacade:
    return ExecutionFacade(
        world.store, limits=world.limits, rules=ExecutionRules(write_limits=limits)
    )


def updates(*ids: str, input_size: int = 0) -> list[TaskUpdate]:
    document = to_raw({"a": "." * input_size})
    tasks = [make_task(f"{id_}-t", workflow_id=id_, input_data=document, seq=9) for id_ in ids]
    return [TaskUpdate(task=task) for task in tasks]


async def written(world: Indexing) -> list[str]:
    """The workflows whose task was updated."""
    tasks = [await world.store.get_task(f"{id_}-t") for id_ in ("w1", "w2")]
    return [str(task.workflow_instance_id) for task in tasks if task and task.seq == 9]


async def test_a_write_over_several_workflows(world: Indexing) -> None:
    facade = limited(world, WriteLimits(spans_workflows=False))
    with pytest.raises(UnsupportedOperationError, match="one workflow at a time"):
        await facade.update_tasks(updates("w1", "w2"))
    assert await written(world) == []
    await facade.update_tasks(updates("w2"))
    assert await written(world) == ["w2"]


async def test_a_write_above_the_limit_of_bytes(world: Indexing) -> None:
    facade = limited(world, WriteLimits(max_write_bytes=4_000))
    with pytest.raises(PayloadTooLargeError):
        await facade.update_tasks(updates("w1", "w2", input_size=3_000))
    assert await written(world) == []
    await facade.update_tasks(updates("w1", input_size=3_000))
    assert await written(world) == ["w1"]


async def test_a_store_that_says_nothing_takes_both(world: Indexing) -> None:
    await world.executions.update_tasks(updates("w1", "w2", input_size=3_000))
    assert await written(world) == ["w1", "w2"]
