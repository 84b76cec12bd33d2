"""Steps of a removal in each kind of store: what each reads, and that one by an older record does nothing."""

from __future__ import annotations

import msgspec

from podium_core.backend import ConnectedStore
from podium_core.decide.effects import RemoveWorkflowDocument
from podium_core.decide.removal_record import Sweep
from podium_core.removal import RemovalStage
from podium_core.write_set import builders
from tests.contract.records import make_task, make_workflow


async def test_a_step_by_a_record_that_has_moved_on_does_nothing(store: ConnectedStore) -> None:
    executions = store.executions
    assert executions is not None
    await executions.create_workflow(make_workflow())
    await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
    seen = await executions.removal("w1")
    assert seen is not None
    assert await executions.advance_removal(seen, seen.record, [])
    moved_on = await executions.removal("w1")
    assert moved_on is not None
    assert moved_on.token > seen.token
    effects = [RemoveWorkflowDocument("w1", seen.facts)]
    assert not await executions.advance_removal(seen, None, effects)
    assert await executions.removal("w1") == moved_on
    assert await executions.get_workflow("w1") is not None
    assert await executions.advance_removal(moved_on, None, effects)
    assert await executions.removal("w1") is None


async def test_a_record_comes_with_the_tasks_of_its_next_step(store: ConnectedStore) -> None:
    executions = store.executions
    assert executions is not None
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(f"t{at}") for at in range(5)])
    await executions.remove_workflow_with_expiry("w1", ttl_seconds=3_600)
    waits = await executions.removal("w1", tasks=10)
    assert waits is not None
    assert (waits.stage, list(waits.tasks)) == (RemovalStage.WAIT, [])
    # A pass through the tasks that has come to t1.
    sweeps = msgspec.structs.replace(waits.record, sweeps=(Sweep.MARK,), after="t1")
    assert await executions.advance_removal(waits, sweeps, [])
    for wanted, expected in ((0, []), (2, ["t2", "t3"]), (10, ["t2", "t3", "t4"])):
        swept = await executions.removal("w1", tasks=wanted)
        assert swept is not None
        assert swept.stage is RemovalStage.SWEEP
        assert [id_ for id_, _ in swept.tasks] == expected
        assert {facts.workflow_id for _, facts in swept.tasks} <= {"w1"}


async def test_a_deletion_takes_the_first_tasks(store: ConnectedStore) -> None:
    executions = store.executions
    assert executions is not None
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task(f"t{at}") for at in range(3)])
    await executions.apply(builders.remove_workflow("w1", require_terminal=False))
    due = await executions.removal("w1", tasks=2)
    assert due is not None
    assert (due.stage, [id_ for id_, _ in due.tasks]) == (RemovalStage.DELETE, ["t0", "t1"])
