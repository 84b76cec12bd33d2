"""The pipeline around every handler, over a real server and a real channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from podium.v1 import consume_pb2, execution_tasks_pb2, queue_messages_pb2
from podium_core import errors
from podium_core.execution_service import WorkflowSource
from podium_protocol.rpcs import rpc
from podium_protocol.status import error_of_call
from podium_server.interceptors import Call, CallLimits, add_call_fields, current_call
from podium_server.interceptors.pipeline import Send
from podium_server.services.execution import ExecutionServicer
from tests.patience import PATIENCE_SECONDS
from tests.server.serving import Caller, serving_method

GET_TASK = rpc("ExecutionService", "GetTask")
REMOVE_TASK = rpc("ExecutionService", "RemoveTask")
STREAM = rpc("ExecutionService", "GetTasksForWorkflow")
CONSUME = rpc("QueueService", "Consume")
CODE = grpc.StatusCode

GetTaskResponse = execution_tasks_pb2.GetTaskResponse
Chunk = execution_tasks_pb2.GetTasksForWorkflowResponse


async def answer(request: Any, call: Call) -> GetTaskResponse:
    return GetTaskResponse(task={"task_id": request.task_id})


def raising(error: BaseException) -> Callable[..., Any]:
    async def method(request: Any, call: Call) -> GetTaskResponse:
        raise error

    return method


async def get_task(caller: Caller, **fields: Any) -> Any:
    return await caller.unary("ExecutionService", "GetTask", **fields)


async def failed(caller: Caller, data: bytes = b"", **how: Any) -> grpc.aio.AioRpcError:
    return await caller.failure("ExecutionService", "GetTask", data, **how)


class TestParsing:
    async def test_a_message_comes_and_goes(self) -> None:
        async with serving_method(GET_TASK, answer) as caller:
            assert (await get_task(caller, task_id="t")).task.task_id == "t"

    @pytest.mark.parametrize("data", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe"])
    async def test_bytes_that_do_not_parse(self, data: bytes) -> None:
        async with serving_method(GET_TASK, answer) as caller:
            error = await failed(caller, data)
        assert error.code() is CODE.INVALID_ARGUMENT
        assert "podium.v1.GetTaskRequest" in str(error_of_call(error))

    async def test_bytes_that_do_not_parse_in_a_stream(self) -> None:
        async with serving_method(STREAM, answer) as caller:
            error = await caller.failure("ExecutionService", "GetTasksForWorkflow", b"\xff")
        assert error.code() is CODE.INVALID_ARGUMENT

    async def test_a_large_request_is_refused_only_where_it_writes(self) -> None:
        limits = CallLimits(max_write_bytes=100)
        big = execution_tasks_pb2.GetTaskRequest(task_id="x" * 200).SerializeToString()
        async with serving_method(GET_TASK, answer, limits) as caller:
            assert await get_task(caller, task_id="x" * 200)
        async with serving_method(REMOVE_TASK, answer, limits) as caller:
            error = await caller.failure("ExecutionService", "RemoveTask", big)
        assert error.code() is CODE.INVALID_ARGUMENT
        assert "limit of 100" in (error.details() or "")


class TestErrors:
    async def test_become_a_status_and_the_same_error(self) -> None:
        conflict = errors.ConflictError("STALE_RECEIPT", "message/m", expected="r")
        async with serving_method(GET_TASK, raising(conflict)) as caller:
            with pytest.raises(errors.ConflictError) as raised:
                await get_task(caller)
        assert raised.value.subject == "message/m"

    @pytest.mark.parametrize(
        "defect", [ValueError("secret"), KeyError("k"), TimeoutError(), RecursionError()]
    )
    async def test_a_defect_is_internal_with_an_id_that_the_log_has(
        self, defect: Exception
    ) -> None:
        async with serving_method(GET_TASK, raising(defect)) as caller:
            with capture_logs() as lines, pytest.raises(errors.InternalError) as raised:
                await get_task(caller)
        assert "secret" not in str(raised.value)
        (line,) = lines
        assert line["error_id"] == raised.value.error_id
        assert line["exc_info"] is defect
        assert line["peer"].startswith("ipv4:127.0.0.1:")
        assert line["log_level"] == "error"

    async def test_each_failed_call_has_one_line(self) -> None:
        unavailable = errors.BackendUnavailableError("main", "store 'main' is gone")
        async with serving_method(GET_TASK, raising(unavailable)) as caller:
            with capture_logs() as lines:
                await failed(caller, metadata=[("x-request-id", "abc")])
        (line,) = lines
        assert line.pop("peer").startswith("ipv4:127.0.0.1:")
        assert line == {
            "event": "call failed",
            "log_level": "warning",
            "rpc": "ExecutionService.GetTask",
            "request_id": "abc",
            "code": "UNAVAILABLE",
            "error": "BackendUnavailableError",
            "message": "store 'main' is gone",
        }

    async def test_a_cancellation_from_within_is_a_defect(self) -> None:
        async with serving_method(GET_TASK, raising(asyncio.CancelledError())) as caller:
            with pytest.raises(errors.InternalError):
                await get_task(caller)

    async def test_a_good_call_has_no_line(self) -> None:
        async with serving_method(GET_TASK, answer) as caller:
            with capture_logs() as lines:
                await get_task(caller, task_id="t")
        assert lines == []

    async def test_a_good_call_has_one_where_it_is_asked_for(self) -> None:
        async with serving_method(GET_TASK, answer, log_calls=True) as caller:
            with capture_logs() as lines:
                await caller.method(GET_TASK)(b"", metadata=(("x-request-id", "abc"),))
        (line,) = lines
        assert line.pop("milliseconds") > 0
        assert line == {
            "event": "call",
            "log_level": "info",
            "rpc": "ExecutionService.GetTask",
            "request_id": "abc",
            "code": "OK",
        }

    async def test_a_good_stream_has_one_too_and_a_failed_call_no_second(self) -> None:
        async def method(request: Any, call: Call) -> AsyncIterator[Chunk]:
            yield Chunk()
            yield Chunk()

        async with serving_method(STREAM, method, log_calls=True) as caller:
            with capture_logs() as lines:
                await caller.stream("ExecutionService", "GetTasksForWorkflow")
        assert [line["event"] for line in lines] == ["call"]
        missing = raising(errors.NotFoundError("task", "t"))
        async with serving_method(GET_TASK, missing, log_calls=True) as caller:
            with capture_logs() as lines:
                await failed(caller)
        assert [line["event"] for line in lines] == ["call failed"]

    async def test_an_answer_above_the_limit(self) -> None:
        async with serving_method(GET_TASK, answer, CallLimits(max_message_bytes=50)) as caller:
            with pytest.raises(errors.ResultTooLargeError) as raised:
                await get_task(caller, task_id="x" * 60)
        assert raised.value.limit_bytes == 50
        assert str(raised.value) == "the answer is above 50 bytes; ask for less"

    async def test_an_error_in_the_middle_of_a_stream(self) -> None:
        async def method(request: Any, call: Call) -> AsyncIterator[Chunk]:
            yield Chunk(resume_token="1")
            raise errors.CorruptRecordError("task", "t", "no JSON")

        async with serving_method(STREAM, method) as caller:
            stream = caller.method(STREAM)(b"")
            assert Chunk.FromString(await stream.read()).resume_token == "1"
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stream.read()
        assert type(error_of_call(raised.value)) is errors.CorruptRecordError

    async def test_a_chunk_above_the_limit(self) -> None:
        async def method(request: Any, call: Call) -> AsyncIterator[Chunk]:
            yield Chunk(resume_token="x" * 60)

        async with serving_method(STREAM, method, CallLimits(max_message_bytes=50)) as caller:
            with pytest.raises(errors.ResultTooLargeError):
                await caller.stream("ExecutionService", "GetTasksForWorkflow")


class TestContext:
    async def test_the_callers_request_id(self) -> None:
        seen: list[str] = []

        async def method(request: Any, call: Call) -> GetTaskResponse:
            assert current_call() is call
            seen.append(call.request_id)
            return GetTaskResponse()

        async with serving_method(GET_TASK, method) as caller:
            call = caller.method(GET_TASK)
            await call(b"", metadata=(("x-request-id", "mine"),))
            await call(b"")
            await call(b"")
            await call(b"", metadata=(("x-request-id", "x" * 500),))
        assert seen[0] == "mine"
        assert len(set(seen)) == 4
        assert all(len(id_) < 40 for id_ in seen)

    async def test_log_lines_of_a_call_name_it(self) -> None:
        seen: list[Any] = []

        async def method(request: Any, call: Call) -> GetTaskResponse:
            seen.append(add_call_fields(None, "info", {"event": "x"}))
            return GetTaskResponse()

        async with serving_method(GET_TASK, method) as caller:
            await caller.method(GET_TASK)(b"", metadata=(("x-request-id", "mine"),))
        assert seen == [{"event": "x", "request_id": "mine", "rpc": "ExecutionService.GetTask"}]

    async def test_the_request_id_comes_back_with_an_error(self) -> None:
        async with serving_method(GET_TASK, raising(errors.NotFoundError("task", "t"))) as caller:
            error = await failed(caller, metadata=[("x-request-id", "mine")])
        assert error_of_call(error).request_id == "mine"

    @pytest.mark.parametrize(("namespace", "fine"), [("default", True), ("", False), ("x", False)])
    async def test_the_only_namespace_is_default(self, namespace: str, fine: bool) -> None:
        metadata = (("podium-namespace", namespace),)
        async with serving_method(GET_TASK, answer) as caller:
            if fine:
                assert await caller.method(GET_TASK)(b"", metadata=metadata)
            else:
                error = await failed(caller, metadata=metadata)
                assert error.code() is CODE.INVALID_ARGUMENT


class TestInFlight:
    async def test_more_calls_are_refused_and_told_when_to_come_back(self) -> None:
        release, begun = asyncio.Event(), asyncio.Event()

        async def method(request: Any, call: Call) -> GetTaskResponse:
            begun.set()
            await release.wait()
            return GetTaskResponse()

        limits = CallLimits(max_calls_in_flight=1, retry_after_ms=70)
        async with serving_method(GET_TASK, method, limits) as caller:
            first = asyncio.ensure_future(get_task(caller))
            await begun.wait()
            with pytest.raises(errors.OverloadedError) as raised:
                await get_task(caller)
            assert raised.value.retry_after_ms == 70
            release.set()
            await first
            await get_task(caller)

    async def test_failed_calls_do_not_count_on(self) -> None:
        limits = CallLimits(max_calls_in_flight=1)
        async with serving_method(
            GET_TASK, raising(errors.NotFoundError("task", "t")), limits
        ) as caller:
            for _ in range(3):
                assert (await failed(caller)).code() is CODE.NOT_FOUND


class TestDeadline:
    async def test_the_servers_own_holds_where_the_client_sets_none(self) -> None:
        cancelled = asyncio.Event()
        limits = CallLimits(default_deadline_ms=1_000)
        async with serving_method(GET_TASK, _sleeper(cancelled), limits) as caller:
            error = await failed(caller, seconds=None)
            await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)
        assert error.code() is CODE.DEADLINE_EXCEEDED
        assert type(error_of_call(error)) is errors.DeadlineExceededError

    async def test_a_method_may_allow_itself_more_than_the_servers_own(self) -> None:
        async def method(request: Any, call: Call) -> Any:
            own = call.deadline.when
            call.allow(0.001)
            assert call.deadline.when == own, "never less"
            call.allow(PATIENCE_SECONDS)
            await asyncio.sleep(1.5)
            return await answer(request, call)

        limits = CallLimits(default_deadline_ms=1_000)
        async with serving_method(GET_TASK, method, limits) as caller:
            assert await caller.method(GET_TASK)(b"") is not None
            error = await failed(caller, seconds=0.2)
        assert error.code() is CODE.DEADLINE_EXCEEDED, "the client's stays"

    @pytest.mark.parametrize("archive", [True, False])
    @pytest.mark.parametrize("name", ["RemoveWorkflow", "RemoveWorkflowWithExpiry"])
    async def test_archiving_may_take_longer(self, name: str, archive: bool) -> None:
        async def remove(workflow_id: str, **how: object) -> WorkflowSource:
            await asyncio.sleep(1.5)
            return WorkflowSource.PRIMARY

        executions = SimpleNamespace(remove_found_workflow=remove)
        facade: Any = SimpleNamespace(executions=executions)
        entry = rpc("ExecutionService", name)
        limits = CallLimits(default_deadline_ms=1_000)
        method = getattr(ExecutionServicer(facade), name)
        async with serving_method(entry, method, limits) as caller:
            request = entry.request(workflow_id="w1", archive=archive).SerializeToString()
            if archive:
                assert entry.response.FromString(await caller.method(entry)(request)).removed
            else:
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await caller.method(entry)(request)
                assert raised.value.code() is CODE.DEADLINE_EXCEEDED

    async def test_the_clients_cancels_the_work_too(self) -> None:
        cancelled = asyncio.Event()
        async with serving_method(GET_TASK, _sleeper(cancelled)) as caller:
            error = await failed(caller, seconds=2)
            await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)
        assert error.code() is CODE.DEADLINE_EXCEEDED

    async def test_a_client_that_goes_away_cancels_the_work(self) -> None:
        cancelled = asyncio.Event()
        begun = asyncio.Event()
        async with serving_method(GET_TASK, _sleeper(cancelled, begun)) as caller:
            call = caller.method(GET_TASK)(b"")
            call_task = asyncio.ensure_future(_ended(call))
            await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
            call.cancel()
            await call_task
            await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)

    async def test_a_stream_has_the_servers_own_for_each_chunk(self) -> None:
        async def method(request: Any, call: Call) -> AsyncIterator[Chunk]:
            for number in range(5):
                await asyncio.sleep(0.5)
                yield Chunk(resume_token=str(number))
            await asyncio.sleep(3_600)

        limits = CallLimits(default_deadline_ms=2_000)
        async with serving_method(STREAM, method, limits) as caller:
            stream = caller.method(STREAM)(b"")
            tokens = [Chunk.FromString(await stream.read()).resume_token for _ in range(5)]
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stream.read()
        assert tokens == ["0", "1", "2", "3", "4"]
        assert raised.value.code() is CODE.DEADLINE_EXCEEDED

    async def test_a_client_that_leaves_a_stream_ends_it(self) -> None:
        ended = asyncio.Event()

        async def method(request: Any, call: Call) -> AsyncIterator[Chunk]:
            try:
                while True:
                    yield Chunk()
                    await asyncio.sleep(0.01)
            finally:
                ended.set()

        async with serving_method(STREAM, method) as caller:
            stream = caller.method(STREAM)(b"")
            await stream.read()
            stream.cancel()
            await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)


async def _ended(call: Any) -> None:
    with pytest.raises(asyncio.CancelledError):
        await call


def _sleeper(cancelled: asyncio.Event, begun: asyncio.Event | None = None) -> Callable[..., Any]:
    async def method(request: Any, call: Call) -> GetTaskResponse:
        if begun is not None:
            begun.set()
        assert (call.remaining_ms() or 0) > 0
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return GetTaskResponse()

    return method


class TestRequestStream:
    async def test_messages_in_and_out(self) -> None:
        async def method(requests: AsyncIterator[Any], call: Call, send: Send) -> None:
            async for request in requests:
                result = consume_pb2.ConsumeResponse.Result(message_id=request.ack.message_id)
                await send(consume_pb2.ConsumeResponse(result=result))

        async with serving_method(CONSUME, method) as caller:
            stream = caller.method(CONSUME)()
            for name in ("a", "b"):
                request = consume_pb2.ConsumeRequest(ack={"message_id": name})
                await stream.write(request.SerializeToString())
                response = consume_pb2.ConsumeResponse.FromString(await stream.read())
                assert response.result.message_id == name
            await stream.done_writing()
            assert await stream.read() is grpc.aio.EOF

    async def test_a_message_that_does_not_parse_ends_it(self) -> None:
        async def method(requests: AsyncIterator[Any], call: Call, send: Send) -> None:
            async for _ in requests:
                pass

        async with serving_method(CONSUME, method) as caller:
            stream = caller.method(CONSUME)()
            await stream.write(b"\xff")
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await stream.read()
        assert raised.value.code() is CODE.INVALID_ARGUMENT


async def test_a_method_may_use_a_response_of_no_size() -> None:
    async def method(request: Any, call: Call) -> queue_messages_pb2.PushResponse:
        return queue_messages_pb2.PushResponse()

    async with serving_method(rpc("QueueService", "Push"), method) as caller:
        assert await caller.method(rpc("QueueService", "Push"))(b"") == b""
