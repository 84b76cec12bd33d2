"""Steps of a removal in each kind of store: one that was seen before another server's step does nothing."""

from __future__ import annotations

from podium_core.backend import ConnectedStore
from podium_core.decide.effects import RemoveWorkflowDocument
from tests.contract.records import make_workflow


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
