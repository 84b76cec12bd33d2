"""The log: structured lines, whoever writes them, with what the call has bound."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc

from podium_server.config.settings import LoggingSettings
from podium_server.log_setup import log_stray_output, set_up_logging
from tests.patience import PATIENCE_SECONDS
from tests.server.podium_process import REAL, podium_serves, start_podium


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield io.StringIO()
    root.handlers[0].close()
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    logging.getLogger().handlers[0].flush()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestSetUpLogging:
    def test_a_line_has_what_the_call_has_bound(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(), stream)
        structlog.contextvars.bind_contextvars(request_id="r1")
        structlog.get_logger("podium.test").warning("refused", code="ABORTED")
        line = _lines(stream)[0]
        assert line.pop("timestamp")
        assert line == {
            "event": "refused",
            "code": "ABORTED",
            "request_id": "r1",
            "level": "warning",
            "logger": "podium.test",
        }

    def test_what_libraries_log_has_the_same_form(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(), stream)
        structlog.contextvars.bind_contextvars(request_id="r1")
        logging.getLogger("asyncio").error("it broke: %s", "why")
        line = _lines(stream)[0]
        assert (line["event"], line["request_id"], line["logger"]) == (
            "it broke: why",
            "r1",
            "asyncio",
        )

    def test_an_exception_is_in_the_same_line(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(), stream)
        try:
            int("broken")
        except ValueError:
            structlog.get_logger("podium.test").exception("failed")
        assert "ValueError: invalid literal" in str(_lines(stream)[0]["exception"])

    def test_below_the_level_nothing_is_written(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(level="error"), stream)
        structlog.get_logger("podium.test").warning("no")
        logging.getLogger("asyncio").warning("no")
        assert _lines(stream) == []

    def test_an_exception_is_as_it_was_when_it_was_logged(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(), stream)
        error = ValueError("then")
        structlog.get_logger("podium.test").error("failed", exc_info=error)
        logging.getLogger("library").error("failed", exc_info=error)
        error.args = ("now",)
        exceptions = [line["exception"] for line in _lines(stream)]
        assert exceptions == ["ValueError: then"] * 2

    def test_a_record_that_cant_be_a_line_says_so(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(), stream)
        logging.getLogger("library").error("%d", "no number")
        (line,) = _lines(stream)
        assert str(line["event"]).startswith(f"a record can't be logged: {__file__}:")
        assert "TypeError" in str(line["exception"])

    def test_for_people_an_exception_follows_its_line(self, stream: io.StringIO) -> None:
        set_up_logging(LoggingSettings(format="console"), stream)
        structlog.get_logger("podium.test").error("failed", exc_info=ValueError("broken"))
        logging.getLogger().handlers[0].flush()
        first, *_, last = stream.getvalue().splitlines()
        assert "failed" in first
        assert last == "  ValueError: broken"


class TestStrayOutput:
    """What Python itself would write to stderr is a line of the log."""

    def test_of_threads_finalizers_and_warnings(
        self, stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
        monkeypatch.setattr(threading, "excepthook", threading.excepthook)
        set_up_logging(LoggingSettings(), stream)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            try:
                log_stray_output()
                warnings.warn("old", DeprecationWarning, stacklevel=1)
            finally:
                logging.captureWarnings(capture=False)
        thread = threading.Thread(target=lambda: int("thread"), name="t")
        thread.start()
        thread.join()
        finalized = _FailsInItsFinalizer()
        del finalized
        warning, failure, unraisable = _lines(stream)
        assert "DeprecationWarning: old" in str(warning["event"])
        assert failure["event"] == "thread t failed"
        assert "'thread'" in str(failure["exception"])
        assert "__del__" in str(unraisable["event"])
        assert "'finalizer'" in str(unraisable["exception"])


class _FailsInItsFinalizer:
    def __del__(self) -> None:
        int("finalizer")


# A line of about 400 bytes for each call: much more than a pipe and its reader's buffer hold.
CALLS = 400


def _pipe(folder: Path) -> tuple[Path, int]:
    """A pipe that nobody reads, by its path and its reading end; no larger than it needs to be."""
    path = folder / "log-pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4_096)
    return path, reader


def test_a_reader_that_stops_holds_up_no_call_and_no_exit(tmp_path: Path) -> None:
    path, reader = _pipe(tmp_path)
    environment = {"PODIUM_LOGGING__LEVEL": "debug"}
    try:
        with (
            podium_serves(tmp_path, module=REAL, environment=environment, log_to=path) as podium,
            podium.channel() as channel,
        ):
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
                "/podium.v1.MetadataService/GetTaskDef"
            )
            for number in range(CALLS):
                call = ask.future(
                    b"\x0a\x04none",
                    timeout=PATIENCE_SECONDS,
                    metadata=(("x-request-id", f"{number}".rjust(120, "x")),),
                )
                assert call.code() is grpc.StatusCode.NOT_FOUND
            assert podium.stop() == 0
        # Its last line is cut where the pipe was full.
        lines = os.read(reader, 65_536).decode().splitlines()[:-1]
    finally:
        os.close(reader)
    assert 0 < len([json.loads(line)["event"] for line in lines]) < CALLS


def test_nobody_needs_to_read_the_banner(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4_096)
    os.write(writing, b"x" * 4_096)
    process = start_podium(tmp_path, "--listen", "unix:podium.sock", stdout=writing)
    try:
        with grpc.insecure_channel(f"unix:{tmp_path}/podium.sock") as channel:
            check = health_pb2_grpc.HealthStub(channel).Check
            request = health_pb2.HealthCheckRequest()
            answer = check(request, timeout=PATIENCE_SECONDS, wait_for_ready=True)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(("log_calls", "lines"), [("true", ["call"]), ("false", [])])
def test_good_calls_have_lines_where_the_configuration_asks_for_them(
    tmp_path: Path, log_calls: str, lines: list[str]
) -> None:
    environment = {"PODIUM_LOGGING__LOG_CALLS": log_calls}
    with (
        podium_serves(tmp_path, module=REAL, environment=environment) as podium,
        podium.channel() as channel,
    ):
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/podium.v1.AdminService/GetServerInfo"
        )
        assert ask(b"")
        assert podium.stop() == 0
        events = [json.loads(line) for line in podium.log.splitlines()]
    assert [event["event"] for event in events] == [*lines, "stopping", "stopped"]
