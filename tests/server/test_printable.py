"""What comes from a store or a caller can't steer the terminal that it is printed on, and forges no line."""

from __future__ import annotations

import asyncio
import io
import logging
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from podium.v1 import admin_service_pb2 as pb
from podium_core.errors import BackendUnavailableError, InvalidArgumentError
from podium_server.cli.run import refuse, run
from podium_server.cli.world import World
from podium_server.config.settings import LoggingSettings
from podium_server.log_setup import set_up_logging
from podium_server.printable import printable
from podium_server.startup_errors import StartupError
from tests.client.scripted_server import Context, fail, scripted
from tests.server.fake_world import REGISTRY
from tests.server.podium_process import REAL, run_podium

# Clears the screen, sets the title, goes back, forges a line, turns the direction round, ends a line in other ways.
ODD = "a\x1b[2J\x1b]0;t\x07\b\r\n0 differences\u202e\u2028\x85\x9b31m\x00\x7fz"
SHOWN = r"a\x1b[2J\x1b]0;t\x07\x08\r\n0 differences\u202e\u2028\x85\x9b31m\x00\x7fz"
# Stands between the names of a queue and a message.
NUL = r"\x00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ODD, SHOWN),
        ("order-1 ü 注 \U0001f44d C:\\tmp", "order-1 ü 注 \U0001f44d C:\\tmp"),
        ("\ud83d", r"\ud83d"),
        ("", ""),
    ],
)
def test_what_does_not_show_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


async def verified_index(request: Any, context: Context) -> AsyncIterator[Any]:
    difference = pb.IndexDifference(
        kind=pb.INDEX_ENTRY_KIND_WORKFLOW, id=ODD, problem=pb.INDEX_PROBLEM_MISSING
    )
    progress = pb.IndexProgress(checked=1, missing=1)
    yield pb.VerifyIndexResponse(progress=progress, differences=[difference], done=True)


async def verified_queues(request: Any, context: Context) -> AsyncIterator[Any]:
    finding = pb.QueueFinding(problem=pb.QUEUE_PROBLEM_TASK_NOT_QUEUED, queue_name=ODD, id=ODD)
    progress = pb.QueueProgress(checked=1, task_not_queued=1)
    yield pb.VerifyQueuesResponse(progress=progress, findings=[finding], done=True)


async def outbox(request: Any, context: Context) -> Any:
    failure = pb.OutboxFailure(kind=ODD, id=f"{ODD}\x00m", reason=ODD)
    return pb.GetOutboxResponse(set_aside=1, failures=[failure])


async def podium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(run_podium, folder, *arguments, module=REAL)


class TestCommands:
    @pytest.mark.parametrize(
        ("command", "name", "answer", "line"),
        [
            ("index verify", "VerifyIndex", verified_index, f"missing    workflow {SHOWN}"),
            (
                "queues verify",
                "VerifyQueues",
                verified_queues,
                f"task not queued      {SHOWN}  {SHOWN}",
            ),
            (
                "index failures",
                "GetOutbox",
                outbox,
                f"{SHOWN} {SHOWN.replace(NUL, ' ')} m: {SHOWN}",
            ),
        ],
    )
    async def test_what_a_server_answers(
        self, tmp_path: Path, command: str, name: str, answer: Any, line: str
    ) -> None:
        async with scripted({("AdminService", name): answer}) as address:
            done = await podium(tmp_path, *command.split(), "--address", address)
        assert done.stderr == ""
        first, summary = done.stdout.splitlines()
        assert first == line
        assert summary.isprintable()

    async def test_why_a_server_refuses(self, tmp_path: Path) -> None:
        failures = [InvalidArgumentError("f", ODD), BackendUnavailableError("m", ODD)]

        async def refuses(request: Any, context: Context) -> AsyncIterator[Any]:
            yield pb.VerifyIndexResponse(resume_token="x\x1b[2J")
            await fail(context, failures.pop())

        async with scripted({("AdminService", "VerifyIndex"): refuses}) as address:
            done = await podium(tmp_path, "index", "verify", "--address", address)
        assert done.returncode == 2
        lines = done.stderr.splitlines()
        assert [line.partition(":")[0] for line in lines] == ["podium", "podium"]
        assert all(line.isprintable() for line in lines)
        assert lines[1].endswith(r"--resume x\x1b[2J")

    def test_a_mistake_in_the_command_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([ODD], World(registry=REGISTRY)) == 2
        assert refuse(str(StartupError(ODD))) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2
        assert all(line.isprintable() for line in lines)

    def test_a_configuration_that_is_shown(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = tmp_path / "d\x1b[2J\u202e\x85"
        assert run(["config", "show", "--data-dir", str(folder)], World(registry=REGISTRY)) == 0
        assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


class TestConsoleLog:
    @pytest.fixture
    def stream(self) -> Iterator[io.StringIO]:
        root = logging.getLogger()
        before = root.handlers, root.level
        stream = io.StringIO()
        set_up_logging(LoggingSettings(format="console"), stream)
        yield stream
        for handler in root.handlers:
            handler.close()
        root.handlers, root.level = before[0], before[1]
        structlog.reset_defaults()

    @staticmethod
    def written(stream: io.StringIO) -> list[str]:
        """What a thread has written, once it is through."""
        for handler in logging.getLogger().handlers:
            handler.flush()
        return stream.getvalue().splitlines()

    def test_fields_and_messages(self, stream: io.StringIO) -> None:
        structlog.get_logger("podium.test").warning("refused", id=ODD, short="\x1b[2J", many=[ODD])
        logging.getLogger("library").error("it broke: %s", ODD)
        first, second = self.written(stream)
        assert first.isprintable()
        assert second.isprintable()
        assert "refused" in first
        assert SHOWN in second

    def test_a_traceback(self, stream: io.StringIO) -> None:
        try:
            raise ValueError(ODD)  # noqa: TRY301
        except ValueError:
            structlog.get_logger("podium.test").exception("it broke")
        head, *lines = self.written(stream)
        assert "it broke" in head
        assert any("ValueError: a" in line for line in lines)
        assert all(line.startswith("  ") and line.isprintable() for line in lines)
