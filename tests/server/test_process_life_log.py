"""The log: structured lines, whoever writes them, with what the call has bound."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import structlog

from podium_server.config.settings import LoggingSettings
from podium_server.log_setup import set_up_logging
from tests.server.podium_process import REAL, podium_serves


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield io.StringIO()
    root.handlers, root.level = before[0], before[1]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
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
        assert stream.getvalue() == ""


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
