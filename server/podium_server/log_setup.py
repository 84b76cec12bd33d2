"""Logging: one structured line on stderr for each thing that went wrong, JSON or for a terminal."""

from __future__ import annotations

import io
import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import ExcInfo, Processor

from podium_server.config.settings import LoggingSettings
from podium_server.interceptors.call import add_call_fields
from podium_server.printable import printable_fields, printable_lines


def set_up_logging(settings: LoggingSettings, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through one formatter.

    Every line that a call writes, wherever it comes from, names the call's RPC and request id.
    """
    stream = stream or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and stream.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(console=console, colors=stream.isatty()))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_call_fields,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _printable_traceback(stream: TextIO, exc_info: ExcInfo) -> None:
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    stream.write("\n" + printable_lines(written.getvalue()))


def _formatter(*, console: bool, colors: bool) -> structlog.stdlib.ProcessorFormatter:
    last: list[Processor] = (
        [
            printable_fields,
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=_printable_traceback),
        ]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
