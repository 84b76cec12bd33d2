"""What the demo shows: a table redrawn in place on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from examples.engine.checks import Check
from examples.engine.searches import Answer

PLAIN_LINE_SECONDS = 2.0
RATE_SECONDS = 2.0


@dataclass
class Row:
    """How one kind of workflow is getting on."""

    kind: str
    started: int = 0
    running: int = 0
    failed: int = 0
    tasks: int = 0
    recent: deque[float] = field(default_factory=deque)

    @property
    def completed(self) -> int:
        """How many are through."""
        return max(0, self.started - self.running - self.failed)

    def count_task(self, at: float) -> None:
        """A task of this kind was done."""
        self.tasks += 1
        self.recent.append(at)

    def tasks_per_second(self, now: float) -> float:
        """Tasks done a second, of late."""
        while self.recent and self.recent[0] < now - RATE_SECONDS:
            self.recent.popleft()
        return len(self.recent) / RATE_SECONDS


class Screen:
    """The one place that prints."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live = (
            Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        )
        self._begun = time.monotonic()
        self._next_line = 0.0

    def __enter__(self) -> Screen:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line, above the table."""
        elapsed = time.monotonic() - self._begun
        # A style of `print` would colour the table below, too.
        self._console.print(Text(f"{elapsed:5.1f} s  {text}", style=style), soft_wrap=True)

    def show(self, rows: Sequence[Row]) -> None:
        """Show how far everything is."""
        now = time.monotonic()
        if self._live:
            self._live.update(_table(rows, now), refresh=True)
        elif now >= self._next_line:
            self._next_line = now + PLAIN_LINE_SECONDS
            self.say(_line(rows, now))

    def show_answers(self, answers: Sequence[Answer]) -> None:
        """Print what was searched for, and found."""
        self._end_table()
        self._console.print("\nsearched:")
        width = max(len(answer.search.typed) for answer in answers)
        for answer in answers:
            line = Text(f"  {answer.search.typed:<{width}}  ", style="cyan")
            line.append(f"{_hits(answer)}", style="default")
            self._console.print(line, soft_wrap=True)

    def sum_up(self, checks: Sequence[Check]) -> None:
        """Print what was checked; the table stays as it is."""
        self._end_table()
        self._console.print("\nchecked:")
        for check in checks:
            mark, style = ("ok  ", "green") if check.passed else ("FAIL", "bold red")
            self._console.print(Text(f"  {mark}  {check.finding}", style=style), soft_wrap=True)

    def _end_table(self) -> None:
        if self._live:
            self._live.stop()


def _hits(answer: Answer) -> str:
    count, what = len(answer.found), "task" if answer.search.of_tasks else "workflow"
    text = f"{count:4} {what}{'' if count == 1 else 's'}"
    return f"{text}{': ' if count == 1 else ', the newest: '}{answer.first}" if count else text


def _line(rows: Sequence[Row], now: float) -> str:
    running = sum(row.running for row in rows)
    completed = sum(row.completed for row in rows)
    failed = sum(row.failed for row in rows)
    rate = sum(row.tasks_per_second(now) for row in rows)
    return f"{running:4} running  {completed:4} completed  {failed:4} failed  {rate:5.0f} tasks/s"


def _table(rows: Sequence[Row], now: float) -> Table:
    table = Table(show_footer=True)
    columns = {
        "running": [row.running for row in rows],
        "completed": [row.completed for row in rows],
        "failed": [row.failed for row in rows],
        "tasks": [row.tasks for row in rows],
        "tasks/s": [round(row.tasks_per_second(now)) for row in rows],
    }
    table.add_column("workflow", footer="all")
    for name, numbers in columns.items():
        table.add_column(name, footer=str(sum(numbers)), justify="right", min_width=9)
    for at, row in enumerate(rows):
        table.add_row(row.kind, *(str(numbers[at]) for numbers in columns.values()))
    return table
