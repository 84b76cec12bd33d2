"""Opening and closing a client: what it connects to, and that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from podium.v1 import execution_tasks_pb2, execution_workflows_pb2
from podium_client import PodiumClient, RetryPolicy
from podium_client.errors import ClientClosedError, InvalidArgumentError
from podium_client.settings import settings_from_env
from podium_core.models import PushMessage
from tests.client.conftest import tasks_left
from tests.client.podium_server import PodiumServer
from tests.client.scripted_server import Context, Script, scripted
from tests.patience import PATIENCE_SECONDS

GET_TASK = ("ExecutionService", "GetTask")
IDS = ("ExecutionService", "GetRunningWorkflowIds")


async def hang(request: Any, context: Context) -> None:
    await asyncio.sleep(60)


async def hang_after_a_page(request: Any, context: Context) -> AsyncIterator[Any]:
    yield execution_workflows_pb2.GetRunningWorkflowIdsResponse(
        workflow_ids=["w"], resume_token="1"
    )
    await asyncio.sleep(60)


async def read_stream(podium: PodiumClient) -> None:
    async for _ in podium.executions.get_running_workflow_ids("order"):
        pass


class TestClose:
    async def test_nothing_is_left_behind(self, server: PodiumServer) -> None:
        before = asyncio.all_tasks()
        async with PodiumClient(server.address, connections=3) as podium:
            for number in range(6):
                await podium.queues.push("q", PushMessage(id=f"m{number}"))
            async for message in podium.queues.consume("q", credit=4):
                async with message:
                    break
            async for _ in podium.metadata.get_all_task_defs():
                break
        del podium
        ours = {task for task in await tasks_left(before) if "podium_client" in repr(task)}
        assert ours == set()

    async def test_calls_under_way_end_and_say_why(self) -> None:
        async with scripted({GET_TASK: hang, IDS: hang_after_a_page}) as address:
            podium = PodiumClient(address)
            calls = [
                asyncio.create_task(podium.executions.get_task("t")),
                asyncio.create_task(read_stream(podium)),
            ]
            await asyncio.sleep(0.2)
            await podium.close()
            for ended in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(ended, ClientClosedError)

    async def test_a_task_that_is_cancelled_meanwhile_is_cancelled(self) -> None:
        async with scripted({GET_TASK: hang}) as address:
            podium = PodiumClient(address)
            call = asyncio.create_task(podium.executions.get_task("t"))
            await asyncio.sleep(0.1)
            call.cancel()
            await podium.close()
            with pytest.raises(asyncio.CancelledError):
                await call

    async def test_a_call_that_waits_for_its_connection_ends(self, unused_tcp_port: int) -> None:
        podium = PodiumClient(f"127.0.0.1:{unused_tcp_port}")
        call = asyncio.create_task(podium.queues.push("q", PushMessage(id="m")))
        await asyncio.sleep(0.2)
        await podium.close()
        with pytest.raises(ClientClosedError):
            await call

    async def test_a_closed_client_says_so(self, server: PodiumServer) -> None:
        podium = PodiumClient(server.address)
        await podium.admin.server_info()
        await podium.close()
        await podium.close()
        with pytest.raises(ClientClosedError, match="make a new one"):
            await podium.admin.server_info()
        with pytest.raises(ClientClosedError):
            await anext(podium.queues.consume("q"))

    async def test_one_that_was_never_used_closes(self) -> None:
        async with PodiumClient():
            pass

    async def test_one_that_nobody_closed_makes_no_noise(self, server: PodiumServer) -> None:
        podium = PodiumClient(server.address)
        await podium.admin.server_info()
        del podium
        gc.collect()

    async def test_a_crash_of_the_body_closes_too(self, server: PodiumServer) -> None:
        with pytest.raises(ZeroDivisionError):
            async with PodiumClient(server.address) as podium:
                raise ZeroDivisionError
        with pytest.raises(ClientClosedError):
            await podium.admin.server_info()


def test_it_belongs_to_one_loop() -> None:
    podium = PodiumClient("127.0.0.1:1", retry=RetryPolicy(max_attempts=1))

    async def call() -> None:
        await podium.executions.get_task("t")

    with pytest.raises(Exception, match="refused"):
        asyncio.run(call())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(call())
    asyncio.run(podium.close())


async def test_connections_share_the_calls() -> None:
    peers = []

    async def note(request: Any, context: Context) -> Any:
        peers.append(context.peer())
        return execution_tasks_pb2.GetTaskResponse()

    async with (
        scripted({GET_TASK: note}) as address,
        PodiumClient(address, connections=3) as podium,
    ):
        for _ in range(6):
            await podium.executions.get_task("t")
    assert len(set(peers)) == 3
    assert peers[:3] == peers[3:]


async def test_messages_up_to_32_mib_pass() -> None:
    answer = execution_tasks_pb2.GetTaskResponse()
    answer.task.output_data_json = f'{{"a":"{"x" * (20 * 1024 * 1024)}"}}'
    script = Script(answer)
    async with scripted({GET_TASK: script}) as address, PodiumClient(address) as podium:
        task = await podium.executions.get_task("t")
    assert task is not None
    assert len(bytes(task.output_data)) > 20 * 1024 * 1024


class TestSettings:
    def test_the_environment_sets_them(self) -> None:
        settings = settings_from_env(
            {
                "PODIUM_ADDRESS": "podium:1",
                "PODIUM_CONNECTIONS": "2",
                "PODIUM_TIMEOUT_SECONDS": "1.5",
            }
        )
        assert (settings.address, settings.connections, settings.timeout_seconds) == (
            "podium:1",
            2,
            1.5,
        )

    def test_an_empty_environment_means_the_defaults(self) -> None:
        settings = settings_from_env({"PODIUM_ADDRESS": ""})
        assert (settings.address, settings.connections) == ("127.0.0.1:50051", 1)
        assert settings.credentials is None

    def test_from_env_reads_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PODIUM_ADDRESS", "podium:2")
        assert PodiumClient.from_env().settings.address == "podium:2"

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("PODIUM_CONNECTIONS", "two"),
            ("PODIUM_CONNECTIONS", "0"),
            ("PODIUM_TIMEOUT_SECONDS", "-1"),
            ("PODIUM_TIMEOUT_SECONDS", "nan"),
            ("PODIUM_TLS_CERTIFICATE", "no/such/file"),
        ],
    )
    def test_what_cannot_be_is_refused(self, variable: str, value: str) -> None:
        with pytest.raises(InvalidArgumentError):
            settings_from_env({variable: value})

    async def test_no_time_is_refused(self) -> None:
        with pytest.raises(InvalidArgumentError, match="timeout_seconds: must be more than 0"):
            PodiumClient().with_timeout(0)


SCRIPT = """
import asyncio, sys
from podium_client import PodiumClient
from podium_core.models import PushMessage

async def consume(podium):
    async for message in podium.queues.consume("q"):
        async with message:
            await asyncio.sleep(60)

async def main():
    podium = PodiumClient(sys.argv[1], connections=2)
    for number in range(4):
        await podium.queues.push("q", PushMessage(id=f"m{number}"))
    consuming = asyncio.create_task(consume(podium))
    await asyncio.sleep(0.3)
    consuming.cancel()
    await asyncio.gather(consuming, return_exceptions=True)
    async for message in podium.queues.consume("q"):
        break
    if sys.argv[2] == "closed":
        await podium.close()
        assert len(asyncio.all_tasks()) == 1, asyncio.all_tasks()

asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["closed", "left open"])
async def test_a_process_ends_without_a_warning(
    server: PodiumServer, tmp_path: Path, end: str
) -> None:
    script = tmp_path / "engine.py"
    script.write_text(SCRIPT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-W", "error", str(script), server.address, end,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    # Slow callbacks are what -X dev reports on a busy machine.
    noise = [line for line in (out + err).decode().splitlines() if "Executing <" not in line]
    assert noise == []
    assert process.returncode == 0
