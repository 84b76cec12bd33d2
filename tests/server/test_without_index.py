"""``routing.index = none``: executions work as ever, nothing is marked, and what needs an index is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from podium_core.errors import FailedPreconditionError
from podium_core.execution_service import WorkflowSource
from podium_core.index.marks import INDEX_KINDS
from podium_core.models import Commit, WorkflowStatus
from podium_core.outbox import KIND_REMOVAL
from podium_core.ports import Outbox
from podium_protocol.rpcs import SERVICES
from podium_protocol.status import error_of_call
from podium_server.app import FacadeHandle, open_facade, register_services
from podium_server.config.load import load_config
from tests.contract.records import make_event_execution, make_task, make_workflow
from tests.server.serving import served
from tests.server.valid_requests import valid_request

WITHOUT_INDEX = {"PODIUM_ROUTING__INDEX": "none"}


@pytest.fixture
async def handle(tmp_path: Path) -> AsyncIterator[FacadeHandle]:
    config = load_config(environment={"PODIUM_DATA_DIR": str(tmp_path), **WITHOUT_INDEX})
    opened = await open_facade(config)
    yield opened
    await opened.close()


@pytest.fixture
def outbox(handle: FacadeHandle) -> Outbox:
    (outbox,) = (store.outbox for store in handle.stores.values() if store.outbox)
    return outbox


async def is_empty(outbox: Outbox) -> bool:
    return await outbox.due_in_ms(range(16), [*INDEX_KINDS, KIND_REMOVAL]) is None


def files_of_an_index(folder: Path) -> list[Path]:
    return list(folder.rglob("*index*"))


async def test_no_write_leaves_a_mark(handle: FacadeHandle, outbox: Outbox, tmp_path: Path) -> None:
    executions = handle.facade.executions
    await executions.create_workflow(make_workflow())
    await executions.create_tasks([make_task("t1"), make_task("t2")])
    await executions.update_task(make_task("t1"))
    await executions.commit(Commit(workflow_id="w1", update_workflow=make_workflow()))
    await executions.add_event_execution(make_event_execution())
    await executions.remove_task("t2")
    assert await is_empty(outbox)
    await executions.remove_workflow("w1")
    assert await executions.get_task("t1") is None
    assert await is_empty(outbox)
    assert files_of_an_index(tmp_path) == []


@pytest.mark.parametrize("ttl_seconds", [0, 60])
async def test_archiving_is_refused_and_nothing_removed(
    handle: FacadeHandle, outbox: Outbox, ttl_seconds: int
) -> None:
    executions = handle.facade.executions
    await executions.create_workflow(make_workflow(status=WorkflowStatus.COMPLETED))
    with pytest.raises(FailedPreconditionError) as raised:
        await executions.remove_workflow_with_expiry("w1", ttl_seconds=ttl_seconds, archive=True)
    assert raised.value.kind == "NO_INDEX"
    with pytest.raises(FailedPreconditionError):
        await executions.remove_workflow("w1", archive=True)
    found = await executions.find_workflow("w1")
    assert found is not None
    assert found.source is WorkflowSource.PRIMARY
    assert await is_empty(outbox)


async def test_a_workflow_that_is_not_there_is_none(handle: FacadeHandle) -> None:
    assert await handle.facade.executions.find_workflow("w1") is None


async def test_every_call_of_index_service_is_refused(handle: FacadeHandle, tmp_path: Path) -> None:
    config = load_config(environment={"PODIUM_DATA_DIR": str(tmp_path), **WITHOUT_INDEX})

    def add(server: grpc.aio.Server) -> None:
        register_services(server, handle, config)

    async with served(add) as caller:
        for entry in SERVICES["podium.v1.IndexService"]:
            request = valid_request(entry).SerializeToString()
            error = error_of_call(await caller.failure("IndexService", entry.name, request))
            assert isinstance(error, FailedPreconditionError), entry.name
            assert error.kind == "NO_INDEX"
