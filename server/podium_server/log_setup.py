"""Logging: one structured line on stderr for each thing that went wrong, JSON or for a terminal.

A caller doesn't wait until its line is written: ``LineWriter`` does.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, MutableMapping
from functools import partial
from traceback import TracebackException
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from podium_server.config.settings import LoggingSettings
from podium_server.interceptors.call import add_call_fields
from podium_server.line_writer import FLUSH_SECONDS, LineWriter
from podium_server.printable import printable_fields

Event = MutableMapping[str, Any]
Renderer = Callable[[Event], str]

_TIME = structlog.processors.TimeStamper(fmt="iso", utc=True)

_log = logging.getLogger("podium.process")


def set_up_logging(settings: LoggingSettings, stream: TextIO | None = None) -> None:
    """Send structlog's and the standard library's records through one handler, which never waits for its reader.

    Every line that a call writes, wherever it comes from, names the call's RPC and request id.
    """
    stream = stream or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and stream.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[*_shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [LineHandler(stream, _renderer(console=console, colors=stream.isatty()))]
    root.setLevel(level)


def log_stray_output() -> None:
    """Send to the log what Python writes to stderr itself: warnings, and what is raised in threads and finalizers."""
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread_failure
    sys.unraisablehook = _log_unraisable


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    name = "a thread" if failure.thread is None else f"thread {failure.thread.name}"
    _log.error("%s failed", name, exc_info=failure.exc_value)


def _log_unraisable(failure: sys.UnraisableHookArgs) -> None:
    message = failure.err_msg or "exception ignored in"
    _log.error("%s %r", message, failure.object, exc_info=failure.exc_value)


class LineHandler(logging.Handler):
    """Makes a line of each record where it is written, and leaves the writing to a thread.

    A traceback is only noted then; its text, for which source files are read, is made in the thread.
    """

    def __init__(self, stream: TextIO, render: Renderer) -> None:
        super().__init__()
        self._render = render
        self._shared_processors = _shared_processors()
        self._writer = LineWriter(stream, self._lost_line)
        self._reader_hangs = False

    def emit(self, record: logging.LogRecord) -> None:
        """Put the line of a record into the queue."""
        try:
            event = self._event_of(record)
            if isinstance(event.get("exception"), TracebackException):
                self._writer.put(partial(self._line, event))
            else:
                self._writer.put(self._line(event))
        except Exception:  # a defect in logging fails no call
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the standard library's name)
        """Write a line that says which record can't be one, and why."""
        text = f"a record can't be logged: {record.pathname}:{record.lineno}"
        self._writer.put(partial(self._line, _own_event(text, exc_info=True)))

    def flush(self) -> None:
        """Wait until the lines that were put before are written, for a bounded time."""
        self._reader_hangs = not self._writer.flush()

    def close(self) -> None:
        """Flush, and end the thread."""
        # logging.shutdown() has flushed just now: a reader that hangs costs its time once.
        self._writer.close(0 if self._reader_hangs else FLUSH_SECONDS)
        super().close()

    def _event_of(self, record: logging.LogRecord) -> Event:
        if isinstance(record.msg, dict) and hasattr(record, "_logger"):
            return dict(record.msg)  # structlog's, processed already
        event: Event = {"event": record.getMessage(), "_record": record}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        if record.stack_info:
            event["stack"] = record.stack_info
        for processor in self._shared_processors:
            event = processor(None, record.levelname.lower(), event)  # type: ignore[assignment]
        del event["_record"]
        return event

    def _line(self, event: Event) -> str:
        trace = event.get("exception")
        if isinstance(trace, TracebackException):
            event["exception"] = "".join(trace.format()).rstrip("\n")
        return self._render(event)

    def _lost_line(self, count: int) -> str:
        return self._line(_own_event("log lines were lost: nobody read them", lines=count))


def _own_event(text: str, **fields: object) -> Event:
    """An event of the log's own, which no call is named in."""
    event = {"event": text, **fields, "logger": "podium.log", "level": "warning"}
    return _note_exception(None, "", dict(_TIME(None, "", event)))


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_call_fields,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        _TIME,
        structlog.processors.StackInfoRenderer(),
        _note_exception,
    ]


def _note_exception(logger: object, method: str, event: Event) -> Event:
    """A structlog processor: the exception as it is now, without the frames that it keeps alive."""
    del logger, method
    found = event.pop("exc_info", None)
    error = (
        found if isinstance(found, BaseException) else sys.exception() if found is True else None
    )
    if isinstance(found, tuple):
        error = found[1]
    if error is not None:
        event["exception"] = TracebackException.from_exception(error, lookup_lines=False)
    return event


def _renderer(*, console: bool, colors: bool) -> Renderer:
    if not console:
        json = structlog.processors.JSONRenderer()
        return lambda event: str(json(None, "", event))
    people = structlog.dev.ConsoleRenderer(colors=colors)
    return lambda event: str(people(None, "", printable_fields(event)))
