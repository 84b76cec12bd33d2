"""IndexService and the client's IndexDAO: everything gets there and back, and without an index every call is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from msgspec import Raw

from podium_client import PodiumClient
from podium_client.index_dao import RemoteIndexDAO
from podium_core.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from podium_core.models import (
    EventExecution,
    IndexedMessage,
    SearchResult,
    TaskExecLog,
    TaskSummary,
    Wait,
    WorkflowSummary,
)
from podium_core.ports import IndexDAO
from podium_protocol.rpcs import SERVICES, Rpc
from podium_protocol.status import error_of_call
from podium_server.interceptors import CallLimits, InFlight, Pipeline
from podium_server.services.index import IndexServicer
from tests.server.memory_index import UNREADABLE, MemoryIndex
from tests.server.serving import UNLIMITED, Caller
from tests.server.valid_requests import valid_request

RPCS = SERVICES["podium.v1.IndexService"]
HITS = 2**40


@asynccontextmanager
async def serving(index: IndexDAO | None) -> AsyncIterator[str]:
    """A server with IndexService alone."""
    facade: Any = SimpleNamespace(index=index)
    servicer, pipeline = IndexServicer(facade), Pipeline(CallLimits(), InFlight())
    handlers = {
        entry.name: pipeline.handler(entry, getattr(servicer, entry.name)) for entry in RPCS
    }
    server = grpc.aio.server(options=UNLIMITED)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(RPCS[0].service, handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


@pytest.fixture
async def address(index: MemoryIndex) -> AsyncIterator[str]:
    async with serving(index) as address:
        yield address


@pytest.fixture
async def remote(address: str) -> AsyncIterator[RemoteIndexDAO]:
    async with PodiumClient(address) as podium:
        yield podium.index


@pytest.fixture
async def caller(address: str) -> AsyncIterator[Caller]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield Caller(channel)


class TestWrites:
    async def test_entries_come_back(self, remote: RemoteIndexDAO) -> None:
        await remote.setup()
        workflow = WorkflowSummary(
            workflow_id="w", start_time=0, failed_task_names=("a",), extra=Raw(b'{"x":1.00}')
        )
        task = TaskSummary(task_id="t", workflow_id="w", end_time=5, archived=True)
        await remote.index_workflow(workflow)
        await remote.index_task(task)
        assert await remote.search_workflow_summary() == SearchResult(
            total_hits=HITS, results=(workflow,), unreadable_ids=(UNREADABLE,)
        )
        assert await remote.search_task_summary() == SearchResult(
            total_hits=HITS, results=(task,), unreadable_ids=(UNREADABLE,)
        )
        assert (await remote.search_workflows()).results == ("w",)
        assert (await remote.search_tasks()).results == ("t",)

    async def test_updates_and_removals(self, remote: RemoteIndexDAO) -> None:
        with pytest.raises(NotFoundError) as caught:
            await remote.update_task("w", "t", Raw(b"{}"))
        assert (caught.value.resource_type, caught.value.name) == ("task entry", "t")
        await remote.index_task(TaskSummary(task_id="t", workflow_id="w"))
        await remote.update_task("w", "t", Raw(b'{"status":"FAILED"}'))
        (found,) = (await remote.search_task_summary()).results
        assert found.status == "FAILED"
        assert await remote.remove_task("w", "t") is True
        assert await remote.remove_task("w", "t") is False
        assert await remote.remove_workflow("w") is False
        assert await remote.remove_workflow("w", wait=Wait.ACCEPTED) is None

    async def test_what_to_wait_for(self, remote: RemoteIndexDAO, index: MemoryIndex) -> None:
        for wait in (Wait.ACCEPTED, Wait.INDEXED):
            await remote.index_workflow(WorkflowSummary(workflow_id="w"), wait=wait)
            await remote.update_workflow("w", Raw(b"{}"), wait=wait)
            await remote.add_task_execution_logs([TaskExecLog(task_id="t")], wait=wait)
        assert index.waits == [Wait.ACCEPTED] * 3 + [Wait.INDEXED] * 3

    async def test_unsaid_is_indexed(self, caller: Caller, index: MemoryIndex) -> None:
        await caller.unary("IndexService", "IndexWorkflow", workflow={"workflow_id": "w"})
        assert index.waits == [Wait.INDEXED]

    async def test_what_is_kept_for_looking_up(self, remote: RemoteIndexDAO) -> None:
        line = TaskExecLog(id="l", task_id="t", log="a", created_time=0)
        event = EventExecution(id="e", message_id="m", name="h", event="e", output=Raw(b'{"a": 1}'))
        message = IndexedMessage(message_id="m", queue_name="q", payload="", created_time=1)
        await remote.add_task_execution_logs([line])
        await remote.add_event_execution(event)
        await remote.add_message(message)
        assert await remote.get_task_execution_logs("t") == [line]
        assert await remote.get_event_executions("e") == [event]
        assert await remote.get_messages("q") == [message]


class TestReads:
    async def test_are_asked_as_the_caller_did(
        self, remote: RemoteIndexDAO, index: MemoryIndex
    ) -> None:
        page = {
            "start": 3,
            "count": 0,
            "sort": ["status:ASC", "startTime"],
            "page_token": "token",
            "lucene_query": "a:/b/",
        }
        for search in (
            remote.search_workflows,
            remote.search_workflow_summary,
            remote.search_tasks,
            remote.search_task_summary,
        ):
            assert (await search("a = 1", "text", **page)).total_hits == HITS  # type: ignore[arg-type]
        assert index.asked == [("a = 1", "text", page)] * 4

    async def test_absent_counts(self, caller: Caller, index: MemoryIndex) -> None:
        for name in ("SearchWorkflows", "SearchTaskSummary"):
            await caller.unary("IndexService", name)
        await caller.unary("IndexService", "GetEventExecutions", event="e")
        await caller.unary("IndexService", "GetMessages", queue_name="q")
        await caller.unary("IndexService", "GetTaskExecutionLogs", task_id="t")
        searched = (
            "",
            "",
            {"start": 0, "count": 100, "sort": [], "page_token": "", "lucene_query": ""},
        )
        assert index.asked == [searched, searched, ("e", 1_000), ("q", 1_000), ("t", None)]

    async def test_one_field(self, remote: RemoteIndexDAO, caller: Caller) -> None:
        assert await remote.get("w", "there") == Raw(b'{ "a": 1.00 }')
        assert await remote.get("w", "absent") is None
        with pytest.raises(NotFoundError):
            await caller.unary("IndexService", "Get", workflow_id="w", field="absent")

    async def test_numbers_and_ids(self, remote: RemoteIndexDAO, index: MemoryIndex) -> None:
        assert await remote.get_workflow_count("a", "b", lucene_query="c") == HITS
        assert await remote.search_archivable_workflows(7, index_name="i") == ["w1", "w2"]
        assert index.asked == [("a", "b", "c"), (7, "i")]


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("IndexWorkflow", {}, "workflow"),
        ("IndexWorkflow", {"workflow": {"extra_json": "["}}, "workflow.extra_json"),
        ("IndexWorkflow", {"workflow": {"workflow_id": "w"}, "wait": 7}, "wait"),
        ("IndexTask", {}, "task"),
        ("IndexTask", {"task": {"task_id": "t"}}, "task.workflow_id"),
        ("UpdateWorkflow", {"workflow_id": "w"}, "fields_json"),
        ("UpdateTask", {"workflow_id": "w", "task_id": "t", "fields_json": "[]"}, "fields_json"),
        ("AddEventExecution", {}, "event_execution"),
        ("AddMessage", {}, "message"),
        ("AddTaskExecutionLogs", {"logs": [{}]}, "logs[0].task_id"),
    ],
)
async def test_what_is_wrong_is_named(
    caller: Caller, name: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        await caller.unary("IndexService", name, **fields)
    assert caught.value.field == field


@pytest.mark.parametrize("entry", RPCS, ids=lambda entry: entry.name)
async def test_without_an_index_every_call_is_refused(entry: Rpc) -> None:
    async with serving(None) as address, grpc.aio.insecure_channel(address) as channel:
        failure = await Caller(channel).failure(
            "IndexService", entry.name, valid_request(entry).SerializeToString()
        )
    error = error_of_call(failure)
    assert isinstance(error, FailedPreconditionError)
    assert (error.kind, error.subject) == ("NO_INDEX", "routing/index")
