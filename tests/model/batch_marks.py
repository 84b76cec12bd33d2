"""A document and its outbox mark in one Cassandra batch, which is atomic but not isolated.

Contract, "The facade's side effects"; design, "An update without guards is one logged batch". The
halves of a logged batch become visible one after the other, in either order, and a replay of the
batch log writes both again later, with their old timestamps. A mark is one row for (kind, id,
upsert), so two writes share it. Any number of drainers may be at work: no lease keeps them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .checker import BLOCKED, OneOf, Run, Step, continue_as


class Rule(Enum):
    """What writers and drainers keep to."""

    MARK_HAS_ITS_WRITES_TIME = (
        "a mark is written and deleted with the timestamp of its write, never the drainer's clock"
    )
    MARK_WAITS_FOR_DOCUMENT = (
        "a mark stays until the document read is as new (or the batch is surely over)"
    )
    VERSION_IS_WRITETIME = "the entry's version is the WRITETIME of the document that was read"
    TIMESTAMPS_DIFFER = "no two writes of a document have the same timestamp"


ALL_RULES = frozenset(Rule)
GONE = "-"


class Cell(NamedTuple):
    """A value and its timestamp; ``GONE`` is a tombstone."""

    value: str
    timestamp: int

    def merged(self, new: Cell) -> Cell:
        """The higher timestamp wins; among equals the tombstone, then the larger value."""
        return max(self, new, key=lambda cell: (cell.timestamp, cell.value == GONE, cell.value))


NO_MARK = Cell(GONE, 0)


class Half(NamedTuple):
    """One half of a batch on its way to the replicas, or its replay."""

    half: str
    replay: int
    writer: str
    cell: Cell


@dataclass(slots=True)
class State:
    """Document, mark and index entry; and the halves that are not visible yet."""

    document: Cell
    entry: Cell
    mark: Cell = NO_MARK
    on_their_way: frozenset[Half] = frozenset()

    def batch(self, writer: str, document: Cell, replays: int) -> None:
        """The coordinator has taken a logged batch: all of it happens, sometime."""
        mark = Cell("upsert", document.timestamp)
        self.on_their_way |= {
            Half(half, replay, writer, cell)
            for half, cell in (("document", document), ("mark", mark))
            for replay in range(1 + replays)
        }

    def next_halves(self) -> list[Half]:
        """What may become visible next: a replayed half comes after its first time."""
        earlier = {(one.half, one.writer, one.replay + 1) for one in self.on_their_way}
        return sorted(
            one for one in self.on_their_way if (one.half, one.writer, one.replay) not in earlier
        )

    def show(self, half: Half) -> None:
        """One half becomes visible."""
        self.on_their_way -= {half}
        if half.half == "document":
            self.document = self.document.merged(half.cell)
        else:
            self.mark = self.mark.merged(half.cell)

    def send(self, value: str, version: int | None) -> bool:
        """Index the document, if no newer version is there (None: blindly)."""
        if version is not None and version < self.entry.timestamp:
            return False
        self.entry = Cell(value, version or 0)
        return True


class BatchMarks:
    """Writers, replicas and drainers under a set of rules."""

    def __init__(self, rules: frozenset[Rule], drainers_clock: int = 0, replays: int = 0) -> None:
        """Keep to these rules; a drainer's clock is this far from the mark's timestamp."""
        self.rules = rules
        self.drainers_clock = drainers_clock
        self.replays = replays

    def write(self, number: int, kind: str = "update") -> Run[State]:
        """Create, update or remove: read for existence, then the batch."""
        writer = f"W{number}"
        read: Cell = yield Step("reads document", lambda s: s.document)
        if read.value == GONE and kind != "create":
            return None
        timestamp = read.timestamp + (30 if kind == "remove" else 10)
        if Rule.TIMESTAMPS_DIFFER in self.rules:
            timestamp += number - timestamp % 10  # its last digit is the writer's own
        document = Cell(GONE if kind == "remove" else writer, timestamp)
        yield Step(
            f"batch: document '{document.value}' and mark at {timestamp}",
            lambda s: s.batch(writer, document, self.replays),
        )
        return None

    def replicas(self) -> Run[State]:
        """The halves become visible in whatever order."""
        half: Half = yield Step("choose a half", lambda s: OneOf(s.next_halves()) or BLOCKED)
        yield Step(f"show the {half.half} of {half.writer}", lambda s: s.show(half))
        return continue_as(self.replicas)

    def drainer(self) -> Run[State]:
        """Takes the mark, reads the document, sends it, deletes the mark."""
        again = continue_as(self.drainer)
        mark: Cell = yield Step(
            "takes the mark", lambda s: s.mark if s.mark.value != GONE else BLOCKED
        )
        over = yield Step("is every batch over?", lambda s: not s.on_their_way)
        read: Cell = yield Step("reads document", lambda s: s.document)
        waits = Rule.MARK_WAITS_FOR_DOCUMENT in self.rules
        if waits and read.timestamp < mark.timestamp and not over:
            yield Step("leaves the mark for the next round", lambda s: None)
            return again
        version = read.timestamp if read.value != GONE else mark.timestamp
        sent_version = version if Rule.VERSION_IS_WRITETIME in self.rules else None
        yield Step(f"sends '{read.value}'", lambda s: s.send(read.value, sent_version))
        own_time = Rule.MARK_HAS_ITS_WRITES_TIME in self.rules
        tombstone = Cell(GONE, mark.timestamp + (0 if own_time else self.drainers_clock))
        yield Step("deletes the mark", lambda s: setattr(s, "mark", s.mark.merged(tombstone)))
        return again


def index_is_right(state: State) -> str | None:
    """At rest the index shows the document."""
    if state.entry.value != state.document.value:
        return "the index differs from the document and no mark is left"
    return None
