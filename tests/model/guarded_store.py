"""Cassandra as ``guard_and_redo`` sees it: one workflow's guard record, rows and documents.

Documents are in Java's tables: the highest timestamp wins, a removal is a tombstone, no condition
holds. Guard record and rows are in tables of ours, and only they see a lightweight transaction.
Timestamps are in microseconds (ten make a millisecond here), stamps in milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .checker import OneOf

OK, ABORTED, NOT_FOUND, UNAVAILABLE = "OK", "ABORTED", "NOT_FOUND", "UNAVAILABLE"
DOCUMENTS = ("workflow", "task1", "task2")
MICROS = 10
INITIAL, NOBODY = "initial", "nobody"


class Cell(NamedTuple):
    """A document's row: who wrote (or removed) it, its timestamp, the stamp in the document."""

    writer: str
    exists: bool = True
    timestamp: int = MICROS
    stamp: int = 1


STORED = Cell(INITIAL)
ABSENT = Cell(NOBODY, exists=False, timestamp=0, stamp=0)


class Guard(NamedTuple):
    """The guard record (absent is the same as all zero). Every task wants the one slot."""

    seq: int = 0
    stamp: int = 0
    slot: str = ""
    row_id: str = ""
    requests: frozenset[tuple[str, str]] = frozenset()


NO_GUARD, FIRST_GUARD = Guard(), Guard(1, 1)


class Row(NamedTuple):
    """A WriteSet under way: which documents it writes or removes, as whom, with what stamp."""

    row_id: str
    writer: str
    stamp: int
    documents: tuple[str, ...]
    removes: bool


class Call(NamedTuple):
    """A guarded call: ``document`` is the task of CreateTasks, ``expected`` a stamp."""

    caller: str
    kind: Literal["create tasks", "compare and set", "create workflow", "remove"]
    document: str = "workflow"
    expected: int = 0
    request: str = ""
    text: str = ""
    skewed: bool = False


@dataclass(slots=True)
class State:
    """Guard, documents and rows; below the line, what only the model keeps."""

    guard: Guard = FIRST_GUARD
    workflow: Cell = STORED
    task1: Cell = ABSENT
    task2: Cell = ABSENT
    rows: frozenset[Row] = frozenset()
    # ---
    tick: int = 2
    acknowledged: frozenset[str] = frozenset()
    came_before: frozenset[tuple[str, str]] = frozenset()
    answers: frozenset[tuple[str, str]] = frozenset()
    took_effect: frozenset[tuple[str, str]] = frozenset()

    def cell(self, document: str) -> Cell:
        """SELECT a document with its WRITETIME."""
        cell: Cell = getattr(self, document)
        return cell

    def write(self, document: str, new: Cell) -> None:
        """INSERT or DELETE USING TIMESTAMP: the higher wins, among equals the tombstone."""
        if _rank(new) > _rank(self.cell(document)):
            setattr(self, document, new)

    def move_guard(self, seen: Guard | None, new: Guard) -> bool:
        """UPDATE the guard, if its seq is the one seen (None: whatever it is)."""
        if seen is not None and self.guard.seq != seen.seq:
            return False
        self.guard = new
        return True

    def store_row(self, row: Row) -> None:
        """INSERT a row under its id."""
        self.drop_row(row.row_id)
        self.rows |= {row}

    def drop_row(self, row_id: str) -> None:
        """DELETE a row by its id."""
        self.rows = frozenset(row for row in self.rows if row.row_id != row_id)

    def row(self, row_id: str) -> Row | None:
        """SELECT a row by its id."""
        return next((row for row in self.rows if row.row_id == row_id), None)

    def read_clock(self) -> OneOf:
        """Some server's clock: the next tick or five ahead, so clocks differ and step back."""
        self.tick += 1
        return OneOf((self.tick, self.tick + 5))

    def begin(self, caller: str) -> None:
        """A call begins: whatever was acknowledged by now came before it."""
        self.came_before |= {(caller, earlier) for earlier in self.acknowledged}

    def read_guard(self, caller: str, *, begins: bool) -> Guard:
        """SELECT the guard; a first attempt begins with that."""
        if begins:
            self.begin(caller)
        return self.guard

    def answer(self, caller: str, answer: str) -> None:
        """Tell the caller."""
        self.answers |= {(caller, answer)}
        if answer == OK:
            self.acknowledged |= {caller}


def _rank(cell: Cell) -> tuple[int, bool, str]:
    return cell.timestamp, not cell.exists, cell.writer


Invariant = Callable[[State], str | None]


class Expectations(NamedTuple):
    """What must hold: which documents each caller writes, who removes and who creates again."""

    writes: Mapping[str, tuple[str, ...]]
    removed_for_good_by: str = ""
    also_at_rest: Invariant | None = None

    def always(self, state: State) -> str | None:
        """An acknowledged write's effect goes only by a later write."""
        return self.undone(state, state.acknowledged, "was acknowledged")

    def at_rest(self, state: State) -> str | None:
        """Whatever passed its guard step is done, once; slots and removals hold."""
        passed = {caller for _, caller in state.took_effect}
        requests = [request for request, _ in state.took_effect]
        if len(set(requests)) < len(requests):
            return "a request took effect twice"
        if state.guard.slot and not state.cell(state.guard.slot).exists:
            return "a slot is taken by a task that has no document"
        if self.removed_for_good_by in state.acknowledged:
            left = [document for document in DOCUMENTS if state.cell(document).exists]
            if left:
                return f"{left[0]} is there after the removal was acknowledged"
        if undone := self.undone(state, passed, "passed its guard step"):
            return undone
        return self.also_at_rest(state) if self.also_at_rest else None

    def undone(self, state: State, callers: Iterable[str], what: str) -> str | None:
        """Whether a document shows a write older than that of one of these callers."""
        for caller in sorted(callers):
            for document in self.writes.get(caller, ()):
                shown = state.cell(document).writer
                if shown in (INITIAL, NOBODY) or (caller, shown) in state.came_before:
                    return f"{document} shows '{shown}' although {caller} {what}"
        return None


def one_success(state: State) -> str | None:
    """Of two callers with the same expectation one succeeds at most."""
    answers = dict(state.answers)
    if answers.get("A") == answers.get("B") == OK:
        return "two callers with the same expectation were both told OK"
    return None


def first_answer_again(state: State) -> str | None:
    """A repeat of a request that took effect is told what the first call was told."""
    if state.took_effect and ABORTED in dict(state.answers).values():
        return "the repeat of a request was refused although the request took effect"
    return None


def never_refused(state: State) -> str | None:
    """A client alone passes its own compare-and-set."""
    return None if ("A", OK) in state.answers else "a client alone was refused"


def one_creation(state: State) -> str | None:
    """Of two creations of one workflow one succeeds at most."""
    both = {("A", OK), ("B", OK)} <= state.answers
    return "two callers were both told that they created the workflow" if both else None
