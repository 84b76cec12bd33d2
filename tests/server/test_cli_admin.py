"""``podium index`` and ``podium queues``: what they print, their exit codes, and how they go on where they broke off."""

from __future__ import annotations

import asyncio
import io
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from podium.v1 import admin_service_pb2 as pb
from podium_core.errors import BackendUnavailableError, InvalidArgumentError
from podium_protocol.rpcs import rpc
from podium_server.cli.progress import Progress
from tests.client.scripted_server import Context, fail, scripted
from tests.patience import PATIENCE_SECONDS
from tests.server.bad_input import ask
from tests.server.podium_process import REAL, PodiumProcess, podium_serves, run_podium, wait_until
from tests.server.valid_requests import request_of

QUICKLY = {
    "PODIUM_REPAIR__MIN_AGE_SECONDS": "0",
    "PODIUM_REPAIR__SECOND_LOOK_SECONDS": "0.01",
}
DEFINITION = '{"name":"order","version":1}'
WORKFLOW = {
    "workflow_id": "w1",
    "workflow_definition_json": DEFINITION,
    "status": "WORKFLOW_STATUS_RUNNING",
}
TASK = {
    "task_id": "t1",
    "workflow_instance_id": "w1",
    "reference_task_name": "a",
    "task_type": "encode",
    "status": "TASK_STATUS_SCHEDULED",
}
VERIFY = ("AdminService", "VerifyIndex")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PodiumProcess]:
    """With one workflow, which has one task; both indexed."""
    with podium_serves(tmp_path, module=REAL, environment=QUICKLY) as process:
        call(process, "ExecutionService", "CreateWorkflow", workflow=WORKFLOW)
        call(process, "ExecutionService", "CreateTasks", tasks=[TASK])
        wait_until(lambda: call(process, "AdminService", "GetOutbox").depth == 0)
        yield process


def call(server: PodiumProcess, service: str, name: str, **fields: Any) -> Any:
    entry = rpc(service, name)
    with server.channel() as channel:
        answer = ask(channel, entry, request_of(entry, fields).SerializeToString())
    return entry.response.FromString(answer.messages[0])


def podium(server: PodiumProcess, *arguments: str) -> tuple[int, list[str]]:
    """Exit code and lines of a command, times left out."""
    done = run_podium(server.folder, *arguments, "--address", server.address, module=REAL)
    assert done.stderr == ""
    return done.returncode, [line.partition(" (")[0] for line in done.stdout.splitlines()]


def damage(server: PodiumProcess, sql: str, file: str = "index.db") -> None:
    with sqlite3.connect(server.folder / "podium-data" / file) as conn:
        conn.execute(sql)
    conn.close()


class TestIndex:
    def test_verify_repair_rebuild(self, server: PodiumProcess) -> None:
        fine = "2 documents and entries checked: no differences"
        assert podium(server, "index", "verify") == (0, [fine])
        damage(server, "DELETE FROM tasks")
        found = "2 documents and entries checked: 1 missing, 0 stale, 0 surplus, 0 unreadable"
        line = "missing    task     t1"
        assert podium(server, "index", "verify") == (1, [line, found])
        assert podium(server, "index", "repair", "--dry-run") == (1, [line, found])
        marked = f"{found}; 1 are indexed again, in the background"
        assert podium(server, "index", "repair") == (0, [line, marked])
        wait_until(lambda: call(server, "AdminService", "GetOutbox").depth == 0)
        assert podium(server, "index", "verify") == (0, [fine])
        rebuilt = f"{fine}; 2 are indexed again, in the background"
        assert podium(server, "index", "rebuild") == (0, [rebuilt])

    def test_what_cannot_be_mended_is_left(self, server: PodiumProcess) -> None:
        damage(server, "UPDATE tasks SET document = '['", file="podium.db")
        for command in ("repair", "rebuild"):
            code, lines = podium(server, "index", command)
            assert (code, lines[0]) == (1, "unreadable task     t1")

    def test_failures(self, server: PodiumProcess) -> None:
        none = ["0 set aside, 0 waiting"]
        assert podium(server, "index", "failures") == (0, none)
        damage(
            server,
            "INSERT INTO outbox (kind, id, owner, token, bucket, due_ms, since_ms, aside, reason, body)"
            " VALUES ('newer', 'q' || char(0) || 'm', 'w1', 1, 0, 0, 0, 1, 'too odd', x'')",
            file="podium.db",
        )
        lines = ["newer           q m: too odd", "1 set aside, 0 waiting"]
        assert podium(server, "index", "failures") == (1, lines)
        assert podium(server, "index", "failures", "--retry") == (0, [*lines, "1 are tried again"])
        assert podium(server, "index", "failures")[0] == 0


