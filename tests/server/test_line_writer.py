"""Lines reach a reader, or are counted; nobody waits for him."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest

from podium_server.line_writer import LineWriter
from tests.patience import PATIENCE_SECONDS

# More than a pipe holds.
MANY = 5_000
LINE = "x" * 99


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as writer:
        yield reader, writer


def _lost(count: int) -> str:
    return f"lost {count}"


class TestAReaderWhoStops:
    def test_holds_up_nobody_and_is_told_what_he_missed(self, pipe: tuple[TextIO, TextIO]) -> None:
        reader, writer = pipe
        lines = LineWriter(writer, _lost, most_bytes=100_000)
        for _ in range(MANY):
            lines.put(LINE)
        assert not lines.flush(0)
        written = 0
        for line in reader:
            if line.startswith("lost "):
                break
            assert line == f"{LINE}\n"
            written += 1
        assert int(line.removeprefix("lost ")) == MANY - written > 0
        lines.put("later")
        assert reader.readline() == "later\n"
        assert lines.close(PATIENCE_SECONDS)

    def test_holds_up_no_exit(self, pipe: tuple[TextIO, TextIO]) -> None:
        reader, writer = pipe
        lines = LineWriter(writer)
        for _ in range(MANY):
            lines.put(LINE)
        assert not lines.close(0.01)
        reader.close()
        lines._thread.join(PATIENCE_SECONDS)
        assert not lines._thread.is_alive()

    def test_of_a_pipe_that_another_process_made_non_blocking(
        self, pipe: tuple[TextIO, TextIO]
    ) -> None:
        reader, writer = pipe
        os.set_blocking(writer.fileno(), False)
        lines = LineWriter(writer)
        for _ in range(MANY):
            lines.put(LINE)
        assert [reader.readline() for _ in range(MANY)] == [f"{LINE}\n"] * MANY
        assert lines.close(PATIENCE_SECONDS)


class _Stream(io.StringIO):
    """Takes lines again when it is well."""

    well = False

    def write(self, text: str) -> int:
        if not self.well:
            raise OSError("no space left on device")
        return super().write(text)


def test_lines_that_cant_be_written_are_counted() -> None:
    stream = _Stream()
    lines = LineWriter(stream, _lost)
    for number in range(3):
        lines.put(f"{number}")
        assert lines.flush(PATIENCE_SECONDS)
    stream.well = True
    lines.put("3")
    assert lines.close(PATIENCE_SECONDS)
    assert stream.getvalue() == "3\nlost 3\n"


def test_a_text_may_be_made_by_the_thread() -> None:
    def broken() -> str:
        raise ValueError("odd")

    stream = io.StringIO()
    lines = LineWriter(stream)
    lines.put(lambda: "made")
    lines.put(broken)
    lines.put("next")
    assert lines.close(PATIENCE_SECONDS)
    assert stream.getvalue() == "made\na line could not be made: ValueError: odd\nnext\n"
