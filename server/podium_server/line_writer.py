"""Writes lines to a stream in a thread of its own, so that a reader who stops reading holds up nobody."""

from __future__ import annotations

import io
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple, TextIO

MOST_BYTES = 1024 * 1024
# One wake-up of the thread writes all lines that came within this time.
GATHER_SECONDS = 0.02
FLUSH_SECONDS = 2.0
# A text that the thread makes is counted before it is there: that of a traceback is about this long.
DEFERRED_BYTES = 16 * 1024

Text = str | Callable[[], str]
"""A line without its end, or the function that makes it."""


class _Line(NamedTuple):
    text: Text
    counted_bytes: int


class _Mark(NamedTuple):
    """Stands in the queue where a flush was asked for.

    Attributes:
        reached: Set once all lines before it are written.
        last: The thread ends here.
    """

    reached: threading.Event
    last: bool


class LineWriter:
    """A bounded queue of lines and the thread that writes them.

    ``put`` may be called from one thread at a time, and again from within itself (by a finalizer).
    """

    def __init__(
        self,
        stream: TextIO,
        lost_line: Callable[[int], str] | None = None,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Starts the thread.

        Args:
            stream: Where the lines go. One with a file descriptor is written without its buffer.
            lost_line: The line that says how many lines were lost; None: nobody is told.
            most_bytes: As much may wait to be written; lines above that are lost.
        """
        self._write = _writer_to(stream)
        self._lost_line = lost_line
        self._most_bytes = most_bytes
        self._queue: SimpleQueue[_Line | _Mark] = SimpleQueue()
        # Each has one writing thread: no lock.
        self._put_bytes = self._refused = 0
        self._taken_bytes = self._unwritten = self._reported = 0
        # A daemon: one that hangs in a write doesn't keep the process.
        self._thread = threading.Thread(target=self._run, name="line-writer", daemon=True)
        self._thread.start()

    def put(self, text: Text) -> None:
        """Have a line written soon. Never waits: where too much waits already, the line is counted as lost."""
        size = len(text) if isinstance(text, str) else DEFERRED_BYTES
        if self._put_bytes - self._taken_bytes + size > self._most_bytes:
            self._refused += 1
            return
        self._put_bytes += size
        self._queue.put(_Line(text, size))

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Wait until what was put before is written, no longer than so many seconds; whether it is."""
        return self._mark(last=False, seconds=seconds)

    def close(self, seconds: float = FLUSH_SECONDS) -> bool:
        """``flush``, and end the thread. Lines that are put later are never written."""
        return self._mark(last=True, seconds=seconds)

    def _mark(self, *, last: bool, seconds: float) -> bool:
        if not self._thread.is_alive():
            return True
        mark = _Mark(threading.Event(), last)
        self._queue.put(mark)
        return mark.reached.wait(seconds)

    def _run(self) -> None:
        last = False
        while not last:
            lines, marks = self._batch()
            refused = self._refused
            if self._written("".join(f"{_made(line.text)}\n" for line in lines)):
                # Lines lost since the batch was taken came after those that wait now.
                self._report(self._refused if self._queue.empty() else refused)
            else:
                self._unwritten += len(lines)
            self._taken_bytes += sum(line.counted_bytes for line in lines)
            for mark in marks:
                mark.reached.set()
            last = any(mark.last for mark in marks)
            if not marks:
                time.sleep(GATHER_SECONDS)

    def _batch(self) -> tuple[list[_Line], list[_Mark]]:
        """All that waits, at least one."""
        found = [self._queue.get()]
        with suppress(Empty):
            while True:
                found.append(self._queue.get_nowait())
        lines = [entry for entry in found if isinstance(entry, _Line)]
        return lines, [entry for entry in found if isinstance(entry, _Mark)]

    def _report(self, refused: int) -> None:
        lost = refused + self._unwritten
        if (
            self._lost_line is not None
            and lost > self._reported
            and self._written(f"{self._lost_line(lost - self._reported)}\n")
        ):
            self._reported = lost

    def _written(self, text: str) -> bool:
        try:
            self._write(text)
        except OSError:  # its lines are counted, and the next ones tried
            return False
        return True


def _made(text: Text) -> str:
    if isinstance(text, str):
        return text
    try:
        return text()
    except Exception as error:  # no line may end the thread
        return f"a line could not be made: {type(error).__name__}: {error}"


def _writer_to(stream: TextIO) -> Callable[[str], object]:
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        return stream.write

    def write(text: str) -> None:
        # Not through the stream: the interpreter would wait at exit for a thread that hangs in its buffer.
        rest = memoryview(text.encode("utf-8", "backslashreplace"))
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:  # another process has made the pipe or terminal non-blocking
                select.select([], [descriptor], [])

    return write
