"""How far a long command has come: one line that is redrawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from podium_server.cli.lines import note_line, print_line

_REDRAW_SECONDS = 0.1
_LINE_SECONDS = 10.0
_CLEAR = "\r\x1b[2K"


class Progress:
    """Says on stderr how much was done, and at which rate; how much there is, nobody knows. Results go to stdout."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._drawn = self._stream.isatty()
        self._pause = _REDRAW_SECONDS if self._drawn else _LINE_SECONDS
        self._started = self._shown = time.monotonic()
        self._done_before: int | None = None
        self._visible = False

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._started

    def show(self, checked: int, found: str) -> None:
        """So much was checked, and this was found."""
        if self._done_before is None:
            # What a run before this one has counted doesn't make this one faster.
            self._done_before = checked
        now = time.monotonic()
        if now - self._shown < self._pause:
            return
        self._shown = now
        rate = (checked - self._done_before) / max(now - self._started, 0.001)
        line = f"{checked:,} checked · {found} · {rate:,.0f}/s"
        self._stream.write(f"{_CLEAR}{line}" if self._drawn else f"{line}\n")
        self._stream.flush()
        self._visible = self._drawn

    def say(self, line: str) -> None:
        """A line of the result."""
        self.clear()
        print_line(line)

    def note(self, line: str) -> None:
        """A line about how it goes."""
        self.clear()
        note_line(line)

    def clear(self) -> None:
        """Take the line away."""
        if self._visible:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._visible = False
