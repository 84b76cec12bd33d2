"""The journal of engine and workers, a line for each event, for the demo to count and check; not part of the engine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened.

    Attributes:
        at: When, in seconds of the clock that all processes of this machine share.
        what: A word, as ``started`` or ``completed``.
        who: The process.
        subject: Id of the task or workflow.
        task_type: Of a task.
        kind: The workflow's name.
        delivery: The how-manieth delivery of its message it was.
        detail: More, for people.
    """

    at: float
    what: str
    who: str
    subject: str
    task_type: str = ""
    kind: str = ""
    delivery: int = 1
    detail: str = ""


class Journal:
    """The journal of one process: a line is written in one piece, so that kill -9 never leaves half of one."""

    def __init__(self, path: Path, who: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._who = who

    def note(
        self,
        what: str,
        subject: object,
        *,
        task_type: object = "",
        kind: object = "",
        delivery: int = 1,
        detail: str = "",
    ) -> None:
        """Write a line."""
        entry = Entry(
            at=time.monotonic(),
            what=what,
            who=self._who,
            subject=str(subject),
            task_type=str(task_type),
            kind=str(kind),
            delivery=delivery,
            detail=detail,
        )
        os.write(self._file, msgspec.json.encode(entry) + b"\n")

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class JournalReader:
    """Reads the journals of a folder as they grow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_to: dict[Path, int] = {}

    def new_entries(self) -> Iterator[Entry]:
        """The lines since the last call; in order within each journal."""
        for path in sorted(self._folder.glob("*.jsonl")):
            yield from self._new_entries_of(path)

    def _new_entries_of(self, path: Path) -> Iterator[Entry]:
        with path.open("rb") as file:
            file.seek(self._read_to.get(path, 0))
            whole_lines, newline, _ = file.read().rpartition(b"\n")
        self._read_to[path] = self._read_to.get(path, 0) + len(whole_lines) + len(newline)
        for line in whole_lines.splitlines():
            yield msgspec.json.decode(line, type=Entry)
