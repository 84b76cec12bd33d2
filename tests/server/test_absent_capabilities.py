"""The facade refuses what the store of executions declares that it can't do; the store isn't asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium_core.backend import Capability
from podium_core.errors import UnsupportedOperationError
from podium_server.facade.execution_parts import ExecutionRules
from podium_server.facade.executions import ExecutionFacade
from tests.contract.records import make_workflow
from tests.server.indexing import Indexing, indexing


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Indexing]:
    async with indexing(tmp_path) as opened:
        await opened.executions.create_workflow(make_workflow("w1", correlation_id="c"))
        yield opened


def facade_without(world: Indexing, capability: Capability) -> ExecutionFacade:
    rules = ExecutionRules(backend="redis", capabilities=frozenset(Capability) - {capability})
    return ExecutionFacade(world.store, limits=world.limits, rules=rules)


@pytest.mark.parametrize("ttl_seconds", [0, 60])
async def test_expiry(world: Indexing, ttl_seconds: int) -> None:
    facade = facade_without(world, Capability.EXPIRY)
    with pytest.raises(UnsupportedOperationError) as caught:
        await facade.remove_workflow_with_expiry("w1", ttl_seconds=ttl_seconds)
    assert (caught.value.backend, caught.value.method) == ("redis", "RemoveWorkflowWithExpiry")
    assert await world.store.get_pending_workflow_count("order") == 1
    assert await facade.remove_workflow("w1")


async def test_search_across_workflows(world: Indexing) -> None:
    facade = facade_without(world, Capability.SEARCH_ACROSS_WORKFLOWS)
    with pytest.raises(UnsupportedOperationError) as caught:
        [page async for page in facade.get_workflows_by_correlation_id("order", "c")]
    assert caught.value.method == "GetWorkflowsByCorrelationId"
    assert not await facade.can_search_across_workflows()
    assert await world.executions.can_search_across_workflows()
