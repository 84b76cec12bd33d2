"""What ``one_partition`` goes by: a workflow's partition on Cassandra, a set of candidates, logs of hints, and an index.

A conditional batch changes all rows of the partition at once, or none. It may be under way for as long as it likes, also
when the process that sent it is dead. Writes of candidates have timestamps: the higher one wins, among equals the deletion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

GONE = "gone"


class Token(NamedTuple):
    """A version: its number is never below that of the clock, and never that of a version before it."""

    number: int = 0
    writer: str = ""

    def __bool__(self) -> bool:
        """Whether it is one."""
        return self.number > 0


NO_TOKEN = Token()


class Rows(NamedTuple):
    """The workflow as a batch leaves it; ``removal`` is the stage of its removal record, ``step`` the token of that."""

    doc: str = "first"
    pending: bool = False
    removal: str = ""
    step: Token = NO_TOKEN


NOTHING = Rows(GONE)


class Batch(NamedTuple):
    """A conditional batch; ``marks`` says whether it writes the mark. ``writer`` is empty in a step of a removal."""

    writer: str
    expects: Token
    token: Token
    rows: Rows
    marks: bool


class Cell(NamedTuple):
    """A row with a timestamp: there, or deleted."""

    there: bool
    at: Token

    def merged(self, new: Cell) -> Cell:
        """The later write; among equals the deletion."""
        return max(self, new, key=lambda cell: (cell.at, not cell.there))


class Entry(NamedTuple):
    """The entry of the index."""

    doc: str = "first"
    version: Token = NO_TOKEN


FIRST_TOKEN, FIRST, NO_CANDIDATE, INDEXED = Token(1), Rows(), Cell(False, NO_TOKEN), Entry()


def archived(doc: str) -> str:
    """The content of an entry that holds an execution which is to be removed."""
    return f"archive of {doc}"


@dataclass(slots=True)
class State:
    """The stores; below the line, what only the model keeps. ``mark`` is also the time at which the mark was written."""

    version: Token = FIRST_TOKEN
    rows: Rows = FIRST
    mark: Token = NO_TOKEN
    candidate: Cell = NO_CANDIDATE
    entry: Entry = INDEXED
    hints: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    under_way: frozenset[Batch] = frozenset()
    answers: frozenset[tuple[Batch, bool]] = frozenset()
    # ---
    written: frozenset[str] = frozenset()
    lost: str = ""

    def answer(self, batch: Batch) -> bool | None:
        """Whether a batch was written, told once; None: it is under way. What was written is acknowledged."""
        found = dict(self.answers).get(batch)
        self.answers -= {(batch, True), (batch, False)}
        if found:
            self.acknowledge(batch)
        return found

    def acknowledge(self, batch: Batch) -> None:
        """A writer answers that its batch was written."""
        if batch.writer and batch.writer not in self.written:
            self.lost = "a write is acknowledged that never was"

    def apply(self, batch: Batch, *, if_version: bool, keep_version: bool) -> None:
        """A batch arrives."""
        self.under_way -= {batch}
        holds = self.version == batch.expects or not if_version
        self.answers |= {(batch, holds)}
        if not holds:
            return
        if batch.rows.doc == GONE and batch.rows.removal != self.rows.removal:
            self._check_archive()
        self.rows, self.version = batch.rows, batch.token
        if batch.writer in self.written:
            self.lost = "a write was made twice"
        self.written |= {batch.writer} - {""}
        if batch.marks:
            self.mark = batch.token
        if batch.rows.doc == GONE and not keep_version:
            self.version = NO_TOKEN

    def _check_archive(self) -> None:
        if self.entry.doc != archived(self.rows.doc):
            self.lost = "a document was removed that isn't archived"

    def raise_version(self, found: Token, raised: Token) -> bool:
        """Make the version another one, if it is the one that was found."""
        if self.version != found:
            return False
        self.version = raised
        return True

    def put_candidate(self, cell: Cell) -> None:
        """Write or delete the candidate."""
        self.candidate = self.candidate.merged(cell)

    def send(self, entry: Entry, *, versioned: bool) -> None:
        """Send an entry to the index."""
        if not versioned or entry.version >= self.entry.version:
            self.entry = entry

    def delete_mark(self, *, as_of: Token | None) -> None:
        """Delete the mark as it was at a time; None: whatever it is."""
        if as_of is None or self.mark <= as_of:
            self.mark = NO_TOKEN


def always_right(state: State) -> str | None:
    """What holds at every moment."""
    if state.lost:
        return state.lost
    if state.rows.pending and not state.candidate.there:
        return "a pending document is in no set"
    return None


def right_at_rest(state: State) -> str | None:
    """What holds once nothing is left to do."""
    if state.mark:
        return "a mark is left that nobody knows of"
    if state.rows.removal:
        return "a removal never ends"
    if state.rows.doc != GONE and state.entry.doc != state.rows.doc:
        return "the index differs from the document"
    if state.hints:
        return "a hint is left"
    return None
