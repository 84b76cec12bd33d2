"""The services over SQLite: what a request becomes, what it must hold, what isn't served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
import pytest_asyncio

from podium.v1 import task_pb2
from podium_core import errors
from podium_core.models import TaskStatus
from podium_protocol.rpcs import RPCS, Kind, rpc
from podium_server.interceptors import CallLimits
from podium_server.services.registration import STREAMING_TWINS
from tests.patience import PATIENCE_SECONDS
from tests.server.serving import World, serving_everything

# What the contract has and this version doesn't serve. A change here is news for the README and the release notes.
WORKFLOW = {"workflow_id": "w", "workflow_definition_json": '{"name":"order","version":2}'}


def task(task_id: str = "t", **fields: Any) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "workflow_instance_id": "w",
        "reference_task_name": task_id,
        "task_type": "pay",
        "status": "TASK_STATUS_SCHEDULED",
        **fields,
    }


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving_everything(tmp_path) as opened:
        yield opened


async def _code(world: World, path: str, data: bytes) -> grpc.aio.AioRpcError | None:
    entry = RPCS[path]
    call = world.caller.method(entry)
    streams_in = entry.kind in (Kind.CLIENT_STREAM, Kind.BIDIRECTIONAL)
    try:
        made = (
            call(iter([data]), timeout=PATIENCE_SECONDS)
            if streams_in
            else call(data, timeout=PATIENCE_SECONDS)
        )
        if entry.kind in (Kind.SERVER_STREAM, Kind.BIDIRECTIONAL):
            async for _ in made:
                pass
        else:
            await made
    except grpc.aio.AioRpcError as error:
        return error
    return None


class TestEveryRpc:
    async def test_each_is_served(self, world: World) -> None:
        refused = []
        for path, entry in RPCS.items():
            error = await _code(world, path, b"")
            if error is not None and error.code() is grpc.StatusCode.UNIMPLEMENTED:
                refused.append(entry.label)
        assert refused == []

    @pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x0a\x00", b"\x0a\x03\x00\x00\x00"])
    async def test_no_bytes_are_a_defect(self, world: World, data: bytes) -> None:
        for path in RPCS:
            error = await _code(world, path, data)
            allowed = {"INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED", "FAILED_PRECONDITION"}
            assert error is None or error.code().name in allowed, (path, error)

    async def test_random_bytes_are_no_defect(self, world: World) -> None:
        random = Random(4711)
        for _ in range(3):
            for path in RPCS:
                error = await _code(world, path, random.randbytes(40))
                assert error is None or error.code().name != "INTERNAL", (path, error)

    def test_a_twin_of_a_large_answer_streams(self) -> None:
        labels = {entry.label: entry for entry in RPCS.values()}
        for path, twin in STREAMING_TWINS.items():
            assert RPCS[path].kind in (Kind.UNARY, Kind.SERVER_STREAM)
            assert labels[twin].kind in (Kind.SERVER_STREAM, Kind.BIDIRECTIONAL)


class TestExecutionService:
    async def test_a_workflow_and_its_tasks(self, world: World) -> None:
        call, stream = world.caller.unary, world.caller.stream
        created = await call("ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        assert created.created
        again = await call("ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        assert not again.created
        tasks = [task("a", seq=2), task("b", seq=1), task("c", reference_task_name="a")]
        made = await call("ExecutionService", "CreateTasks", tasks=tasks)
        assert (list(made.created_task_ids), list(made.left_out_task_ids)) == (["a", "b"], ["c"])
        got = await call("ExecutionService", "GetWorkflow", workflow_id="w", include_tasks=True)
        assert [found.task_id for found in got.workflow.tasks] == ["b", "a"]
        (chunk,) = await stream("ExecutionService", "GetTasksForWorkflow", workflow_id="w")
        assert [found.task_id for found in chunk.tasks] == ["a", "b"]
        assert chunk.resume_token == ""

    async def test_read_change_write(self, world: World) -> None:
        call = world.caller.unary
        await call("ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        odd = task(input_data_json='{ "n": 1.00 }', extra_json='{"newer":[1.0]}')
        await call("ExecutionService", "CreateTasks", tasks=[odd])
        read = (await call("ExecutionService", "GetTask", task_id="t")).task
        read.status = task_pb2.TASK_STATUS_COMPLETED
        await call(
            "ExecutionService",
            "UpdateTask",
            task=read,
            expected_update_time=read.update_time,
        )
        with pytest.raises(errors.ConflictError):
            await call(
                "ExecutionService",
                "UpdateTask",
                task=read,
                expected_update_time=read.update_time,
            )
        stored = await world.facade.executions.get_task("t")
        assert stored is not None
        assert stored.status is TaskStatus.COMPLETED
        assert bytes(memoryview(stored.input_data)) == b'{ "n": 1.00 }'
        assert b'"newer":[1.0]' in bytes(memoryview(stored.extra))  # type: ignore[arg-type]

    async def test_a_commit(self, world: World) -> None:
        call = world.caller.unary
        answer = await call(
            "ExecutionService",
            "Commit",
            workflow_id="w",
            create_workflow=WORKFLOW,
            create_tasks=[task()],
            pushes=[{"queue_name": "pay", "message_id": "t"}],
            request_id="once",
        )
        assert (answer.workflow_created, list(answer.created_task_ids)) == (True, ["t"])
        popped = await call("QueueService", "Pop", queue_name="pay", count=5)
        assert list(popped.message_ids) == ["t"]

    @pytest.mark.parametrize(
        ("name", "fields", "field"),
        [
            ("GetTask", {}, "task_id"),
            ("GetTask", {"task_id": "a\0"}, "task_id"),
            ("GetTask", {"task_id": "x" * 2_000}, "task_id"),
            ("GetTasks", {"task_ids": ["a", ""]}, "task_ids[1]"),
            ("GetTasks", {"task_ids": ["a"] * 10_001}, "task_ids"),
            ("GetTasksByType", {"task_type": "pay"}, "count"),
            ("GetTasksByType", {"task_type": "pay", "count": 10_001}, "count"),
            ("CreateTasks", {"tasks": [task()] * 1_001}, "tasks"),
            ("CreateTasks", {"tasks": [task(retry_count=-1)]}, "tasks[0].retry_count"),
            ("CreateTasks", {"tasks": [task(), task(input_data_json="[]")]},
             "tasks[1].input_data_json"),
            ("UpdateTask", {}, "task"),
            ("UpdateTask", {"task": task(), "expected_update_time": -1}, "expected_update_time"),
            ("UpdateTasks", {"tasks": [{"task": task(extra_json="1")}]},
             "tasks[0].task.extra_json"),
            ("UpdateTasks", {"tasks": [{"task": task(seq=1)}, {"task": {"task_id": "x"}}]},
             "tasks[1].task.workflow_instance_id"),
            ("Commit", {"workflow_id": "w", "pushes": [{"message_id": "m"}]},
             "pushes[0].queue_name"),
            ("Commit", {"workflow_id": "w", "pushes": [
                {"queue_name": "q", "message_id": "m", "priority": 100}]}, "pushes[0].priority"),
            ("CreateWorkflow", {}, "workflow"),
            ("CreateWorkflow", {"workflow": WORKFLOW, "if_exists": 7}, "if_exists"),
            ("CreateWorkflow", {"workflow": {"workflow_id": "w"}},
             "workflow.workflow_definition_json"),
            ("RemoveWorkflow", {}, "workflow_id"),
            ("RemoveWorkflowWithExpiry", {"workflow_id": "w", "ttl_seconds": -1}, "ttl_seconds"),
            ("RemoveWorkflowWithExpiry", {"workflow_id": "w", "ttl_seconds": 2**62},
             "ttl_seconds"),
            ("Commit", {"workflow_id": "w", "removes": [{}] * 1_001}, ""),
            ("Commit", {"workflow_id": "w", "pushes": [{"queue_name": "q"}]},
             "pushes[0].message_id"),
            ("ExceedsInProgressLimit", {"task": {"task_id": "t"}}, "task.task_def_name"),
            ("AddEventExecution", {"event_execution": {"name": "h"}}, "event_execution.event"),
        ],
    )  # fmt: skip
    async def test_is_refused(
        self, world: World, name: str, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(errors.InvalidArgumentError) as raised:
            await world.caller.unary("ExecutionService", name, **fields)
        assert raised.value.field == field

    @pytest.mark.parametrize(
        ("name", "fields", "field"),
        [
            ("GetTasksForWorkflow", {}, "workflow_id"),
            ("GetTasksForWorkflow", {"workflow_id": "w", "resume_token": "?"}, "resume_token"),
            ("GetWorkflows", {"workflow_ids": ["w", "a\0"]}, "workflow_ids[1]"),
            ("GetWorkflowsByType", {"workflow_name": "n", "start_time": 5}, "end_time"),
            ("GetWorkflowsByType", {"workflow_name": "n", "start_time": -5}, "start_time"),
        ],
    )
    async def test_a_stream_is_refused(
        self, world: World, name: str, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(errors.InvalidArgumentError) as raised:
            await world.caller.stream("ExecutionService", name, **fields)
        assert raised.value.field == field

    async def test_a_long_stream_comes_in_chunks_and_goes_on_behind_any(self, world: World) -> None:
        call, stream = world.caller.unary, world.caller.stream
        await call("ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        text = '{"x":"' + "y" * 9_000 + '"}'
        ids = [f"t{number:03}" for number in range(100)]
        tasks = [task(id_, input_data_json=text) for id_ in ids]
        await call("ExecutionService", "CreateTasks", tasks=tasks)
        chunks = await stream("ExecutionService", "GetTasksForWorkflow", workflow_id="w")
        assert [found.task_id for chunk in chunks for found in chunk.tasks] == ids
        assert len(chunks) >= 4
        assert all(chunk.ByteSize() < 300_000 for chunk in chunks)
        for at, chunk in enumerate(chunks[:-1]):
            rest = await stream(
                "ExecutionService",
                "GetTasksForWorkflow",
                workflow_id="w",
                resume_token=chunk.resume_token,
            )
            expected = [found.task_id for later in chunks[at + 1 :] for found in later.tasks]
            assert [found.task_id for later in rest for found in later.tasks] == expected


class TestMetadataService:
    async def test_definitions(self, world: World) -> None:
        call, stream = world.caller.unary, world.caller.stream
        text = '{ "name": "order", "version": 2 }'
        await call("MetadataService", "CreateWorkflowDef", workflow_def={"document_json": text})
        with pytest.raises(errors.AlreadyExistsError):
            await call("MetadataService", "CreateWorkflowDef", workflow_def={"document_json": text})
        found = await call("MetadataService", "GetWorkflowDef", name="order", version=2)
        assert (found.workflow_def.document_json, found.workflow_def.version) == (text, 2)
        (chunk,) = await stream("MetadataService", "GetAllWorkflowDefs")
        assert len(chunk.workflow_defs) == 1
        names = await call("MetadataService", "GetWorkflowNames")
        versions = await call("MetadataService", "GetWorkflowVersions", name="order")
        assert (list(names.names), list(versions.versions)) == (["order"], [2])
        with pytest.raises(errors.NotFoundError, match="workflow definition 'order:3'"):
            await call("MetadataService", "GetWorkflowDef", name="order", version=3)

    async def test_task_definitions(self, world: World) -> None:
        call, stream = world.caller.unary, world.caller.stream
        await call("MetadataService", "CreateTaskDef", task_def={"document_json": '{"name":"pay"}'})
        found = await call("MetadataService", "GetTaskDef", name="pay")
        assert found.task_def.document_json == '{"name":"pay"}'
        (chunk,) = await stream("MetadataService", "GetAllTaskDefs")
        assert [one.name for one in chunk.task_defs] == ["pay"]
        await call("MetadataService", "RemoveTaskDef", name="pay")
        with pytest.raises(errors.NotFoundError):
            await call("MetadataService", "RemoveTaskDef", name="pay")


async def test_event_handlers(world: World) -> None:
    call, stream = world.caller.unary, world.caller.stream
    handler = {"document_json": '{"name":"h","event":"e","active":true}'}
    await call("EventHandlerService", "AddEventHandler", event_handler=handler)
    found = await call(
        "EventHandlerService", "GetEventHandlersForEvent", event="e", active_only=True
    )
    assert [one.name for one in found.event_handlers] == ["h"]
    (chunk,) = await stream("EventHandlerService", "GetAllEventHandlers")
    assert len(chunk.event_handlers) == 1


async def test_poll_data(world: World) -> None:
    call, stream = world.caller.unary, world.caller.stream
    with pytest.raises(errors.NotFoundError, match="poll data 'pay:eu'"):
        await call("PollDataService", "GetPollData", task_type="pay", domain="eu")
    await call(
        "PollDataService", "UpdateLastPollData", task_type="pay", domain="eu", worker_id="me"
    )
    found = await call("PollDataService", "GetPollData", task_type="pay", domain="eu")
    assert found.poll_data.worker_id == "me"
    assert (await call("PollDataService", "GetPollDataForTask", task_type="pay")).poll_data
    (chunk,) = await stream("PollDataService", "GetAllPollData")
    assert len(chunk.poll_data) == 1


async def test_event_executions(world: World) -> None:
    call = world.caller.unary
    key = {"name": "h", "event": "e", "message_id": "m", "id": "m_0"}
    for added in (True, False):
        answer = await call("ExecutionService", "AddEventExecution", event_execution=key)
        assert answer.added is added
    await call("ExecutionService", "UpdateEventExecution", event_execution=key)
    for removed in (True, False):
        answer = await call("ExecutionService", "RemoveEventExecution", event_execution=key)
        assert answer.removed is removed


async def test_limits(world: World) -> None:
    call = world.caller.unary
    for task_id, exceeds in (("a", False), ("b", True), ("a", False)):
        answer = await call(
            "ConcurrentExecutionLimitService", "ExceedsLimit", task=task(task_id), limit=1
        )
        assert answer.exceeds is exceeds
    for removed in (True, False):
        answer = await call(
            "ConcurrentExecutionLimitService", "RemoveTaskFromLimit", task=task("a")
        )
        assert answer.removed is removed
    for exceeds in (False, True):
        answer = await call(
            "RateLimitingService",
            "ExceedsRateLimitPerFrequency",
            task=task(),
            rate_limit_per_frequency=1,
            rate_limit_frequency_seconds=100,
        )
        assert answer.exceeds is exceeds


async def test_server_info(world: World) -> None:
    info = await world.caller.unary("AdminService", "GetServerInfo")
    stores = {entry.data_type: entry.backend_kind for entry in info.data_types}
    assert (stores["executions"], stores["index"], stores["payloads"]) == (
        "sqlite",
        "sqlite",
        "local_files",
    )
    assert info.limits.max_write_items == 1_000


async def test_a_large_answer_names_the_rpc_that_streams(tmp_path: Path) -> None:
    async with serving_everything(tmp_path, CallLimits(max_message_bytes=2_000)) as world:
        call = world.caller.unary
        await call("ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        tasks = [task(str(number)) for number in range(20)]
        await call("ExecutionService", "CreateTasks", tasks=tasks)
        with pytest.raises(errors.ResultTooLargeError) as raised:
            await call("ExecutionService", "GetWorkflow", workflow_id="w", include_tasks=True)
    assert raised.value.streaming_rpc == "ExecutionService.GetTasksForWorkflow"


def test_labels_are_unique() -> None:
    assert len({entry.label for entry in RPCS.values()}) == len(RPCS)
    assert rpc("QueueService", "Pop").label == "QueueService.Pop"
