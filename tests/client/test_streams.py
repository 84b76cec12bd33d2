"""Streams of pages: read to the end, taken up again where they broke, let go of at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from podium.v1 import execution_workflows_pb2 as pb
from podium_client import PodiumClient
from podium_client.errors import (
    BackendUnavailableError,
    CorruptRecordError,
    DeadlineExceededError,
    InternalError,
    StorageError,
    TransportError,
)
from podium_core.models import collect
from tests.client.conftest import QUICK, tasks_left
from tests.client.scripted_server import Context, fail, scripted
from tests.patience import PATIENCE_SECONDS

IDS = ("ExecutionService", "GetRunningWorkflowIds")
DOWN = BackendUnavailableError("main", "down", retry_after_ms=1)


class Pages:
    """Serves ids one to a page; after some of the pages the stream fails, once each."""

    def __init__(self, count: int, failures: dict[int, StorageError | grpc.StatusCode]) -> None:
        self.count = count
        self.failures = failures
        self.starts: list[str] = []

    async def __call__(self, request: Any, context: Context) -> AsyncIterator[Any]:
        """GRPC calls it."""
        self.starts.append(request.resume_token)
        for number in range(int(request.resume_token or 0), self.count):
            await self.fail_after(number, context)
            token = str(number + 1) if number + 1 < self.count else ""
            yield pb.GetRunningWorkflowIdsResponse(workflow_ids=[f"w{number}"], resume_token=token)
        await self.fail_after(self.count, context)

    async def fail_after(self, pages: int, context: Context) -> None:
        failure = self.failures.pop(pages, None)
        if isinstance(failure, grpc.StatusCode):
            await context.abort(failure, "broken")
        elif failure is not None:
            await fail(context, failure)


async def read_all(pages: Pages) -> list[str]:
    async with scripted({IDS: pages}) as address, PodiumClient(address, retry=QUICK) as podium:
        return await collect(podium.executions.get_running_workflow_ids("order"))


@pytest.mark.parametrize("failure", [DOWN, grpc.StatusCode.UNAVAILABLE], ids=["down", "cut off"])
async def test_a_broken_stream_goes_on_behind_the_last_page(
    failure: StorageError | grpc.StatusCode,
) -> None:
    pages = Pages(5, {0: failure, 2: failure, 4: failure})
    assert await read_all(pages) == ["w0", "w1", "w2", "w3", "w4"]
    assert pages.starts == ["", "", "2", "4"]


async def test_a_server_whose_own_deadline_passed_is_asked_for_the_rest() -> None:
    pages = Pages(3, {2: DeadlineExceededError("the server's deadline passed")})
    assert await read_all(pages) == ["w0", "w1", "w2"]


async def test_a_stream_that_breaks_behind_its_last_page_was_whole() -> None:
    pages = Pages(2, {2: grpc.StatusCode.UNAVAILABLE})
    assert await read_all(pages) == ["w0", "w1"]
    assert pages.starts == [""]


async def read_into(seen: list[str], podium: PodiumClient) -> None:
    async for page in podium.executions.get_running_workflow_ids("order"):
        seen += page.items


async def test_a_failure_that_stays_is_raised_after_what_came() -> None:
    seen: list[str] = []
    pages = Pages(3, {1: InternalError("i1")})
    async with scripted({IDS: pages}) as address, PodiumClient(address, retry=QUICK) as podium:
        with pytest.raises(InternalError):
            await read_into(seen, podium)
    assert seen == ["w0"]


async def test_attempts_without_progress_are_bounded() -> None:
    async def never(request: Any, context: Context) -> AsyncIterator[Any]:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
        yield

    async with scripted({IDS: never}) as address, PodiumClient(address, retry=QUICK) as podium:
        with pytest.raises(TransportError) as caught:
            await collect(podium.executions.get_running_workflow_ids("order"))
    assert "after 8 attempts" in caught.value.__notes__


async def test_a_page_that_does_not_come_ends_the_stream() -> None:
    async def hang(request: Any, context: Context) -> AsyncIterator[Any]:
        yield pb.GetRunningWorkflowIdsResponse(workflow_ids=["w0"], resume_token="1")
        await asyncio.sleep(60)

    async with (
        scripted({IDS: hang}) as address,
        PodiumClient(address, timeout_seconds=0.2) as podium,
    ):
        with pytest.raises(
            DeadlineExceededError, match=r"nothing came for 0.2 s \[DEADLINE_EXCEEDED\]"
        ):
            await collect(podium.executions.get_running_workflow_ids("order"))


async def test_a_stream_that_is_left_early_is_cancelled_at_the_server() -> None:
    cancelled = asyncio.Event()

    async def endless(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            while True:
                yield pb.GetRunningWorkflowIdsResponse(workflow_ids=["w"], resume_token="1")
        finally:
            cancelled.set()

    async with scripted({IDS: endless}) as address, PodiumClient(address) as podium:
        before = asyncio.all_tasks()
        async for _ in podium.executions.get_running_workflow_ids("order"):
            break
        await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)
        assert {task for task in await tasks_left(before) if "podium_client" in repr(task)} == set()


async def test_an_answer_that_this_client_cannot_read_is_no_argument_of_the_caller() -> None:
    async def newer(request: Any, context: Context) -> Any:
        response = pb.GetWorkflowResponse()
        response.workflow.workflow_id = "w"
        response.workflow.status = 99  # type: ignore[assignment]
        return response

    name = ("ExecutionService", "GetWorkflow")
    async with scripted({name: newer}) as address, PodiumClient(address) as podium:
        with pytest.raises(CorruptRecordError, match=r"workflow 'w' can't be read: .*status"):
            await podium.executions.get_workflow("w")
