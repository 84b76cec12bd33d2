"""The connection is cut around a batch: who is told that nothing was written can rely on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from podium_backends.cassandra.settings import CassandraSettings
from podium_core.errors import BackendUnavailableError, OutcomeUnknownError
from podium_core.models import Commit, CommitPush, PushMessage, WorkflowStatus
from podium_core.write_set import WriteOutcome
from podium_core.write_set.commit_builder import commit
from tests.backends.cassandra.cutting_proxy import Cut, CuttingProxy, cutting_proxy
from tests.backends.cassandra.open_stores import Process, process_on
from tests.clock import FakeClock
from tests.contract.eventually import eventually
from tests.contract.records import make_workflow
from tests.services.cassandra_server import ContactPoint

AWAY = (BackendUnavailableError, OutcomeUnknownError)


@pytest.fixture
async def proxy(cassandra_contact_point: ContactPoint) -> AsyncIterator[CuttingProxy]:
    async with cutting_proxy(cassandra_contact_point) as opened:
        yield opened


@pytest.fixture
async def cut(
    settings: CassandraSettings,
    proxy: CuttingProxy,
    monkeypatch: pytest.MonkeyPatch,
    clock: FakeClock,
) -> AsyncIterator[Process]:
    """The store whose connection it is."""
    way = {"contact_points": [f"{proxy.point.host}:{proxy.point.port}"]}
    async with process_on(settings.model_copy(update=way), monkeypatch, clock) as process:
        await process.executions.create_workflow(make_workflow())
        yield process


async def step(process: Process, request_id: str = "") -> WriteOutcome:
    """Completes the workflow, and pushes a message."""
    request = Commit(
        workflow_id="w1",
        update_workflow=make_workflow(status=WorkflowStatus.COMPLETED),
        pushes=[CommitPush(queue_name="work", message=PushMessage(id="m1"))],
        request_id=request_id,
    )
    return await process.executions.apply(commit(request, now_ms=process.clock()))


async def is_completed(process: Process) -> bool:
    stored = await process.executions.get_workflow("w1")
    assert stored is not None
    return stored.status is WorkflowStatus.COMPLETED


async def _answers(process: Process) -> bool:
    try:
        await process.store.ping()
    except AWAY:
        return False
    return True


@pytest.mark.parametrize("request_id", ["", "r1"])
@pytest.mark.parametrize("when", Cut)
async def test_a_step_is_done_once(
    cut: Process, proxy: CuttingProxy, first: Process, when: Cut, request_id: str
) -> None:
    proxy.cut = when
    told: BaseException | None = None
    try:
        await step(cut, request_id)
    except AWAY as error:
        told = error
    assert proxy.cut is None
    written = await is_completed(first)
    assert written == (when is Cut.BEFORE_ITS_ANSWER or told is None)
    if isinstance(told, BackendUnavailableError):
        assert not written
    await eventually(lambda: _answers(cut))
    if told is not None:
        again = await step(cut, request_id)
        assert again.replayed == (written and bool(request_id))
    await cut.inherit()
    # What an unknown batch left is carried out; it is one message, however often it is pushed.
    assert len({entry.id for entry in await cut.drained()}) == 1
    assert await is_completed(first)
    assert not cut.writes.is_at_work("w1")