class TestQueues:
    def test_verify_and_repair(self, server: PodiumProcess) -> None:
        line = "task not queued      encode  t1"
        found = "3 workflows, tasks and messages checked: 1 tasks not queued"
        assert podium(server, "queues", "verify") == (1, [line, found])
        would = "1 would be pushed: podium queues repair --apply"
        assert podium(server, "queues", "repair") == (1, [line, found, would])
        pushed = f"{found.replace('3', '4')}; 1 pushed"
        assert podium(server, "queues", "repair", "--apply") == (0, [line, pushed])
        fine = "4 workflows, tasks and messages checked: nothing is wrong"
        assert podium(server, "queues", "verify") == (0, [fine])

    def test_messages_without_a_task_are_left(self, server: PodiumProcess) -> None:
        call(server, "QueueService", "Push", queue_name="encode", message_id="gone")
        call(server, "QueueService", "Push", queue_name="encode", message_id="t1")
        code, lines = podium(server, "queues", "repair", "--apply")
        assert (code, lines[0]) == (1, "message without task encode  gone")
        assert lines[1].endswith("checked: 1 messages without a task")

    def test_unreadable_messages_are_left(self, server: PodiumProcess) -> None:
        call(server, "QueueService", "Push", queue_name="encode", message_id="t1")
        call(server, "QueueService", "Push", queue_name="events", message_id="m", payload="x")
        sql = "UPDATE messages SET id = 'm' || x'1BFF', payload = x'FF' || '' WHERE id = 'm'"
        damage(server, sql, file="podium.db")
        call(server, "QueueService", "PollMessages", queue_name="events", count=1)
        code, lines = podium(server, "queues", "repair", "--apply")
        assert (code, lines[0]) == (1, r"message unreadable   events  m\x1b\xff")
        assert lines[2] == "unreadable messages stay as they are: push them again, or remove them"
        assert podium(server, "queues", "verify")[0] == 1


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (("--address", "127.0.0.1:1"), "podium: 127.0.0.1:1: failed to connect"),
            (("--address", "here"), "podium: --address: 'here' isn't an address: "),
            (("--config", "gone.toml"), "podium: gone.toml: no such file"),
        ],
    )
    def test_are_one_line(self, tmp_path: Path, arguments: tuple[str, ...], line: str) -> None:
        for command in (("index", "verify"), ("index", "failures"), ("queues", "repair")):
            done = run_podium(tmp_path, *command, *arguments, module=REAL)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.startswith(line)
            assert done.stderr.count("\n") == 1

    def test_without_an_index(self, tmp_path: Path) -> None:
        environment = {"PODIUM_ROUTING__INDEX": "none"}
        with podium_serves(tmp_path, module=REAL, environment=environment) as server:
            address = ("--address", server.address)
            done = run_podium(tmp_path, "index", "verify", *address, module=REAL)
        assert done.returncode == 2
        assert (
            "Podium keeps no index here: routing.index is none, or facade.index_executions is off"
            in done.stderr
        )

    def test_the_address_is_that_of_the_configuration(self, server: PodiumProcess) -> None:
        (server.folder / "podium.toml").write_text(f'[server]\nlisten = "{server.address}"\n')
        assert run_podium(server.folder, "index", "verify", module=REAL).returncode == 0


