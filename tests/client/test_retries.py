"""Which calls a client repeats by itself, after what, and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import grpc
import pytest

from podium.v1 import (
    commit_pb2,
    execution_tasks_pb2,
    execution_workflows_pb2,
    index_messages_pb2,
    queue_messages_pb2,
)
from podium_client import PodiumClient, RetryPolicy
from podium_client.errors import (
    AccessDeniedError,
    BackendUnavailableError,
    ConflictError,
    DeadlineExceededError,
    InternalError,
    MessageTooLargeError,
    OutcomeUnknownError,
    OverloadedError,
    StorageError,
    TransportError,
    UnavailableError,
)
from podium_client.retry import may_repeat
from podium_core.models import Commit, PushMessage, Task, TaskExecLog, Workflow
from podium_protocol.rpcs import Repeat
from tests.client.conftest import QUICK
from tests.client.scripted_server import Script, scripted
from tests.patience import PATIENCE_SECONDS

Call = Callable[[PodiumClient], Awaitable[object]]

DOWN = BackendUnavailableError("main", "store 'main' refused the connection", retry_after_ms=1)
BUSY = OverloadedError("too many calls in flight", retry_after_ms=1)
UNKNOWN = OutcomeUnknownError("main", "store 'main' broke off")
CUT_OFF = grpc.StatusCode.UNAVAILABLE

# One call of each kind: its RPC, its answer, the call.
READ = (
    ("ExecutionService", "GetTask"),
    execution_tasks_pb2.GetTaskResponse(),
    lambda p: p.executions.get_task("t"),
)
SAME = (
    ("ExecutionService", "RemoveTask"),
    execution_tasks_pb2.RemoveTaskResponse(),
    lambda p: p.executions.remove_task("t"),
)
COSTS = (
    ("QueueService", "Push"),
    queue_messages_pb2.PushResponse(),
    lambda p: p.queues.push("q", PushMessage(id="m")),
)
OVERWRITES = (
    ("ExecutionService", "UpdateTask"),
    execution_tasks_pb2.UpdateTaskResponse(),
    lambda p: p.executions.update_task(Task()),
)
CREATES = (
    ("ExecutionService", "CreateWorkflow"),
    execution_workflows_pb2.CreateWorkflowResponse(),
    lambda p: p.executions.create_workflow(Workflow()),
)
REPLACES = (*CREATES[:2], lambda p: p.executions.create_workflow(Workflow(), replace=True))
COMMIT = (
    ("ExecutionService", "Commit"),
    commit_pb2.CommitResponse(guarantee=commit_pb2.COMMIT_GUARANTEE_ATOMIC),
)
KEYED = (*COMMIT, lambda p: p.executions.commit(Commit(workflow_id="w", request_id="r")))
LOGS = (
    ("IndexService", "AddTaskExecutionLogs"),
    index_messages_pb2.AddTaskExecutionLogsResponse(),
)
LINE = TaskExecLog(id="l1", task_id="t")
KEYED_LOGS = (*LOGS, lambda p: p.index.add_task_execution_logs([LINE, LINE]))
NOT_KEYED_LOGS = (
    *LOGS,
    lambda p: p.index.add_task_execution_logs([LINE, TaskExecLog(task_id="t")]),
)
NOT_KEYED = (*COMMIT, lambda p: p.executions.commit(Commit(workflow_id="w")))

FREE = pytest.mark.parametrize(
    ("name", "answer", "call"),
    [READ, SAME, CREATES, KEYED, KEYED_LOGS],
    ids=["read", "same", "create", "keyed", "log lines with ids"],
)
CAREFUL = pytest.mark.parametrize(
    ("name", "answer", "call"),
    [COSTS, OVERWRITES, REPLACES, NOT_KEYED, NOT_KEYED_LOGS],
    ids=["costs", "overwrites", "replace", "commit without a key", "a log line without an id"],
)


@asynccontextmanager
async def client_of(
    name: tuple[str, str],
    script: Script,
    *,
    retry: RetryPolicy = QUICK,
    timeout_seconds: float = 10,
) -> AsyncIterator[PodiumClient]:
    async with (
        scripted({name: script}) as address,
        PodiumClient(address, retry=retry, timeout_seconds=timeout_seconds) as podium,
    ):
        yield podium


class TestWhatIsRepeated:
    @FREE
    @pytest.mark.parametrize(
        "failure", [DOWN, BUSY, UNKNOWN, CUT_OFF], ids=["down", "busy", "unknown", "cut off"]
    )
    async def test_what_a_repeat_cannot_harm_is_repeated_after_any_of_them(
        self,
        name: tuple[str, str],
        answer: object,
        call: Call,
        failure: StorageError | grpc.StatusCode,
    ) -> None:
        script = Script(answer, failure, failure)
        async with client_of(name, script) as podium:
            await call(podium)
        assert script.calls == 3

    @CAREFUL
    @pytest.mark.parametrize("failure", [DOWN, BUSY], ids=["down", "busy"])
    async def test_what_a_repeat_could_harm_is_repeated_where_surely_nothing_was_written(
        self, name: tuple[str, str], answer: object, call: Call, failure: StorageError
    ) -> None:
        script = Script(answer, failure, failure)
        async with client_of(name, script) as podium:
            await call(podium)
        assert script.calls == 3

    @CAREFUL
    @pytest.mark.parametrize(
        ("failure", "error"),
        [(UNKNOWN, OutcomeUnknownError), (CUT_OFF, TransportError)],
        ids=["unknown", "cut off"],
    )
    async def test_what_a_repeat_could_harm_is_not_repeated_where_the_outcome_is_unknown(
        self,
        name: tuple[str, str],
        answer: object,
        call: Call,
        failure: StorageError | grpc.StatusCode,
        error: type[StorageError],
    ) -> None:
        script = Script(answer, failure)
        async with client_of(name, script) as podium:
            with pytest.raises(error, match="it may or may not have been carried out"):
                await call(podium)
        assert script.calls == 1

    @FREE
    @pytest.mark.parametrize(
        ("failure", "error"),
        [
            (ConflictError("STALE_RECEIPT", "message/m"), ConflictError),
            (InternalError("i1"), InternalError),
            (grpc.StatusCode.PERMISSION_DENIED, AccessDeniedError),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, MessageTooLargeError),
        ],
    )
    async def test_what_a_repeat_would_not_mend_is_not_repeated(
        self,
        name: tuple[str, str],
        answer: object,
        call: Call,
        failure: StorageError | grpc.StatusCode,
        error: type[StorageError],
    ) -> None:
        script = Script(answer, failure)
        async with client_of(name, script) as podium:
            with pytest.raises(error):
                await call(podium)
        assert script.calls == 1

    def test_the_table(self) -> None:
        sure, unsure = (DOWN, BUSY), (UNKNOWN, TransportError("cut off"))
        assert all(may_repeat(error, repeat) for error in sure for repeat in Repeat)
        free = {repeat for repeat in Repeat if all(may_repeat(error, repeat) for error in unsure)}
        assert free == {Repeat.READ, Repeat.SAME_END_STATE, Repeat.KEYED}
        assert not any(
            may_repeat(error, repeat) for error in unsure for repeat in set(Repeat) - free
        )


class TestHowLong:
    async def test_attempts_are_bounded_and_the_error_says_how_many_there_were(self) -> None:
        script = Script(READ[1], *[DOWN] * 9)
        policy = RetryPolicy(max_attempts=3, initial_backoff_seconds=0.01)
        async with client_of(READ[0], script, retry=policy) as podium:
            with pytest.raises(
                UnavailableError, match=r"\[UNAVAILABLE, retry in 0.001 s\]"
            ) as caught:
                await podium.executions.get_task("t")
        assert script.calls == 3
        assert "after 3 attempts" in caught.value.__notes__

    async def test_a_full_server_is_waited_for_until_the_deadline(self) -> None:
        policy = RetryPolicy(
            max_attempts=2, initial_backoff_seconds=0.001, max_backoff_seconds=0.002
        )
        script = Script(COSTS[1], *[BUSY] * 20)
        async with client_of(COSTS[0], script, retry=policy) as podium:
            await podium.queues.push("q", PushMessage(id="m"))
        assert script.calls == 21
        script = Script(COSTS[1], *[BUSY] * 20)
        async with client_of(COSTS[0], script, retry=RetryPolicy(max_attempts=1)) as podium:
            with pytest.raises(OverloadedError):
                await podium.queues.push("q", PushMessage(id="m"))
        assert script.calls == 1

    async def test_one_attempt_never_repeats(self) -> None:
        script = Script(READ[1], DOWN)
        async with client_of(READ[0], script, retry=RetryPolicy(max_attempts=1)) as podium:
            with pytest.raises(UnavailableError):
                await podium.executions.get_task("t")
        assert script.calls == 1

    async def test_the_time_that_the_server_asks_for_is_kept(self) -> None:
        script = Script(READ[1], BackendUnavailableError("main", "down", retry_after_ms=300))
        began = time.monotonic()
        async with client_of(READ[0], script) as podium:
            await podium.executions.get_task("t")
        assert time.monotonic() - began >= 0.3

    async def test_a_repeat_that_would_come_too_late_is_not_waited_for(self) -> None:
        script = Script(READ[1], BackendUnavailableError("main", "down", retry_after_ms=60_000))
        async with client_of(READ[0], script) as podium:
            with pytest.raises(UnavailableError, match="retry in 60 s"):
                await podium.executions.get_task("t")
        assert script.calls == 1

    async def test_all_attempts_share_the_deadline_and_the_request_id(self) -> None:
        slow = BackendUnavailableError("main", "down", retry_after_ms=1_500)
        script = Script(READ[1], slow)
        async with client_of(READ[0], script, timeout_seconds=7) as podium:
            await podium.executions.get_task("t")
            await podium.executions.get_task("t")
        first, second, _ = script.seconds_left
        assert 7.1 > first > second + 1  # gRPC rounds what is left
        assert len(set(script.request_ids)) == 2

    def test_the_pause_doubles_to_its_bound_and_varies(self) -> None:
        policy = RetryPolicy(initial_backoff_seconds=1, max_backoff_seconds=5)
        for failures, longest in ((1, 1), (2, 2), (3, 4), (4, 5), (10_000, 5)):
            pauses = {policy.backoff_seconds(failures) for _ in range(50)}
            assert longest / 2 <= min(pauses) < max(pauses) <= longest


class TestDeadline:
    async def test_a_call_that_takes_too_long_ends(self) -> None:
        async def hang(request: object, context: object) -> None:
            await asyncio.sleep(60)

        async with (
            scripted({READ[0]: hang, COSTS[0]: hang}) as address,
            PodiumClient(address, timeout_seconds=0.2) as podium,
        ):
            with pytest.raises(DeadlineExceededError, match="DEADLINE_EXCEEDED"):
                await podium.executions.get_task("t")
            with pytest.raises(
                DeadlineExceededError, match="may or may not have been carried out"
            ) as caught:
                await podium.with_timeout(0.1).queues.push("q", PushMessage(id="m"))
        assert caught.value.request_id

    async def test_a_poll_has_its_waiting_time_on_top(self) -> None:
        script = Script(queue_messages_pb2.PopResponse())
        async with client_of(("QueueService", "Pop"), script, timeout_seconds=3) as podium:
            await podium.queues.pop("q", count=1, timeout_ms=20_000)
        # Far above the 3 s of any other call; gRPC rounds what it sends up.
        assert 20 < script.seconds_left[0] <= 24

    async def test_a_cancelled_call_is_cancelled_at_the_server(self) -> None:
        cancelled = asyncio.Event()

        async def hang(request: object, context: object) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with scripted({READ[0]: hang}) as address, PodiumClient(address) as podium:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await podium.executions.get_task("t")
            await asyncio.wait_for(cancelled.wait(), PATIENCE_SECONDS)


async def test_a_server_that_is_not_there_is_named(unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    policy = RetryPolicy(max_attempts=2, initial_backoff_seconds=0.01)
    async with PodiumClient(address, retry=policy) as podium:
        with pytest.raises(
            TransportError, match=f"ExecutionService.GetTask at {address}: .*refused"
        ):
            await podium.executions.get_task("t")


async def test_a_client_that_was_there_first_finds_its_server(unused_tcp_port: int) -> None:
    script = Script(READ[1])
    policy = RetryPolicy(max_attempts=50, initial_backoff_seconds=0.05, max_backoff_seconds=0.2)
    async with PodiumClient(f"127.0.0.1:{unused_tcp_port}", retry=policy) as podium:
        reading = asyncio.create_task(podium.executions.get_task("t"))
        await asyncio.sleep(0.3)
        async with scripted({READ[0]: script}, port=unused_tcp_port):
            await reading
    assert script.calls == 1
