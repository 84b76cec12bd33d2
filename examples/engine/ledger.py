"""What the demo knows while it runs, from the journals: how far each kind is, and who has what in hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from examples.engine.journal import Entry, JournalReader
from examples.engine.load import CHILD_KIND, KINDS
from examples.engine.screen import Row


class Ledger:
    """Keeps count.

    Attributes:
        entries: Everything that was noted down.
        rows: How far each kind of workflow is.
        reports: How many tasks were done.
    """

    def __init__(self, journals: Path, say: Callable[[str], None]) -> None:
        """Args: where the journals are, and whom to tell what is worth telling."""
        self.entries: list[Entry] = []
        self.rows = {kind: Row(kind) for kind in (*KINDS, CHILD_KIND)}
        self.reports = 0
        self._reader = JournalReader(journals)
        self._say = say
        self._in_hand: dict[str, set[str]] = {}
        # Of killed workers: the tasks still to be done by others, and since when.
        self._cut_off: dict[str, tuple[set[str], float]] = {}

    def in_hand(self, worker: str) -> set[str]:
        """The tasks that a worker is at."""
        return self._in_hand.setdefault(worker, set())

    def cut_off(self, worker: str) -> int:
        """A worker was killed: with how many tasks in its hands."""
        # What it noted down until its last moment is complete only now.
        self.take_in()
        tasks = self._in_hand.pop(worker, set())
        if tasks:
            self._cut_off[worker] = (set(tasks), time.monotonic())
        return len(tasks)

    def take_in(self) -> None:
        """Read what is new."""
        for entry in self._reader.new_entries():
            self.entries.append(entry)
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        match entry.what:
            case "started":
                self.in_hand(entry.who).add(entry.subject)
            case "discarded" | "abandoned":
                self.in_hand(entry.who).discard(entry.subject)
            case "reported":
                self.in_hand(entry.who).discard(entry.subject)
                self.reports += 1
                self.rows[entry.kind].count_task(entry.at)
                self._done_by_others(entry.subject)
            case "child started":
                self.rows[entry.kind].started += 1
            case "ended" if entry.detail != "COMPLETED":
                self.rows[entry.kind].failed += 1

    def _done_by_others(self, task_id: str) -> None:
        for worker, (tasks, since) in list(self._cut_off.items()):
            tasks.discard(task_id)
            if not tasks:
                del self._cut_off[worker]
                seconds = time.monotonic() - since
                self._say(f"others have done what {worker} was at, {seconds:.1f} s after its end")