FOUND = pb.IndexDifference(
    kind="INDEX_ENTRY_KIND_WORKFLOW", id="w1", problem="INDEX_PROBLEM_MISSING"
)


class Check:
    """Four reports; the stream fails behind some of them, once each."""

    def __init__(self, failures: dict[int, Exception]) -> None:
        self.failures = failures
        self.starts: list[str] = []
        self.began = asyncio.Event()
        self.hangs = False

    async def __call__(self, request: Any, context: Context) -> AsyncIterator[Any]:
        self.starts.append(request.resume_token)
        for number in range(int(request.resume_token or 0), 4):
            failure: Any = self.failures.pop(number, None)
            if failure is not None:
                await fail(context, failure)
            if self.hangs and number == 1:
                self.began.set()
                await asyncio.sleep(60)
            last = number == 3
            yield pb.VerifyIndexResponse(
                progress=pb.IndexProgress(checked=number + 1),
                differences=[FOUND] if self.hangs else [],
                resume_token="" if last else str(number + 1),
                done=last,
            )


async def run_on(check: Check, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    async with scripted({VERIFY: check}) as address:
        return await asyncio.to_thread(
            run_podium, folder, "index", "verify", "--address", address, *arguments, module=REAL
        )


class TestGoingOn:
    async def test_by_itself(self, tmp_path: Path) -> None:
        check = Check({at: BackendUnavailableError("main", "down") for at in (1, 3)})
        done = await run_on(check, tmp_path)
        assert done.returncode == 0
        assert done.stdout.startswith("4 documents and entries checked: no differences")
        assert done.stderr == "podium: down; going on in 0.2 s\n" * 2
        assert check.starts == ["", "1", "3"]

    async def test_by_its_token(self, tmp_path: Path) -> None:
        check = Check({2: InvalidArgumentError("resume_token", "is odd")})
        done = await run_on(check, tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("resume_token: is odd; go on with --resume 2\n")
        assert (await run_on(check, tmp_path, "--resume", "2")).returncode == 0
        assert check.starts == ["", "2"]

    async def test_what_never_began_is_not_tried_again(self, tmp_path: Path) -> None:
        check = Check({0: BackendUnavailableError("main", "down")})
        done = await run_on(check, tmp_path)
        assert (done.returncode, check.starts) == (2, [""])

    async def test_after_ctrl_c(self, tmp_path: Path) -> None:
        check = Check({})
        check.hangs = True
        async with scripted({VERIFY: check}) as address:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", REAL, "index", "verify", "--address", address),
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_SECONDS):
                await check.began.wait()
                # The first report has arrived when what it found is printed.
                assert b"w1" in await process.stdout.readline()
                process.send_signal(signal.SIGINT)
                _, stderr = await process.communicate()
        assert process.returncode == 130
        assert stderr == b"podium: interrupted; go on with --resume 1\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    def test_is_redrawn_on_a_terminal(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        now = 0.0
        monkeypatch.setattr("time.monotonic", lambda: now)
        terminal = Terminal()
        progress = Progress(terminal)
        progress.show(1_000, "0 differences")
        assert terminal.getvalue() == ""
        now = 2.0
        progress.show(3_000, "1 differences")
        assert terminal.getvalue() == "\r\x1b[2K3,000 checked · 1 differences · 1,000/s"
        progress.say("stale")
        assert terminal.getvalue().endswith("/s\r\x1b[2K")
        assert capsys.readouterr().out == "stale\n"

    def test_is_a_line_now_and_then_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = 0.0
        monkeypatch.setattr("time.monotonic", lambda: now)
        stream = io.StringIO()
        progress = Progress(stream)
        for now in (1.0, 9.0, 11.0, 12.0):  # noqa: B007 - the clock reads it
            progress.show(10, "0 differences")
        assert stream.getvalue() == "10 checked · 0 differences · 0/s\n"


def test_grpc_is_not_needed_for_help() -> None:
    code = "import sys, podium_server.cli.commands; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
