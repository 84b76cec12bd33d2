"""The log lines of refused calls: those of one kind that follow each other are one line with a count."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

import grpc
import msgspec
import structlog

WINDOW_SECONDS = 10.0

_CODE = grpc.StatusCode
_WARNINGS = frozenset({_CODE.UNAVAILABLE, _CODE.DEADLINE_EXCEEDED, _CODE.RESOURCE_EXHAUSTED})

_log = structlog.get_logger("podium.calls")

Kind = tuple[str, grpc.StatusCode, str]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was refused.

    Attributes:
        rpc: What was called.
        peer: Who called, as gRPC names it.
        error: The type of the error.
        message: What the caller was told.
    """

    rpc: str
    request_id: str
    peer: str
    code: grpc.StatusCode
    error: str
    message: str

    @property
    def kind(self) -> Kind:
        """What it has in common with its repetitions; messages may name ids."""
        return self.rpc, self.code, self.error

    def fields(self) -> dict[str, str]:
        """The fields of its line."""
        return {
            "rpc": self.rpc,
            "request_id": self.request_id,
            "peer": unquote(self.peer),
            "code": self.code.name,
            "error": self.error,
            "message": self.message,
        }


class _Window:
    """The refusals of one kind since its last line."""

    __slots__ = ("count", "last", "timer")

    def __init__(self, timer: asyncio.TimerHandle, last: Refusal) -> None:
        self.timer = timer
        self.last = last
        self.count = 0


class Refusals:
    """Writes the first refusal of a kind at once; those of the next seconds as one line, named by the last of them."""

    def __init__(self, window_seconds: float = WINDOW_SECONDS) -> None:
        """Takes the time for which refusals of a kind are gathered."""
        self._seconds = window_seconds
        self._windows: dict[Kind, _Window] = {}

    def add(self, refusal: Refusal) -> None:
        """Log a refusal, now or with others of its kind. At level debug each has its line."""
        window = self._windows.get(refusal.kind)
        if window is None:
            self._windows[refusal.kind] = _Window(self._timer(refusal.kind), refusal)
            _write(refusal, 1)
            return
        window.last = refusal
        window.count += 1
        _log.debug("call failed, counted", **refusal.fields())

    def finish(self) -> None:
        """Write what was counted, and wait for nothing any more."""
        for window in self._windows.values():
            window.timer.cancel()
            _write(window.last, window.count)
        self._windows.clear()

    def _timer(self, kind: Kind) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._seconds, self._end, kind)

    def _end(self, kind: Kind) -> None:
        window = self._windows[kind]
        if window.count == 0:
            del self._windows[kind]
            return
        _write(window.last, window.count)
        window.count, window.timer = 0, self._timer(kind)


def _write(last: Refusal, count: int) -> None:
    write = _log.warning if last.code in _WARNINGS else _log.info
    if count == 1:
        write("call failed", **last.fields())
    elif count > 1:
        write("calls failed", count=count, **last.fields())
