"""AdminService's checks as a client sees them: reports, refusals, streams that break and go on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from podium.v1 import admin_service_pb2 as pb
from podium_client import PodiumClient
from podium_core.errors import BackendUnavailableError, FailedPreconditionError
from podium_core.models import PushMessage
from podium_core.outbox import NewEntry
from podium_core.reconcile import IndexProblem, QueueProblem
from podium_server.app import open_facade
from podium_server.config.load import load_config
from podium_server.facade.facade import Facade
from podium_server.interceptors import CallLimits
from podium_server.services import register
from tests.client.conftest import QUICK
from tests.client.scripted_server import Context, fail, scripted
from tests.contract.records import make_task, make_workflow
from tests.patience import PATIENCE_SECONDS

QUICKLY = {
    "PODIUM_REPAIR__MIN_AGE_SECONDS": "0",
    "PODIUM_REPAIR__SECOND_LOOK_SECONDS": "0.01",
}


class Served:
    """A server and a client of it.

    Attributes:
        folder: Where its files are.
    """

    def __init__(self, facade: Facade, podium: PodiumClient, folder: Path) -> None:
        self.facade = facade
        self.podium = podium
        self.folder = folder

    async def indexed(self) -> None:
        """Wait until nothing is to be indexed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await self.podium.admin.outbox()).depth:
                await asyncio.sleep(0.02)

    def lose_entries(self) -> None:
        """Lose the entries of workflows."""
        with sqlite3.connect(self.folder / "index.db") as conn:
            conn.execute("DELETE FROM workflows")
        conn.close()


async def serve(folder: Path, **environment: str) -> AsyncIterator[Served]:
    variables = {"PODIUM_DATA_DIR": str(folder), **QUICKLY, **environment}
    handle = await open_facade(load_config(environment=variables))
    server = grpc.aio.server()
    services = register(server, handle.facade, CallLimits())
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with PodiumClient(f"127.0.0.1:{port}", retry=QUICK) as podium:
            yield Served(handle.facade, podium, folder)
    finally:
        await server.stop(0)
        await services.finish()
        await handle.close()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async for one in serve(tmp_path):
        yield one


class TestIndex:
    async def test_verify_and_repair(self, served: Served) -> None:
        admin = served.podium.admin
        await served.podium.executions.create_workflow(make_workflow())
        await served.indexed()
        reports = [report async for report in admin.verify_index()]
        assert (reports[-1].done, reports[-1].progress.differences) == (True, 0)
        served.lose_entries()
        reports = [report async for report in admin.repair_index()]
        (difference,) = reports[0].differences
        assert (difference.id, difference.problem) == ("w1", IndexProblem.MISSING)
        assert reports[-1].marked == 1
        await served.indexed()
        assert [report async for report in admin.verify_index()][-1].progress.differences == 0

    async def test_rebuild(self, served: Served) -> None:
        await served.podium.executions.create_workflow(make_workflow())
        await served.indexed()
        reports = [report async for report in served.podium.admin.repair_index(rebuild=True)]
        assert (reports[-1].marked, reports[-1].progress.differences) == (1, 0)

    async def test_without_an_index(self, tmp_path: Path) -> None:
        async for served in serve(tmp_path, PODIUM_ROUTING__INDEX="none"):
            for reports in (served.podium.admin.verify_index(), served.podium.admin.repair_index()):
                with pytest.raises(FailedPreconditionError) as caught:
                    await anext(reports)
                assert (caught.value.kind, caught.value.subject) == ("NO_INDEX", "routing/index")


class TestQueues:
    async def test_verify_and_repair(self, served: Served) -> None:
        admin = served.podium.admin
        await served.podium.executions.create_workflow(make_workflow())
        await served.podium.executions.create_tasks([make_task()])
        await served.podium.queues.push("encode", PushMessage(id="gone"))
        for reports, pushed in (
            (admin.verify_queues(), 0),
            (admin.repair_queues(), 0),
            (admin.repair_queues(apply=True), 1),
        ):
            found = [report async for report in reports]
            assert {(one.problem, one.id) for report in found for one in report.findings} == {
                (QueueProblem.TASK_NOT_QUEUED, "t1"),
                (QueueProblem.MESSAGE_WITHOUT_TASK, "gone"),
            }
            assert (found[-1].done, found[-1].pushed) == (True, pushed)
        assert await served.podium.queues.contains_message("encode", "t1")


class TestOutbox:
    async def test_failures_are_tried_again(self, served: Served) -> None:
        outbox = served.facade.reconciliation.outbox
        assert outbox is not None
        store: Any = outbox._outbox
        (entry,) = await store.put([NewEntry(kind="of a newer server", id="q\x00m", owner="w1")])
        await store.set_aside(entry, reason="too odd")
        state = await served.podium.admin.outbox()
        assert (state.depth, state.set_aside) == (0, 1)
        assert (state.failures[0].id, state.failures[0].reason) == ("q\x00m", "too odd")
        assert (await served.podium.admin.outbox(limit=0)).failures == ()
        assert await served.podium.admin.retry_outbox() == 1
        assert await served.podium.admin.retry_outbox() == 0
        state = await served.podium.admin.outbox()
        assert (state.depth, state.set_aside) == (1, 0)

    async def test_without_an_outbox(self, served: Served) -> None:
        checks: Any = served.facade.reconciliation
        object.__setattr__(checks, "outbox", None)
        for call in (served.podium.admin.outbox(), served.podium.admin.retry_outbox()):
            with pytest.raises(FailedPreconditionError) as caught:
                await call
            assert caught.value.kind == "NO_OUTBOX"


async def test_a_stream_that_breaks_goes_on_by_itself() -> None:
    starts: list[str] = []

    async def verify(request: Any, context: Context) -> AsyncIterator[Any]:
        starts.append(request.resume_token)
        for number in range(int(request.resume_token or 0), 4):
            if len(starts) == 1 and number == 2:
                await fail(context, BackendUnavailableError("main", "down", retry_after_ms=1))
            last = number == 3
            yield pb.VerifyIndexResponse(
                progress=pb.IndexProgress(checked=number + 1),
                resume_token="" if last else str(number + 1),
                done=last,
            )

    served = scripted({("AdminService", "VerifyIndex"): verify})
    async with served as address, PodiumClient(address, retry=QUICK) as podium:
        reports = [report async for report in podium.admin.verify_index()]
    assert [report.progress.checked for report in reports] == [1, 2, 3, 4]
    assert starts == ["", "2"]
