"""Slots that were freed while their tasks stay, and tasks that take another one then."""

from __future__ import annotations

import pytest

from podium_core.errors import AlreadyExistsError
from podium_core.execution_service import ExecutionService
from tests.contract.records import make_task, make_workflow


async def test_a_task_without_a_slot_may_take_another_one(executions: ExecutionService) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(reference_task_name="a")])
    await executions.remove_from_pending_workflow("order", "w1")
    again = await executions.create_tasks([make_task(reference_task_name="b", worker_id="other")])
    assert again.created_task_ids == ("t1",)
    stored = await executions.get_task("t1")
    assert stored is not None
    assert (stored.reference_task_name, stored.worker_id) != ("b", "other")
    other = await executions.create_tasks([make_task("t2", reference_task_name="b")])
    assert other.left_out_task_ids == ("t2",)


async def test_a_task_that_holds_a_slot_may_not(executions: ExecutionService) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(reference_task_name="a")])
    with pytest.raises(AlreadyExistsError):
        await executions.create_tasks([make_task(reference_task_name="b")])


async def test_a_slot_that_another_task_took_meanwhile_is_lost(
    executions: ExecutionService,
) -> None:
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(reference_task_name="a")])
    await executions.remove_from_pending_workflow("order", "w1")
    await executions.create_tasks([make_task("t2", reference_task_name="a")])
    repeat = await executions.create_tasks([make_task(reference_task_name="a")])
    assert repeat.left_out_task_ids == ("t1",)
